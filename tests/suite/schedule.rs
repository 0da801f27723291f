//! Tasks that run at the same time: a slice of the schedules of `cargo xtask explore`.

use extentscope_core::scenario::machine::Machine;
use extentscope_tests::explore::{Case, Finding, Rule, blocking_case, cases, explore, replay};

/// Seeds of each case and rule here; `cargo xtask explore` runs more.
const SEEDS: u64 = 100;

fn no_check(_: &Machine) -> Result<(), String> {
    Ok(())
}

fn findings(case: &Case) -> Vec<Finding> {
    let runs = (0..SEEDS).flat_map(|seed| Rule::ALL.map(|rule| (seed, rule)));
    let found = runs.filter_map(|(seed, rule)| explore(case, seed, rule, &no_check).err());
    found.take(3).map(|finding| *finding).collect()
}

#[test]
fn no_order_of_steps_breaks_a_rule_or_loses_a_byte() {
    let cases = cases();
    let (some, others) = cases.split_at(cases.len() / 2);
    let explore_all = |cases: &[Case]| cases.iter().flat_map(findings).collect::<Vec<_>>();
    let found: Vec<Finding> = std::thread::scope(|scope| {
        let other = scope.spawn(|| explore_all(others));
        let own = explore_all(some);
        own.into_iter().chain(other.join().expect("the explorer catches what it runs")).collect()
    });
    let lines: Vec<String> = found.iter().map(Finding::to_string).collect();
    assert!(lines.is_empty(), "{} findings:\n{}", lines.len(), lines.join("\n"));
}

#[test]
fn waiting_for_a_folio_with_the_tree_locked_is_found_out_and_can_be_shown_again() {
    let case = blocking_case();
    let runs = (0..SEEDS).flat_map(|seed| Rule::ALL.map(|rule| (seed, rule)));
    let found: Vec<_> = runs.filter_map(|(seed, rule)| explore(&case, seed, rule, &no_check).err()).collect();
    // A circle that goes through a wait for writeback has an edge that is no lock, and is not told as a circle.
    let in_circle = found.iter().filter(|finding| finding.cycle.len() >= 2).count();
    assert!(in_circle > 0, "no circle of locks among {SEEDS} seeds");
    for deadlock in &found {
        assert!(deadlock.what.starts_with("deadlock: "), "nothing else is wrong: {deadlock}");
        let again = replay(&case, deadlock).expect_err("the same choices give the same deadlock");
        assert_eq!((again.step, &again.cycle), (deadlock.step, &deadlock.cycle), "{deadlock}");
        assert_eq!(again.choices, deadlock.choices, "{deadlock}");
    }
}

/// A failure is told with what is needed to see it again, and is seen again with that.
#[test]
fn a_planted_failure_is_reported_with_the_line_that_repeats_it() {
    let case = &cases()[0];
    // In the middle of the second writer's call.
    let inside = |machine: &Machine| {
        machine.cx().tasks(|tasks| tasks.iter().any(|task| task.label == "w2" && task.frames.len() >= 3))
    };
    let planted = |machine: &Machine| if inside(machine) { Err("planted".to_owned()) } else { Ok(()) };
    let run = |seed, rule| explore(case, seed, rule, &planted).expect_err("the second writer writes");
    for rule in Rule::ALL {
        let finding = run(7, rule);
        let line = finding.to_string();
        assert!(line.starts_with(&format!("{}, seed 7 ({rule}), step ", case.name)), "{line}");
        let command = format!("cargo xtask explore --case {} --from 7 --seeds 1 --rule {rule}", case.name);
        assert!(line.contains("planted") && line.ends_with(&command), "{line}");
        assert_eq!(run(7, rule).to_string(), line, "the same seed gives the same finding");
    }
}

/// A panic of the engine is a finding like any other.
#[test]
fn a_panic_is_a_finding() {
    let check = |machine: &Machine| {
        assert!(machine.cx().steps() < 30, "planted panic");
        Ok(())
    };
    let finding = explore(&cases()[0], 1, Rule::Random, &check).expect_err("the check panics");
    assert!(finding.to_string().contains("planted panic"), "{finding}");
}
