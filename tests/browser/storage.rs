//! The device in the browser's own storage: what was fsynced stays, whatever happens to the browser.

use std::path::PathBuf;

use extentscope_core::dev::file::{FileMedium, Remember};
use extentscope_core::scenario::devices::Start;
use extentscope_core::scenario::found;
use extentscope_core::scenario::parse::parse;
use extentscope_core::scenario::script::Directives;
use extentscope_core::session::Session;
use extentscope_tests::page::Page;
use extentscope_tests::webdriver::Size;
use serde_json::{Value, json};

use crate::steps::{OUTPUT, empty_run, ready, type_line};

const STORAGE: &str = "[data-testid='storage']";
const NOTICE: &str = "[data-testid='notice']";

/// A folder for a browser's storage, empty.
fn profile(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("extentscope-{name}-{}", std::process::id()));
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}

fn choose(page: &Page, place: &str) {
    page.test_id("tab-device").click();
    page.test_id("device").select(place);
}

fn on_opfs(page: &Page) {
    choose(page, "opfs");
    page.wait_for_text(STORAGE, "private storage");
}

fn run(page: &Page, line: &str) -> String {
    page.execute_async("return await extentscope.run(arguments[0]);", &[line.into()])
        .as_str()
        .unwrap_or_default()
        .into()
}

/// How often the file was made durable, as the page says.
fn syncs(page: &Page) -> u64 {
    let text = page.wait_for_text(STORAGE, "made durable");
    let (_, rest) = text.split_once("made durable ").expect("the page counts");
    rest.split(' ').next().and_then(|count| count.parse().ok()).expect("a number")
}

fn image(page: &Page) -> Vec<u8> {
    let script = "const bytes = await extentscope.image(); let text = ''; for (const byte of bytes) text += \
                  String.fromCharCode(byte); return btoa(text);";
    let text = page.execute_async(script, &[]);
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text.as_str().expect("a text")).expect("base64")
}

fn upload(page: &Page, bytes: &[u8]) {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    let script = "const bytes = Uint8Array.from(atob(arguments[0]), c => c.charCodeAt(0)); const list = new DataTransfer(); \
                  list.items.add(new File([bytes], 'x.img')); const field = document.querySelector('[data-testid=open-image]'); \
                  field.files = list.files; field.dispatchEvent(new Event('change', { bubbles: true }));";
    page.execute(script, &[text.into()]);
}

#[test]
fn what_was_fsynced_is_there_after_the_browser_was_killed() {
    let profile = profile("kill");
    let page = Page::with_profile(Size::LAPTOP, &profile);
    empty_run(&page);
    on_opfs(&page);
    page.test_id("console-input").focus();
    type_line(&page, "open -f a");
    type_line(&page, "pwrite -S 0x41 0 16k");
    let before = syncs(&page);
    type_line(&page, "fsync");
    assert!(syncs(&page) >= before + 2, "a commit flushes its nodes, and then its superblock");
    type_line(&page, "pwrite -S 0x42 16k 8k");
    type_line(&page, "open -f b");
    assert!(page.screenshot("device-opfs-1440x900").is_file());
    let page = page.killed_and_reopened(Size::LAPTOP, &profile);
    ready(&page);
    on_opfs(&page);
    assert!(run(&page, "open b").contains("No such file"), "nobody fsynced it");
    assert_eq!(run(&page, "open a"), "");
    assert!(run(&page, "stat").contains("stat.size = 16384"));
    assert!(run(&page, "pread -v 16368 16").contains("41 41 41 41"));
    let (_, findings) = found::check(&image(&page));
    assert_eq!(findings, []);
    // A reload is a gentler end.
    page.reload();
    ready(&page);
    on_opfs(&page);
    assert_eq!(run(&page, "open a"), "");
    drop(page);
    drop(std::fs::remove_dir_all(&profile));
}

#[test]
fn a_file_that_somebody_else_holds_is_said_and_memory_goes_on() {
    let page = Page::open(Size::LAPTOP);
    empty_run(&page);
    on_opfs(&page);
    for line in ["open -f a", "pwrite -S 0x41 0 8k", "fsync"] {
        run(&page, line);
    }
    choose(&page, "memory");
    page.wait_for_text(STORAGE, "in memory");
    let hold = "const root = await navigator.storage.getDirectory(); \
                const file = await root.getFileHandle('extentscope.img', { create: true }); \
                window.held = await file.createWritable();";
    page.execute_async(hold, &[]);
    choose(&page, "opfs");
    page.wait_for_text(NOTICE, "open in another tab");
    page.wait_for_text(STORAGE, "in memory");
    run(&page, "open -f a");
    assert!(page.screenshot("device-held-1440x900").is_file());
    page.test_id("held-copy").click();
    page.wait_for_text(STORAGE, "read-only copy");
    for line in ["open a", "open -f b", "mv a b", "rm a"] {
        assert!(run(&page, line).contains("Read-only file system"), "{line}");
    }
    assert_eq!(run(&page, "open -r a"), "");
    assert!(run(&page, "pread -v 0 16").contains("41 41 41 41"), "what was fsynced is in the copy");
    for line in ["pwrite 0 4k", "fpunch 0 4k"] {
        assert!(run(&page, line).contains("Bad file descriptor"), "{line}");
    }
    assert!(page.screenshot("device-copy-1440x900").is_file());
    page.resize(Size::PHONE);
    assert!(page.screenshot("device-copy-390x844").is_file());
    page.resize(Size::LAPTOP);
    choose(&page, "opfs");
    page.wait_for_text(NOTICE, "open in another tab");
    page.test_id("held-memory").click();
    page.wait_for_text(STORAGE, "in memory");
    page.execute_async("await window.held.abort();", &[]);
    on_opfs(&page);
    assert_eq!(run(&page, "open a"), "");
    assert!(run(&page, "stat").contains("stat.size = 8192"), "the file is as it was");
}

#[test]
fn no_room_is_an_answer() {
    let page = Page::open(Size::LAPTOP);
    empty_run(&page);
    let origin = page.url();
    let origin = origin.trim_end_matches('/');
    page.cdp("Storage.overrideQuotaForOrigin", &json!({ "origin": origin, "quotaSize": 4096 }));
    choose(&page, "opfs");
    page.wait_for_text(NOTICE, "no more storage");
    page.wait_for_text(STORAGE, "in memory");
    run(&page, "open -f a");
}

#[test]
fn an_image_goes_from_the_browser_to_a_native_run_and_back() {
    let page = Page::open(Size::LAPTOP);
    empty_run(&page);
    run(&page, "open -f a");
    run(&page, "pwrite -S 0x61 0 20k");
    run(&page, "fsync");
    // Out of the browser, and on natively.
    let medium = FileMedium::new(image(&page), 512, Remember::Yes);
    let setup = found::find(&medium, &Directives::default()).expect("the image keeps every rule");
    let devices = found::devices(&medium, &setup, Start::Mount);
    let lines = parse("open a\npwrite -S 0x62 4k 4k\nopen -f b\npwrite 0 4k\nsyncfs\n").expect("it parses").lines;
    let native = Session::play_on(setup, devices, &lines);
    // Back in: what the page shows of it is what the native session shows after a mount.
    let bytes = native.image();
    page.test_id("tab-device").click();
    upload(&page, &bytes);
    page.wait_for_text("[data-testid='step-counter']", "step 0/0");
    assert_eq!(run(&page, "open a"), "");
    assert!(run(&page, "pread -v 4096 16").contains("62 62 62 62"));
    let medium = FileMedium::new(bytes, 512, Remember::Yes);
    let setup = found::find(&medium, &Directives::default()).expect("the image keeps every rule");
    let lines = parse("open a\npread -v 4096 16\n").expect("it parses").lines;
    let again = Session::play_on(setup.clone(), found::devices(&medium, &setup, Start::Mount), &lines);
    let digests = format!("{:016x} {:016x}", again.run_digest(), again.state_digest());
    assert_eq!(page.execute_async("return await extentscope.digest();", &[]), Value::from(digests));
    assert_eq!(image(&page), again.image(), "the same bytes");
}

#[test]
fn a_damaged_image_is_refused_rule_by_rule() {
    let page = Page::open(Size::LAPTOP);
    empty_run(&page);
    run(&page, "open -f a");
    run(&page, "pwrite 0 8k");
    run(&page, "fsync");
    let mut bytes = image(&page);
    // The nodes lie behind 64 blocks of data; a commit has changed the first two of them.
    for at in [64 * 4096 + 2000, 65 * 4096 + 2000] {
        bytes[at] ^= 0x55;
    }
    page.test_id("tab-device").click();
    upload(&page, &bytes);
    let report = page.wait_for_text("[data-testid='fsck-report']", "node-checksum");
    assert!(report.contains("at block 6"), "{report}");
    page.execute("[...document.querySelectorAll('[data-testid=fsck-report] button')][0].click();", &[]);
    page.wait_for_text("[data-testid='lane-metadata'] [aria-selected='true']", "metadata, node");
    let block = page.execute(
        "return document.querySelector('[data-testid=lane-metadata] [aria-selected=true]').dataset.cell;",
        &[],
    );
    assert!(block == "metadata:64" || block == "metadata:65", "{block}");
    for (size, name) in [(Size::PHONE, "390x844"), (Size::PROJECTOR, "1280x720"), (Size::LAPTOP, "1440x900")] {
        page.resize(size);
        assert!(page.screenshot(&format!("device-metadata-{name}")).is_file());
    }
    assert!(page.screenshot("device-damaged-1440x900").is_file());
    assert!(run(&page, "stat").contains("stat.size = 8192"), "the run that was there goes on");
}

#[test]
fn the_plug_is_pulled_with_a_choice_of_what_survives() {
    let page = Page::open(Size::LAPTOP);
    empty_run(&page);
    for line in ["open -f a", "pwrite -S 0x61 0 16k", "fsync", "pwrite -S 0x62 0 16k", "sync_range -w -a 0 16k"] {
        run(&page, line);
    }
    page.test_id("tab-device").click();
    page.wait_for_text("[data-testid='plug']", "blocks");
    assert!(page.screenshot("device-plug-1440x900").is_file());
    page.resize(Size::PHONE);
    assert!(page.screenshot("device-plug-390x844").is_file());
    page.resize(Size::LAPTOP);
    page.test_id("plug-none").click();
    page.wait_for_text("[data-testid='plug']", "crash -n");
    page.test_id("plug-cut").click();
    page.wait_for_text(OUTPUT, "crash -n");
    assert!(run(&page, "pread -v 0 16").contains("61 61 61 61"), "what was fsynced is there");
    page.wait_for_text("[data-testid='plug']", "Everything that was written is flushed");
}
