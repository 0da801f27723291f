//! The page starts, plays its first scenario, fits every size, and survives the worker's death.

use extentscope_tests::page::Page;
use extentscope_tests::webdriver::{Key, Size};

use crate::steps::{COUNTER, counter, ready};

const FAILURE: &str = "[data-testid='failure']";

#[test]
fn the_page_plays_its_first_scenario_and_fits_every_size() {
    let page = Page::open(Size::LAPTOP);
    ready(&page);
    page.wait_for("the offer to step back", || page.find_all("#opening-back").pop().map(|_| ()));
    let before = counter(&page);
    assert_eq!(before.0, before.1, "the opening ends at the end of the run");
    assert_eq!(page.focused().attribute("id").as_deref(), Some("opening-back"));
    for size in Size::ALL {
        page.resize(size);
        let wide = page.execute("return document.documentElement.scrollWidth - innerWidth;", &[]);
        assert!(wide.as_i64().is_some_and(|pixels| pixels <= 0), "the page is {wide} pixels too wide at {size:?}");
        let small = page.execute(
            "return [...document.querySelectorAll('button, select, input')]
                .map(e => [e.dataset.testid ?? e.textContent, e.getBoundingClientRect()])
                .filter(([_, box]) => box.width > 0 && (box.height < 20 || box.width < 16)).map(([name]) => name);",
            &[],
        );
        assert_eq!(small, serde_json::json!([]), "controls too small to hit at {size:?}");
        assert!(page.screenshot(&format!("start-{}x{}", size.width, size.height)).is_file());
    }
    page.press(&[Key::Enter]);
    page.wait_for_text("[data-testid='fiemap-table']", "delalloc");
    assert!(counter(&page).0 < before.0, "the button leads back before the look");
}

#[test]
fn any_key_ends_the_opening_and_finds_the_run_at_its_end() {
    let page = Page::open(Size::PROJECTOR);
    ready(&page);
    page.press(&[Key::Char('/')]);
    page.wait_for("the end of the run", || Some(counter(&page)).filter(|(step, last)| step == last && *last > 0));
    let console = page.focused();
    assert_eq!(console.attribute("data-testid").as_deref(), Some("console-input"));
    assert_eq!(console.value(), "", "the slash does not type itself");
    assert!(page.find_all("#opening-back").is_empty());
}

#[test]
fn the_keyboard_steps_back_and_forward() {
    let page = Page::open(Size::PROJECTOR);
    ready(&page);
    page.press(&[Key::Escape]);
    page.wait_for("the end of the run", || Some(counter(&page)).filter(|(step, last)| step == last && *last > 0));
    let last = counter(&page).1;
    page.press(&[Key::Left]);
    page.wait_for_text(COUNTER, &format!("step {}/{last}", last - 1));
    page.press(&[Key::Char('j')]);
    page.wait_for_text(COUNTER, &format!("step {}/{last}", last - 2));
    page.press(&[Key::Right]);
    page.wait_for_text(COUNTER, &format!("step {}/{last}", last - 1));
    page.press(&[Key::Home]);
    page.wait_for_text(COUNTER, &format!("step 0/{last}"));
    page.press(&[Key::End]);
    page.wait_for_text(COUNTER, &format!("step {last}/{last}"));
}

#[test]
fn a_panic_in_the_worker_is_shown_and_restarting_keeps_the_script() {
    let page = Page::prepare(Size::PROJECTOR);
    page.before_each_page(
        "window.workers = [];
         window.Worker = class extends Worker { constructor(...a) { super(...a); window.workers.push(this); } };",
    );
    page.goto(&page.url());
    ready(&page);
    page.execute_async("await extentscope.reset(); await extentscope.run('open -f kept');", &[]);
    page.execute_async("await extentscope.run('pwrite 0 12k');", &[]);
    let before = page.execute_async("return await extentscope.state();", &[]);
    page.execute("window.workers[0].postMessage(new Uint8Array([250, 250]));", &[]);
    page.wait_for_text(FAILURE, "cannot be read");
    let errors = page.console_errors();
    assert!(errors.iter().any(|line| line.contains("panicked at")), "the console names the place: {errors:#?}");
    let refused =
        page.execute_async("return await extentscope.state().catch(e => e instanceof Error && e.message);", &[]);
    assert!(refused.as_str().is_some_and(|text| text.starts_with("The engine stopped")), "{refused}");
    page.test_id("restart").click();
    page.wait_for("the failure to go away", || page.find_all(FAILURE).is_empty().then_some(()));
    let after = page.execute_async("return await extentscope.state();", &[]);
    assert_eq!(after, before, "the same script gives the same map");
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
