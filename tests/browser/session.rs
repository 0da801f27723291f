//! The main job, by keyboard only: type commands, read what tools say, walk back and forward, export.

use std::fs;

use extentscope_core::session::Session;
use extentscope_tests::page::Page;
use extentscope_tests::webdriver::{Key, Size};
use serde_json::json;

use crate::steps::{COUNTER, OUTPUT, counter, map_of, ready, tab_to, type_line};

/// More than the right column has: `V` comes round again.
const PANELS: usize = 6;

const LINES: [&str; 7] =
    ["open -f a", "pwrite 0 64k", "falloc 128k 64k", "pwrite 256k 16k", "fiemap -N", "fiemap", "filefrag"];

#[test]
fn a_file_is_written_looked_at_walked_through_and_exported_by_keyboard() {
    let page = Page::open(Size::LAPTOP);
    ready(&page);
    page.press(&[Key::Escape]);
    tab_to(&page, "reset");
    page.press(&[Key::Enter]);
    page.wait_for_text(COUNTER, "step 0/0");
    page.press(&[Key::Char('/')]);
    for line in LINES {
        type_line(&page, line);
    }

    let script = LINES.join("\n") + "\n";
    let session = Session::load(&script, Some("ext4")).expect("the script can be played");
    let shown = page.wait_for_text(OUTPUT, "> filefrag");
    for entry in session.commands() {
        assert!(shown.contains(&entry.output), "{} printed\n{}\nthe page shows\n{shown}", entry.text, entry.output);
    }
    assert_eq!(counter(&page), (session.len() as u64, session.len() as u64));

    walk_to_the_first_write_and_back(&page, &session);
    let exported = export(&page);
    assert_eq!(exported, map_of("ext4", &script), "what the page exports is what `extentscope map` prints");
    assert!(page.screenshot("session-1440x900").is_file());
}

/// Back call by call to where the first write is just over, then forward to the end again.
fn walk_to_the_first_write_and_back(page: &Page, session: &Session) {
    let end = session.commands()[1].last_step as u64;
    page.press(&[Key::Escape]);
    assert_eq!(page.focused().attribute("data-testid").as_deref(), Some("stage"));
    loop {
        let (step, last) = counter(page);
        if step <= end + 1 {
            break;
        }
        page.press(&[Key::Shift, Key::Left]);
        page.wait_for("an earlier step", || (counter(page).0 < step).then_some(()));
        assert_eq!(counter(page).1, last, "walking changes nothing");
    }
    let promised = page.execute("return document.querySelectorAll('.look-delalloc .bracket').length;", &[]);
    let device = page
        .execute("return document.querySelectorAll(\"[data-cell^='device:'][aria-label*='written']\").length;", &[]);
    assert!(promised.as_u64().is_some_and(|count| count > 0), "the write is a promise at this step");
    assert_eq!(device, 0, "and nothing of it is on the device");
    page.press(&[Key::Right]);
    page.press(&[Key::End]);
    let last = session.len();
    page.wait_for_text(COUNTER, &format!("step {last}/{last}"));
}

/// Presses the export button and reads the file that the browser stored.
fn export(page: &Page) -> String {
    let folder = std::env::temp_dir().join(format!("extentscope-export-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the download");
    page.cdp("Browser.setDownloadBehavior", &json!({ "behavior": "allow", "downloadPath": folder }));
    for _ in 0..PANELS {
        if page.find_all("[role='tab'][aria-selected='true'][data-testid='tab-export']").len() == 1 {
            break;
        }
        page.press(&[Key::Char('v')]);
    }
    tab_to(page, "export-json");
    page.press(&[Key::Enter]);
    let file = folder.join("extent-map.json");
    let text = page.wait_for("extent-map.json", || fs::read_to_string(&file).ok().filter(|text| text.ends_with("}\n")));
    fs::remove_dir_all(&folder).expect("the folder can be removed");
    text
}

#[test]
fn changing_the_past_forks_and_the_old_future_stays() {
    let page = Page::open(Size::LAPTOP);
    crate::steps::empty_run(&page);
    page.test_id("console-input").focus();
    for line in ["open -f a", "pwrite 0 16k", "fsync"] {
        type_line(&page, line);
    }
    let (_, old_length) = counter(&page);
    let after_write = page.execute_async("await extentscope.seek(4); return await extentscope.length();", &[]);
    assert_eq!(after_write, old_length);
    page.test_id("console-input").focus();
    type_line(&page, "falloc 64k 16k");
    page.wait_for_text("[data-testid='branches']", "fsync");
    page.wait_for_text(OUTPUT, "is kept");
    let map = page.execute_async("return await extentscope.state();", &[]);
    assert!(map.to_string().contains("unwritten"), "{map}");
    page.find("[data-testid='branches'] button").click();
    page.wait_for_text(COUNTER, &format!("/{old_length}"));
    page.execute_async("await extentscope.seek(arguments[0]);", &[json!(old_length)]);
    let states: Vec<String> = serde_json::from_value(page.execute_async(
        "return (await extentscope.state()).files.flatMap(file => file.extents.map(extent => extent.state));",
        &[],
    ))
    .expect("a list of words");
    assert_eq!(states, ["written"]);
}

#[test]
fn a_line_that_waits_is_stepped_by_hand() {
    let page = Page::open(Size::LAPTOP);
    crate::steps::empty_run(&page);
    page.test_id("console-input").focus();
    type_line(&page, "open -f a");
    let (_, before) = counter(&page);
    page.test_id("pause").click();
    page.test_id("console-input").focus();
    type_line(&page, "pwrite 0 8k");
    assert_eq!(counter(&page).1, before, "the line waits");
    page.wait_for_text(OUTPUT, "waits to be stepped");
    page.press(&[Key::Escape]);
    page.press(&[Key::Right]);
    page.wait_for_text(COUNTER, &format!("step {0}/{0}", before + 1));
    page.test_id("run-pending").click();
    page.wait_for_text(OUTPUT, "wrote 8192/8192");
}
