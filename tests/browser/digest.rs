//! Deterministic: a run gives the same trace and the same state in WebAssembly as natively.

use extentscope_core::personality::NAMES;
use extentscope_core::session::Session;
use extentscope_tests::page::Page;
use extentscope_tests::webdriver::Size;
use extentscope_tests::{scenarios, traces};
use serde_json::json;

use crate::steps::ready;

/// Of the traces every fifth, so that the test takes seconds.
const SLICE: usize = 5;

#[test]
fn scenarios_and_traces_have_equal_digests_in_the_page_and_natively() {
    let page = Page::open(Size::LAPTOP);
    ready(&page);
    let mut compared = 0;
    for (name, text) in scenarios().into_iter().chain(traces().into_iter().step_by(SLICE)) {
        for personality in NAMES {
            let script = format!("#@ personality {personality}\n{}", without_personality(&text));
            let Ok(session) = Session::load(&script, None) else { continue };
            let native = format!("{:016x} {:016x}", session.run_digest(), session.state_digest());
            let code = "await extentscope.load(arguments[0]); return await extentscope.digest();";
            let page = page.execute_async(code, &[json!(script)]);
            assert_eq!(page, json!(native), "{name} on {personality}");
            compared += 1;
        }
    }
    assert!(compared >= 60, "only {compared} runs were compared");
}

fn without_personality(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("#@ personality")).map(|line| format!("{line}\n")).collect()
}
