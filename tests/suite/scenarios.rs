//! Every shipped scenario is a test: its `expect` lines hold on its personality, or on each one when it names none.

use extentscope_core::base::PAGE_SIZE;
use extentscope_core::personality::NAMES;
use extentscope_core::scenario::parse::parse;
use extentscope_core::scenario::script::{Command, Line, Script};
use extentscope_core::scenario::setup::{PAGE_BLOCKS, Setup};
use extentscope_core::session::Console;
use extentscope_core::sim::cx::Recording;
use extentscope_tests::scenarios;
use std::collections::BTreeSet;

/// The scenario that the page loads first.
const FIRST: &str = "One file, three answers";

fn parsed() -> Vec<(String, Script)> {
    let read = |(name, text): (String, String)| {
        let script = parse(&text).unwrap_or_else(|errors| panic!("{name}: {}", errors[0]));
        (name, script)
    };
    scenarios().into_iter().map(read).collect()
}

fn personalities(script: &Script) -> Vec<String> {
    match &script.directives.personality {
        Some(own) => vec![own.clone()],
        None => NAMES.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn setup(name: &str, personality: &str, script: &Script) -> Setup {
    let setup = Setup::sized(personality, &script.directives, PAGE_BLOCKS * PAGE_SIZE);
    setup.unwrap_or_else(|error| panic!("{name} on {personality}: {error}"))
}

/// Plays a scenario as the page does; returns what was printed, line by line.
fn played(name: &str, setup: &Setup, script: &Script, recording: Recording) -> Vec<String> {
    let mut console = Console::new(setup, recording);
    console.play(&script.lines);
    let place = format!("{name} on {}", setup.personality_name());
    if let Some(complaint) = console.complaint() {
        panic!("{place}: {complaint}");
    }
    if let Err(rule) = console.machine().verify() {
        panic!("{place}: {rule}");
    }
    console.entries().iter().map(|entry| format!("{}\n{}", entry.text, entry.output)).collect()
}

fn claims(lines: &[Line]) -> usize {
    lines.iter().filter(|line| matches!(line.command, Command::Expect(_))).count()
}

#[test]
fn every_scenario_says_what_happens_and_that_happens() {
    for (name, script) in parsed() {
        for personality in personalities(&script) {
            let setup = setup(&name, &personality, &script);
            let watched = played(&name, &setup, &script, Recording::On);
            let unwatched = played(&name, &setup, &script, Recording::Off);
            assert_eq!(watched, unwatched, "{name} on {personality}: whether somebody watches makes no difference");
        }
    }
}

#[test]
fn every_scenario_can_be_told_from_the_others_and_drawn_whole() {
    let scenarios = parsed();
    assert!(scenarios.len() >= 8, "there are {} scenarios", scenarios.len());
    let mut titles = BTreeSet::new();
    for (name, script) in &scenarios {
        let title = script.directives.title.clone().unwrap_or_else(|| panic!("{name} has a title"));
        assert!(titles.insert(title.clone()), "{name}: there are two scenarios `{title}`");
        assert!(script.directives.description.is_some(), "{name} has a description");
        assert!(claims(&script.lines) > 0, "{name} says nothing that could be wrong");
        let blocks = setup(name, &personalities(script)[0], script).device_blocks();
        assert!(blocks <= PAGE_BLOCKS, "{name}: {blocks} blocks are too many to be seen at once");
    }
    assert_eq!(scenarios[0].1.directives.title.as_deref(), Some(FIRST), "the first scenario is the page's first");
}
