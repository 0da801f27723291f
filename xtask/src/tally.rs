//! Counts checks and tests, and ends with the one line that says how it went.

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use crate::{Outcome, run};

/// The counts so far.
#[derive(Debug, Default)]
pub struct Tally {
    passed: u32,
    skipped: u32,
    failures: Vec<String>,
}

impl Tally {
    /// Runs one check, which counts as one test. Tells whether it passed.
    pub fn check(&mut self, name: &str, work: impl FnOnce() -> Outcome) -> bool {
        println!("\n== {name}");
        let start = Instant::now();
        let outcome = work();
        let seconds = start.elapsed().as_secs_f32();
        match &outcome {
            Ok(()) => {
                self.passed += 1;
                println!("== {name}: ok ({seconds:.1} s)");
            }
            Err(reason) => {
                println!("== {name}: FAILED ({seconds:.1} s): {reason}");
                self.failures.push(name.to_owned());
            }
        }
        outcome.is_ok()
    }

    /// Counts one check that was left out on purpose.
    pub fn skip(&mut self, name: &str) {
        println!("\n== {name}: skipped");
        self.skipped += 1;
    }

    /// Runs `cargo test`, shows what it prints, and counts each of its tests.
    pub fn cargo_test(&mut self, command: &mut Command) {
        println!("\n== {}", run::name_of(command));
        let start = Instant::now();
        let failures_before = self.failures.len();
        let ended_well = self.read_tests(command);
        println!("== tests: {:.1} s", start.elapsed().as_secs_f32());
        // Something that does not compile, or a test that took its whole process down, has no failed test to count.
        if !ended_well && self.failures.len() == failures_before {
            self.failures.push(run::name_of(command));
        }
    }

    fn read_tests(&mut self, command: &mut Command) -> bool {
        let mut child = match command.stdout(Stdio::piped()).spawn() {
            Ok(child) => child,
            Err(error) => {
                println!("{} cannot be started: {error}", run::name_of(command));
                return false;
            }
        };
        let output = child.stdout.take().map(BufReader::new);
        for line in output.into_iter().flat_map(|output| output.lines().map_while(Result::ok)) {
            println!("{line}");
            self.read_line(&line);
        }
        child.wait().is_ok_and(|status| status.success())
    }

    /// The two kinds of lines that matter: the counts of a test binary, and the name of a test that failed.
    fn read_line(&mut self, line: &str) {
        if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
            self.failures.push(name.to_owned());
        } else if let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) {
            self.passed += count_before(counts, " passed");
            self.skipped += count_before(counts, " ignored");
        }
    }

    /// Prints what failed and, alone on the last line, the sums.
    pub fn finish(self) -> ExitCode {
        println!();
        for failure in &self.failures {
            println!("failed: {failure}");
        }
        println!("{}", self.last_line());
        if self.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn last_line(&self) -> String {
        let sums = format!("{} passed, {} failed", self.passed, self.failures.len());
        if self.skipped == 0 { sums } else { format!("{sums}, {} skipped", self.skipped) }
    }
}

fn count_before(counts: &str, word: &str) -> u32 {
    let part = counts.split("; ").find_map(|part| part.strip_suffix(word));
    part.and_then(|number| number.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_of_a_test_binary_is_counted() {
        let mut tally = Tally::default();
        for line in [
            "test tidy::files ... ok",
            "test tidy::floors ... FAILED",
            "test result: FAILED. 11 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.1s",
            "test result: ok. 30 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s",
        ] {
            tally.read_line(line);
        }
        assert_eq!(tally.last_line(), "41 passed, 1 failed, 2 skipped");
        assert_eq!(tally.failures, ["tidy::floors"]);
    }

    #[test]
    fn a_check_counts_as_one_test() {
        let mut tally = Tally::default();
        assert!(tally.check("good", || Ok(())));
        assert!(!tally.check("bad", || Err(String::from("reason"))));
        assert_eq!(tally.last_line(), "1 passed, 1 failed");
    }

    #[test]
    fn a_program_that_ends_badly_without_a_failed_test_is_a_failure() {
        let mut tally = Tally::default();
        tally.cargo_test(run::cargo().arg("no-such-command"));
        assert_eq!(tally.last_line(), "0 passed, 1 failed");
    }
}
