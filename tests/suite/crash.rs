//! A fixed part of the crash test: all of it is `cargo xtask crash`.

use extentscope_core::personality::NAMES;
use extentscope_core::personality::plan::Defect;
use extentscope_tests::crash::workloads::{count, sequence};
use extentscope_tests::crash::{Tally, run};

/// Every sequence of one operation, and of two operations one in so many.
const OF_TWO: u64 = 173;

fn tried(personality: &str, defect: Option<&str>, depth: u32, step: u64) -> Tally {
    let mut tally = Tally::default();
    let step = usize::try_from(step).expect("small");
    for number in (0..count(depth)).step_by(step) {
        tally.add(run(personality, defect, &sequence(depth, number), 16, number));
        // One find is enough of a fault that was put there.
        if defect.is_some() && !tally.violations.is_empty() {
            break;
        }
    }
    tally
}

fn on_each(check: impl Fn(&'static str) + Sync) {
    std::thread::scope(|scope| {
        let threads: Vec<_> = NAMES.into_iter().map(|personality| scope.spawn(|| check(personality))).collect();
        for thread in threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
}

#[test]
fn no_power_cut_breaks_a_promise() {
    on_each(|personality| {
        let mut tally = tried(personality, None, 1, 1);
        tally.add(tried(personality, None, 2, OF_TWO));
        assert!(tally.states > 40_000, "{personality}: {} states are too few to say anything", tally.states);
        assert!(tally.violations.is_empty(), "{personality}:\n{}", tally.violations.join("\n"));
    });
}

#[test]
fn every_fault_that_is_put_there_is_found() {
    for (name, _) in Defect::ALL {
        let found = NAMES.iter().any(|personality| !tried(personality, Some(name), 1, 1).violations.is_empty());
        assert!(found, "nothing finds `{name}`");
    }
}
