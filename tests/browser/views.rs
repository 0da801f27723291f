//! What the page shows can be reached by keyboard and is said in words.

use extentscope_tests::page::Page;
use extentscope_tests::webdriver::{Key, Size};

use crate::steps::{COUNTER, counter, empty_run, ready, tab_to};

const SCRIPT: &str = "open -f a\npwrite 0 16k\nfsync\nfalloc 32k 16k\npwrite 64k 8k\n";

fn open(size: Size) -> Page {
    let page = Page::open(size);
    ready(&page);
    page.execute_async("await extentscope.load(arguments[0]);", &[SCRIPT.into()]);
    page
}

#[test]
fn the_map_is_a_grid_with_one_stop_for_tab_and_a_name_for_every_cell() {
    let page = open(Size::LAPTOP);
    let unnamed =
        "return [...document.querySelectorAll('[role=gridcell]')].filter(c => !c.getAttribute('aria-label')).length;";
    assert_eq!(page.execute(unnamed, &[]), 0);
    assert_eq!(page.execute("return document.querySelectorAll('[role=gridcell][tabindex=\"0\"]').length;", &[]), 1);
    page.test_id("stage").focus();
    while page.focused().attribute("data-cell").is_none() {
        page.press(&[Key::Tab]);
    }
    for key in [Key::Down, Key::Down, Key::Right] {
        page.press(&[key]);
    }
    page.wait_for("the focus on block 1 of the extents", || {
        (page.focused().attribute("data-cell").as_deref() == Some("extents:1")).then_some(())
    });
    let name = page.focused().attribute("aria-label").unwrap_or_default();
    assert!(name.starts_with("block 1, extent, written, device block"), "{name}");
    page.wait_for_text("[data-testid='inspector']", "Block 1 of a");
    page.wait_for_text("[data-testid='inspector']", "step ");
    page.press(&[Key::Char('n')]);
    page.wait_for("the focus on the hole behind the extent", || {
        (page.focused().attribute("data-cell").as_deref() == Some("extents:4")).then_some(())
    });
    page.press(&[Key::Shift, Key::Char('n')]);
    page.wait_for("the focus on the start of the extent", || {
        (page.focused().attribute("data-cell").as_deref() == Some("extents:0")).then_some(())
    });
    page.press(&[Key::Right]);
    let step = counter(&page).0;
    page.press(&[Key::Char('j')]);
    page.wait_for_text(COUNTER, &format!("step {}/", step - 1));
    assert_eq!(page.focused().attribute("data-cell").as_deref(), Some("extents:1"), "stepping keeps the place");
    page.press(&[Key::Char('w')]);
    page.wait_for("the cause", || (counter(&page).0 < step - 1).then_some(()));
    page.press(&[Key::Escape]);
    assert_eq!(page.focused().attribute("data-testid").as_deref(), Some("stage"));
}

#[test]
fn the_text_view_says_every_state_of_the_picture() {
    let page = open(Size::LAPTOP);
    page.test_id("tab-text").click();
    let text = page.wait_for_text("[data-testid='text-view']", "Extents and holes");
    for word in ["clean", "dirty", "unwritten", "written", "hole", "promised", "script"] {
        assert!(text.contains(word), "the text view does not say {word}: {text}");
    }
}

#[test]
fn every_view_is_there_at_every_size() {
    let page = open(Size::LAPTOP);
    for size in Size::ALL {
        page.resize(size);
        for id in [
            "stage",
            "lane-cache",
            "lane-reservations",
            "lane-extents",
            "lane-device",
            "btree",
            "timeline",
            "inspector",
            "console-input",
            "console-output",
            "scrubber",
            "step-forward",
            "step-back",
            "step-over",
            "play",
            "reset",
            "personality",
            "device",
            "scenario",
            "fiemap-table",
            "fiemap-sync",
            "seek-table",
            "export-json",
            "share",
            "locks",
            "source",
            "text-view",
            "status",
            "step-counter",
        ] {
            let found = page.find_all(&format!("[data-testid='{id}']")).len();
            assert_eq!(found, 1, "{id} at {size:?}");
        }
        assert!(page.screenshot(&format!("views-{}x{}", size.width, size.height)).is_file());
    }
}

#[test]
fn tools_answer_at_the_cursor_and_answers_grow_old() {
    let page = open(Size::LAPTOP);
    page.test_id("tab-fiemap").click();
    page.wait_for_text("[data-testid='fiemap-table']", "delalloc");
    page.test_id("tool-seek").click();
    page.wait_for_text("[data-testid='seek-table']", "DATA");
    page.test_id("tool-fiemap").click();
    let (_, length) = counter(&page);
    page.test_id("fiemap-ask").click();
    page.wait_for_text(".banner", "Looking changed the file");
    page.wait_for_text("[data-testid='fiemap-table']", "BLOCK-RANGE");
    assert!(counter(&page).1 > length, "a sync is a line of the console, with steps");
    page.test_id("step-back").click();
    page.wait_for_text(".stamp", "the file is at step");
    assert_eq!(page.find_all("table.stale").len(), 2, "both older answers are marked");
}

#[test]
fn help_opens_over_the_page_and_gives_the_focus_back() {
    let page = open(Size::PROJECTOR);
    page.test_id("stage").focus();
    page.press(&[Key::Char('?')]);
    page.wait_for_text("[data-testid='help-table']", "Right / Left");
    page.press(&[Key::Escape]);
    page.wait_for("the help to close", || page.find_all("dialog").is_empty().then_some(()));
    assert_eq!(page.focused().attribute("data-testid").as_deref(), Some("stage"));
    page.press(&[Key::Char('g')]);
    page.wait_for("the field for a step", || {
        (page.focused().attribute("data-testid").as_deref() == Some("goto")).then_some(())
    });
    page.press(&[Key::Control, Key::Char('a')]);
    page.type_text("3\n");
    page.wait_for_text(COUNTER, "step 3/");
}

#[test]
fn presenting_is_a_layout_of_the_same_page() {
    let page = open(Size::PROJECTOR);
    page.test_id("stage").focus();
    page.press(&[Key::Char('p')]);
    page.wait_for("the projector's colours", || {
        (page.execute("return document.documentElement.dataset.theme;", &[]) == "projector").then_some(())
    });
    let small = "return [...document.querySelectorAll('.map text')].map(t => parseFloat(getComputedStyle(t).fontSize))
        .filter(size => size < 16).length;";
    assert_eq!(page.execute(small, &[]), 0, "no letter on the map is too small for the last row");
    assert!(page.screenshot("present-1280x720").is_file());
    page.press(&[Key::Left]);
    page.press(&[Key::Char('p')]);
    tab_to(&page, "console-input");
}

#[test]
fn playing_walks_to_the_end_and_stops() {
    let page = Page::open(Size::LAPTOP);
    empty_run(&page);
    page.execute_async("await extentscope.run('open -f a'); await extentscope.seek(0);", &[]);
    let last = counter(&page).1;
    page.test_id("speed").select("5");
    page.test_id("play").click();
    page.wait_for_text(COUNTER, &format!("step {last}/{last}"));
    page.wait_for("the end of playing", || {
        (page.test_id("play").attribute("aria-label").as_deref() == Some("Play")).then_some(())
    });
}
