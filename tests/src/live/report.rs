//! What was found: one line per difference as it comes, the short scripts, and the sums.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Mutex;

use super::cases::Case;
use super::judge::{Outcome, Verdict, kind};

/// The sums of one filesystem.
#[derive(Debug, Default)]
struct Sums {
    traces: usize,
    equal: usize,
    steps: usize,
    equal_steps: usize,
    explained: BTreeMap<String, usize>,
    refused: BTreeMap<String, usize>,
    unstable: usize,
    differ: usize,
    unasked: usize,
    /// Kinds of differences of which a script was made short: command and field.
    shortened: BTreeSet<(String, String)>,
}

/// Collects verdicts, from any thread.
#[derive(Debug)]
pub struct Report {
    folder: PathBuf,
    shrink: usize,
    sums: Mutex<BTreeMap<String, Sums>>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equal => write!(f, "equal"),
            Self::Explained { id, first } => write!(f, "explained by {id}: {first}"),
            Self::Differs { first, .. } => write!(f, "DIFFERS at {first}"),
            Self::Unstable { first } => write!(f, "the kernel is not the same twice at {first}"),
            Self::Refused { reason } => write!(f, "not modelled: {reason}"),
        }
    }
}

impl Report {
    /// Short scripts go into the folder; at most `shrink` kinds of each filesystem.
    pub fn new(folder: PathBuf, shrink: usize) -> Self {
        Self { folder, shrink, sums: Mutex::new(BTreeMap::new()) }
    }

    /// Counts a verdict and prints it unless it is equal. True: it should be made short.
    pub fn take(&self, case: &Case, verdict: Result<Verdict, String>) -> bool {
        let mut all = self.sums.lock().expect("nobody panics while counting");
        let sums = all.entry(case.fs.clone()).or_default();
        let verdict = match verdict {
            Ok(verdict) => verdict,
            Err(reason) => {
                sums.unasked += 1;
                println!("{} {}: the kernel could not be asked: {reason}", case.fs, case.name);
                return false;
            }
        };
        if let Outcome::Refused { reason } = verdict.outcome {
            *sums.refused.entry(reason).or_default() += 1;
            return false;
        }
        sums.traces += 1;
        sums.steps += verdict.steps;
        sums.equal_steps += verdict.equal;
        if verdict.outcome != Outcome::Equal {
            println!("{} {}: {}", case.fs, case.name, verdict.outcome);
        }
        match verdict.outcome {
            Outcome::Equal => sums.equal += 1,
            Outcome::Explained { id, .. } => *sums.explained.entry(id).or_default() += 1,
            Outcome::Unstable { .. } => sums.unstable += 1,
            Outcome::Refused { .. } => {}
            Outcome::Differs { first, command } => {
                sums.differ += 1;
                return sums.shortened.len() < self.shrink && sums.shortened.insert(kind(&first, &command));
            }
        }
        false
    }

    /// Writes a short script down and prints it.
    pub fn shortened(&self, case: &Case, script: &str, first: &str) {
        let path = self.folder.join(format!("{}.xio", case.name));
        let again = format!("# cargo xtask test --kernel --script {} --fs {}", path.display(), case.fs);
        let about: String = first.lines().map(|line| format!("# {}\n", line.trim())).collect();
        let text = format!("{about}{again}\n{script}");
        let kept = std::fs::write(&path, &text).map_err(|error| format!("{}: {error}", path.display()));
        println!("-- shortest found of {} ({}):\n{text}--", case.name, kept.err().unwrap_or("kept".to_owned()));
    }

    /// Whether anything differs that is not explained, or nothing could be asked.
    pub fn is_wrong(&self) -> bool {
        let all = self.sums.lock().expect("nobody panics while counting");
        all.values().any(|sums| sums.differ + sums.unasked > 0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.sums.lock().expect("nobody panics while counting");
        for (fs, sums) in all.iter() {
            let Sums { traces, equal, steps, equal_steps, .. } = sums;
            write!(f, "{fs}: {equal}/{traces} traces equal, {equal_steps}/{steps} steps")?;
            for (id, count) in &sums.explained {
                write!(f, "; {count} explained by {id}")?;
            }
            let counts = [(sums.unstable, "not the same twice"), (sums.differ, "differ"), (sums.unasked, "not asked")];
            for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
                write!(f, "; {count} {what}")?;
            }
            writeln!(f)?;
            for (reason, count) in &sums.refused {
                writeln!(f, "  {count} left out: {reason}")?;
            }
        }
        Ok(())
    }
}
