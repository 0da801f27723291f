//! A fixed part of the crash test: all of it is `cargo xtask crash`.

use extentscope_core::personality::plan::Defect;
use extentscope_tests::crash::makes::{ALL, Make};
use extentscope_tests::crash::workloads::{count, sequence};
use extentscope_tests::crash::{Effort, Tally, run};

/// Every so many sequences of one operation, and of two.
const OF_ONE: usize = 3;
const OF_TWO: usize = 577;

fn tried(make: &Make, defect: Option<&str>, depth: u32, step: usize) -> Tally {
    let mut tally = Tally::default();
    for number in (0..count(depth)).step_by(step) {
        tally.add(run(make, defect, &sequence(depth, number), Effort { mounts: 128, sample: 16, seed: number }));
        // One find is enough of a fault that was put there.
        if defect.is_some() && !tally.violations.is_empty() {
            break;
        }
    }
    tally
}

/// Both processors, each with half of the ways.
fn on_each(check: impl Fn(&Make) + Sync) {
    let (even, odd): (Vec<_>, Vec<_>) = ALL.iter().enumerate().partition(|(nth, _)| nth % 2 == 0);
    std::thread::scope(|scope| {
        let threads = [even, odd].map(|half| scope.spawn(|| half.into_iter().for_each(|(_, make)| check(make))));
        for thread in threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
}

#[test]
fn no_power_cut_breaks_a_promise() {
    on_each(|make| {
        let mut tally = tried(make, None, 1, OF_ONE);
        tally.add(tried(make, None, 2, OF_TWO));
        assert!(tally.mounts > 5_000, "{}: {} mounts are too few to say anything", make.name, tally.mounts);
        assert!(tally.covered > 500.0, "{}: {} contents are too few", make.name, tally.covered);
        assert!(tally.violations.is_empty(), "{}:\n{}", make.name, tally.violations.join("\n"));
    });
}

#[test]
fn every_fault_that_is_put_there_is_found() {
    for (name, _) in Defect::ALL {
        let found = ALL.iter().any(|make| !tried(make, Some(name), 1, 1).violations.is_empty());
        assert!(found, "nothing finds `{name}`");
    }
}
