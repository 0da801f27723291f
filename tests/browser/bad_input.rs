//! Bad input: a clear message, nothing lost, the page alive.

use extentscope_tests::page::Page;
use extentscope_tests::webdriver::Size;
use serde_json::json;

use crate::steps::{COUNTER, OUTPUT, counter, empty_run, type_line};

#[test]
fn lines_that_cannot_be_done_say_why_and_change_nothing() {
    let page = Page::open(Size::LAPTOP);
    empty_run(&page);
    page.test_id("console-input").focus();
    type_line(&page, "open -f a");
    type_line(&page, "pwrite 0 8k");
    let before = counter(&page);
    let map = page.execute_async("return await extentscope.state();", &[]);
    for (line, reason) in [
        ("pwrit 0 4k", "pwrite"),
        ("pwrite 0 4q", "4q"),
        ("pwrite 0", "pwrite"),
        ("pwrite 9223372036854775808 4k", "9223372036854775808"),
        ("truncate -5x", "-5x"),
        ("@ pwrite 0 4k", "@"),
        ("open", "open"),
    ] {
        type_line(&page, line);
        page.wait_for_text(OUTPUT, reason);
        assert_eq!(counter(&page), before, "{line} changed the run");
    }
    assert_eq!(page.execute_async("return await extentscope.state();", &[]), map);
    assert!(page.screenshot("bad-input-1440x900").is_file());
    type_line(&page, "pwrite 8k 4k");
    assert!(counter(&page).1 > before.1, "the page is alive");
}

#[test]
fn commands_that_fail_show_what_the_tool_prints() {
    let page = Page::open(Size::LAPTOP);
    empty_run(&page);
    page.test_id("console-input").focus();
    type_line(&page, "pwrite 0 4k");
    page.wait_for_text(OUTPUT, "no files are open");
    page.execute_async("await extentscope.load('#@ blocks 8\\nopen -f a\\n');", &[]);
    page.test_id("console-input").focus();
    type_line(&page, "pwrite 0 1m");
    page.wait_for_text(OUTPUT, "No space left on device");
    page.execute_async("return await extentscope.state();", &[]);
}

#[test]
fn a_script_that_does_not_parse_leaves_the_run_alone() {
    let page = Page::open(Size::LAPTOP);
    empty_run(&page);
    page.execute_async("await extentscope.run('open -f a');", &[]);
    let before = counter(&page);
    for (script, reason) in [
        ("open -f a\npwrit 0 4k\n", "line 2"),
        ("#@ mkfs.ext4 -O no_such_thing\nopen -f a\n", "no_such_thing"),
        ("#@ personality minix\n", "minix"),
        ("#@ blocks 3\n", "8 blocks"),
    ] {
        let refused = page.execute_async(
            "return await extentscope.load(arguments[0]).then(() => 'accepted', error => error.message);",
            &[json!(script)],
        );
        assert!(refused.as_str().is_some_and(|text| text.contains(reason)), "{script:?}: {refused}");
        assert_eq!(counter(&page), before);
    }
}

#[test]
fn ten_megabytes_of_script_are_answered() {
    let page = Page::open(Size::LAPTOP);
    empty_run(&page);
    let refused = page.execute_async(
        "const script = 'open -f a\\n' + 'pwrite 0 4k\\n'.repeat(870000);
         return await extentscope.load(script).then(() => 'accepted', error => error.message);",
        &[],
    );
    assert_ne!(refused, "accepted", "more commands than a run may have");
    assert!(refused.as_str().is_some_and(|text| !text.is_empty()), "{refused}");
    page.execute_async("await extentscope.run('open -f a');", &[]);
    assert!(page.wait_for_text(COUNTER, "step").contains('/'));
}
