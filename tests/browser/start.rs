//! The page starts, reaches its worker, and survives the worker's death.

use extentscope_tests::page::Page;
use extentscope_tests::webdriver::{Key, Size};

const STATUS: &str = "[data-testid='status']";
const FAILURE: &str = "[data-testid='failure']";

#[test]
fn the_page_loads_and_the_worker_answers_at_every_size() {
    let page = Page::open(Size::LAPTOP);
    page.wait_for_text(STATUS, "answered ping 1");
    for size in Size::ALL {
        page.resize(size);
        let overflow = page.execute("return document.documentElement.scrollWidth - innerWidth;", &[]);
        assert_eq!(overflow, 0, "the page is wider than {} pixels", size.width);
        let file = page.screenshot(&format!("start-{}x{}", size.width, size.height));
        assert!(file.is_file());
    }
}

#[test]
fn the_keyboard_reaches_the_worker() {
    let page = Page::open(Size::PROJECTOR);
    page.wait_for_text(STATUS, "answered ping 1");
    page.press(&[Key::Tab]);
    assert_eq!(page.focused().attribute("data-testid").as_deref(), Some("ping"));
    page.press(&[Key::Enter]);
    page.wait_for_text(STATUS, "answered ping 2");
}

#[test]
fn a_panic_in_the_worker_is_shown_and_a_new_worker_answers() {
    let page = Page::prepare(Size::PROJECTOR);
    page.before_each_page(
        "window.workers = [];
         window.Worker = class extends Worker { constructor(...a) { super(...a); window.workers.push(this); } };",
    );
    page.goto(&page.url());
    page.wait_for_text(STATUS, "answered ping 1");
    page.execute("window.workers[0].postMessage(new Uint8Array([250, 250]));", &[]);
    page.wait_for_text(FAILURE, "cannot be read");
    let errors = page.console_errors();
    assert!(errors.iter().any(|line| line.contains("panicked at")), "the console names the place: {errors:#?}");
    page.test_id("restart").click();
    page.wait_for_text(STATUS, "answered ping 2");
    assert_eq!(page.execute("return window.workers.length;", &[]), 2);
}

#[test]
fn a_worker_that_cannot_be_loaded_is_shown() {
    let page = Page::prepare(Size::PROJECTOR);
    page.before_each_page(
        "window.Worker = class extends Worker { constructor(_, options) { super('./missing.js', options); } };",
    );
    page.goto(&page.url());
    page.wait_for_text(FAILURE, "could not be loaded");
}
