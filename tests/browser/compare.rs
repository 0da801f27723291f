//! The same calls on every filesystem: maps below each other, by keyboard, at every size.

use extentscope_core::personality;
use extentscope_tests::page::Page;
use extentscope_tests::webdriver::{Key, Size};

use crate::steps::ready;

const SENTENCE: &str = "[data-testid='compare-sentence']";

fn names(page: &Page) -> Vec<String> {
    page.find_all(".side-map").iter().filter_map(|map| map.attribute("aria-label")).collect()
}

#[test]
fn one_script_has_a_map_for_each_filesystem_and_differences_are_marked() {
    let page = Page::open(Size::LAPTOP);
    ready(&page);
    let script = include_str!("../../static/scenarios/20-same-calls-every-filesystem.xio");
    page.execute_async("await extentscope.load(arguments[0]);", &[script.into()]);
    page.test_id("stage").focus();
    page.press(&[Key::Char('c')]);
    page.wait_for_text(SENTENCE, "After fsync, at rest.");
    let sides = names(&page);
    assert_eq!(sides.len(), personality::NAMES.len());
    for (name, words) in personality::NAMES.iter().zip(&sides) {
        assert!(words.starts_with(&format!("{name}: FIEMAP says 0 to 8K written")), "{words}");
        assert!(words.contains("Dirty: nothing."), "{words}");
    }
    // Preallocation that was written in part: the rest has an address on some and none on others.
    assert!(sides.iter().any(|words| words.contains("24K to 32K unwritten")), "{sides:#?}");
    assert!(sides.iter().any(|words| words.contains("24K to 32K reserved")), "{sides:#?}");
    assert!(!page.find_all(".differs").is_empty());
    for size in Size::ALL {
        page.resize(size);
        assert_eq!(page.find_all(".side-map").len(), personality::NAMES.len(), "{size:?}");
        assert!(page.screenshot(&format!("compare-{}x{}", size.width, size.height)).is_file());
    }
    page.resize(Size::LAPTOP);
    page.test_id("stage").focus();
    page.press(&[Key::Home]);
    page.wait_for_text(SENTENCE, "No line has ended yet.");
    page.press(&[Key::Char('c')]);
    page.wait_for("the lanes", || (page.find_all("[data-testid='compare-view']").is_empty()).then_some(()));
}
