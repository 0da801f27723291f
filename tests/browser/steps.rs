//! What several tests do with the page.

use extentscope_core::scenario::parse;
use extentscope_core::scenario::setup::{PAGE_BLOCKS, Setup};
use extentscope_core::session::Console;
use extentscope_core::sim::cx::Recording;
use extentscope_core::view::map;
use extentscope_tests::page::Page;
use extentscope_tests::webdriver::Key;

/// The step counter.
pub const COUNTER: &str = "[data-testid='step-counter']";
/// What the console has printed.
pub const OUTPUT: &str = "[data-testid='console-output']";

/// Waits until the page is ready. Cancels nothing.
pub fn ready(page: &Page) {
    page.wait_for("window.extentscope", || {
        page.execute("return Boolean(window.extentscope);", &[]).as_bool()?.then_some(())
    });
    page.execute_async("await extentscope.ready;", &[]);
}

/// A page with an empty run, as `extentscope.reset()` makes it.
pub fn empty_run(page: &Page) {
    ready(page);
    page.execute_async("await extentscope.reset();", &[]);
    page.wait_for_text(COUNTER, "step 0/0");
}

/// The step at the cursor, and the last step.
pub fn counter(page: &Page) -> (u64, u64) {
    let text = page.wait_for_text(COUNTER, "step ");
    let (step, last) = text.trim_start_matches("step ").split_once('/').expect("a step of the steps");
    (step.parse().expect("a number"), last.parse().expect("a number"))
}

/// Presses Tab until the element with this `data-testid` has the focus.
pub fn tab_to(page: &Page, name: &str) {
    for _ in 0..80 {
        page.press(&[Key::Tab]);
        if page.focused().attribute("data-testid").as_deref() == Some(name) {
            return;
        }
    }
    panic!("Tab never comes to {name}");
}

/// Types a line into the console, which has the focus, and waits for its echo.
pub fn type_line(page: &Page, line: &str) {
    let text = "return document.querySelector(arguments[0]).textContent;";
    let output = |page: &Page| page.execute(text, &[OUTPUT.into()]).as_str().unwrap_or_default().to_owned();
    let before = output(page);
    page.type_text(&format!("{line}\n"));
    page.wait_for(&format!("an answer to {line:?}"), || {
        let now = output(page);
        (now != before && now.contains(line)).then_some(())
    });
}

/// What `extentscope map` prints for a script: the structures read after the last line, nothing recorded.
pub fn map_of(personality: &str, text: &str) -> String {
    let script = parse::parse(text).expect("the script parses");
    let setup = Setup::sized(personality, &script.directives, 4096 * PAGE_BLOCKS).expect("the settings can be had");
    let mut console = Console::new(&setup, Recording::Off);
    console.play(&script.lines);
    map::document(&console.machine().walk(), setup.profile(), console.names()).to_text()
}
