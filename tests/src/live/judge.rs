//! One case on the kernel and on the engine.

use std::collections::BTreeSet;
use std::path::Path;

use extentscope_core::scenario::parse::parse;
use extentscope_core::scenario::setup::Setup;
use serde::{Deserialize, Serialize};

use super::cases::Case;
use super::shrink::shrink;
use crate::compare::{Difference, compare};
use crate::document::Document;
use crate::fidelity;
use crate::goldens::model;
use crate::kernel::Recorder;

/// How often a script is run while it is made shorter.
const SHRINK_TRIES: usize = 250;

/// How a case came out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// Steps that were compared.
    pub steps: usize,
    /// Steps that are equal.
    pub equal: usize,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a case.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Outcome {
    /// Every step is equal.
    Equal,
    /// It differs, and the list of simplifications says why.
    Explained {
        /// The simplification.
        id: String,
        /// The first difference.
        first: String,
    },
    /// It differs and nobody knows why.
    Differs {
        /// The first difference.
        first: String,
        /// The command of that step.
        command: String,
    },
    /// Two recordings on the kernel differ where the engine differs from them.
    Unstable {
        /// How they differ.
        first: String,
    },
    /// The engine does not model something in it.
    Refused {
        /// What.
        reason: String,
    },
}

impl Outcome {
    /// Whether somebody has to look.
    pub fn is_wrong(&self) -> bool {
        matches!(self, Self::Differs { .. })
    }
}

/// Judges cases on this thread.
#[derive(Debug)]
pub struct Judge {
    recorder: Recorder,
}

impl Judge {
    /// `folder` lies on a disk, for the recorder.
    pub fn new(folder: &Path) -> Result<Self, String> {
        Ok(Self { recorder: Recorder::new(folder)? })
    }

    /// The kernel's document of a case.
    pub fn recording(&mut self, case: &Case) -> Result<String, String> {
        Ok(self.recorder.record(&case.fs, &case.script, &case.name)?.text)
    }

    /// Runs it on both and compares. The error says why the kernel could not be asked.
    pub fn verdict(&mut self, case: &Case) -> Result<Verdict, String> {
        let observed = match model(&case.fs, &case.script, &case.name) {
            Ok(text) => Document::read(&text)?,
            Err(reason) if reason.starts_with("the engine broke") => {
                let command = "the engine broke".to_owned();
                return Ok(Verdict { steps: 1, equal: 0, outcome: Outcome::Differs { first: reason, command } });
            }
            Err(reason) => return Ok(Verdict { steps: 0, equal: 0, outcome: Outcome::Refused { reason } }),
        };
        let recorded = self.record(case)?;
        let steps = recorded.steps.len();
        let differences = compare(&recorded, &observed);
        let Some(first) = differences.first() else {
            return Ok(Verdict { steps, equal: steps, outcome: Outcome::Equal });
        };
        // Only what the kernel does twice is a difference.
        let again = self.record(case)?;
        if let Some(unsure) = first_unsure(&recorded, &again)
            && (first.n >= unsure.n || first.n == 0)
        {
            let equal = steps - differences.len().min(steps);
            return Ok(Verdict { steps, equal, outcome: Outcome::Unstable { first: told(&unsure) } });
        }
        let both: BTreeSet<u64> = compare(&again, &observed).iter().map(|difference| difference.n).collect();
        let Some(first) = differences.iter().find(|difference| both.contains(&difference.n)) else {
            return Ok(Verdict { steps, equal: steps, outcome: Outcome::Unstable { first: told(first) } });
        };
        let outcome = match fidelity::explanation(&case.fs, &case.name) {
            Some(id) => Outcome::Explained { id: id.to_owned(), first: told(first) },
            None => Outcome::Differs { first: told(first), command: first.cmd.clone() },
        };
        Ok(Verdict { steps, equal: steps - differences.len().min(steps), outcome })
    }

    fn record(&mut self, case: &Case) -> Result<Document, String> {
        let mut document = self.recorder.record(&case.fs, &case.script, &case.name)?.document;
        // Where the recorder's own idea of the content was wrong, after a command that failed half way, it is not compared.
        let wrong = document.steps.iter().any(|step| step.verified.as_ref().is_some_and(|found| *found != true));
        if wrong {
            document.steps.iter_mut().for_each(|step| step.unstable.push("sha".to_owned()));
        }
        if block_size(case) < PAGE {
            mark_small_blocks(&mut document);
        }
        Ok(document)
    }

    /// The shortest script found that still differs in the same way. A difference that is explained does not count.
    pub fn shortest(&mut self, case: &Case) -> String {
        let mut way = |script: &str| match self.verdict(&Case { script: script.to_owned(), ..case.clone() }) {
            Ok(Verdict { outcome: Outcome::Differs { first, command }, .. }) => Some(kind(&first, &command)),
            _ => None,
        };
        let whole = way(&case.script);
        shrink(&case.script, SHRINK_TRIES, |script| whole.is_some() && way(script) == whole)
    }
}

/// What kind of a difference it is: the command's first word, and what differs without numbers and names.
pub fn kind(first: &str, command: &str) -> (String, String) {
    let word = command.split(' ').next().unwrap_or_default().to_owned();
    let line = first.lines().next().unwrap_or_default();
    let what = line.rsplit("`: ").next().unwrap_or_default();
    let what = what.split_once(": ").filter(|(name, _)| name.len() < 8).map_or(what, |(_, rest)| rest);
    (word, what.chars().filter(|c| !c.is_ascii_digit()).take(60).collect())
}

/// Bytes in a block of the normalized view.
const PAGE: u64 = 4096;

fn block_size(case: &Case) -> u64 {
    let setup = parse(&case.script).ok().and_then(|script| Setup::new(&case.fs, &script.directives).ok());
    setup.map_or(PAGE, |setup| setup.block_size())
}

/// What cannot be compared where a page has several blocks. The view has one address for each page, so how addresses
/// move and which are alike depends on where the other blocks of the page were placed. And a segment of SEEK that ends
/// inside a page counts twice in `sk`, so that one doubtful page moves all behind it.
fn mark_small_blocks(document: &mut Document) {
    let mut doubtful: BTreeSet<String> = BTreeSet::new();
    for step in &mut document.steps {
        for (name, file) in &step.files {
            // A file that is not listed is as it was.
            if file.norm.sk.contains('?') {
                doubtful.insert(name.clone())
            } else {
                doubtful.remove(name)
            };
        }
        step.unstable.extend(["mv", "share"].map(str::to_owned));
        step.unstable.extend((!doubtful.is_empty()).then(|| "sk".to_owned()));
    }
}

/// The first step in which two recordings are not the same.
fn first_unsure(one: &Document, other: &Document) -> Option<Difference> {
    compare(one, other).into_iter().next()
}

fn told(difference: &Difference) -> String {
    format!("step {} `{}`: {}", difference.n, difference.cmd, difference.what)
}
