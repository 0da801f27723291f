//! Everything that, with the setup, decides a run: what was given when, and the choices made.

use crate::scenario::script::Line;
use crate::sim::Choice;

/// Whether a line's steps are taken at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// Until everything is done.
    Run,
    /// None: it waits to be stepped.
    Start,
}

/// A line and when it was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Given {
    /// The line.
    pub line: Line,
    /// Steps taken before.
    pub at_step: usize,
    /// Whether it ran at once.
    pub pace: Pace,
    /// What a line that steers answered. It is not steered again.
    pub verdict: Option<Verdict>,
}

/// The answer of a line that steers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// What it printed.
    pub output: String,
    /// What is wrong.
    pub error: Option<String>,
    /// Whether that is a claim that is not true.
    pub claim_failed: bool,
}

/// A command that the engine was handed for a line; a `repeat` has many, a line that only steers has none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Submitted {
    /// What the engine was handed.
    pub line: Line,
    /// Steps taken before.
    pub at_step: usize,
    /// The index of the line that it is for.
    pub given: usize,
}

/// A run, to be made again.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recipe {
    /// Lines in the order in which they were given.
    pub given: Vec<Given>,
    /// Commands in the order of their numbers.
    pub submitted: Vec<Submitted>,
    /// Choices that the default rule would not have made, in order of their steps.
    pub choices: Vec<Choice>,
    /// Steps taken.
    pub steps: usize,
}

/// Which lines a fork keeps of those that were given at the very step of the fork.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keep {
    /// Those that only started: the viewer sees them waiting. One that ran is the future that is left.
    Started,
    /// All: only the choice of the next task differs.
    All,
}

impl Given {
    /// The line as typed.
    pub fn text(&self) -> String {
        let task = self.line.task.as_ref().map_or_else(String::new, |task| format!("@{task} "));
        format!("{task}{}", self.line.text)
    }
}

impl Recipe {
    /// The same run up to step `step`.
    pub fn until(&self, step: usize, keep: Keep) -> Self {
        let stays = |at: usize, pace: Pace| at < step || (at == step && (keep == Keep::All || pace == Pace::Start));
        let mut places = vec![None; self.given.len()];
        let mut given = Vec::new();
        for (place, line) in places.iter_mut().zip(&self.given) {
            if stays(line.at_step, line.pace) {
                *place = Some(given.len());
                given.push(line.clone());
            }
        }
        let kept = |command: &Submitted| {
            let place = places[command.given].filter(|_| stays(command.at_step, self.given[command.given].pace));
            place.map(|given| Submitted { given, ..command.clone() })
        };
        let limit = u64::try_from(step).expect("a step number fits 64 bits");
        Self {
            submitted: self.submitted.iter().filter_map(kept).collect(),
            given,
            choices: self.choices.iter().filter(|choice| choice.step <= limit).copied().collect(),
            steps: step,
        }
    }

    /// The last step up to which both runs are the same.
    pub fn common(&self, other: &Self) -> usize {
        let given = first_difference(&self.given, &other.given, |given| given.at_step);
        let submitted = first_difference(&self.submitted, &other.submitted, |command| command.at_step);
        let choices = first_difference(&self.choices, &other.choices, |choice| {
            usize::try_from(choice.step).unwrap_or(usize::MAX).saturating_sub(1)
        });
        let ends = [Some(self.steps), Some(other.steps), given, submitted, choices];
        ends.into_iter().flatten().min().unwrap_or(0)
    }
}

/// When two lists first differ.
fn first_difference<T: PartialEq>(mine: &[T], theirs: &[T], when: impl Fn(&T) -> usize) -> Option<usize> {
    let at = mine.iter().zip(theirs).take_while(|(mine, theirs)| mine == theirs).count();
    mine.get(at).into_iter().chain(theirs.get(at)).map(when).min()
}
