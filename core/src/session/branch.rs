//! Futures that were left: each is a recipe, and is made again when somebody goes back to it.

use super::answer::BranchInfo;
use super::console::{Pace, Recipe};

/// A future that was left.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Branch {
    /// Its name.
    pub name: String,
    /// How to make it again.
    pub recipe: Recipe,
}

impl Branch {
    /// What is told of it, seen from the run as it is now.
    pub fn info(&self, run: &Recipe) -> BranchInfo {
        let forked_at = self.recipe.common(run);
        let own = self.recipe.given.iter().enumerate().filter(|(at, given)| run.given.get(*at) != Some(*given));
        BranchInfo {
            name: self.name.clone(),
            len: self.recipe.steps,
            forked_at,
            lines: own.map(|(_, given)| given.text()).collect(),
        }
    }
}

/// Which lines a fork keeps of those that were given at the very step of the fork.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keep {
    /// Those that only started: the viewer sees them waiting. One that ran is the future that is left.
    Started,
    /// All: only the choice of the next task differs.
    All,
}

impl Recipe {
    /// The same run up to step `step`.
    pub fn until(&self, step: usize, keep: Keep) -> Self {
        let at_step = u64::try_from(step).expect("a step number fits 64 bits");
        let mut given = self.given.clone();
        given.retain(|given| {
            let kept_here = keep == Keep::All || given.pace == Pace::Start;
            given.at_step < step || (given.at_step == step && kept_here)
        });
        let mut choices = self.choices.clone();
        choices.retain(|choice| choice.step <= at_step);
        Self { given, choices, steps: step }
    }

    /// The last step up to which both runs are the same.
    pub fn common(&self, other: &Self) -> usize {
        let mut common = self.steps.min(other.steps);
        let lines = self.given.len().max(other.given.len());
        for at in 0..lines {
            let (mine, theirs) = (self.given.get(at), other.given.get(at));
            if mine != theirs {
                let first = mine.into_iter().chain(theirs).map(|given| given.at_step).min();
                common = common.min(first.unwrap_or(common));
                break;
            }
        }
        let choices = self.choices.len().max(other.choices.len());
        for at in 0..choices {
            let (mine, theirs) = (self.choices.get(at), other.choices.get(at));
            if mine != theirs {
                let first = mine.into_iter().chain(theirs).map(|choice| choice.step).min();
                let before =
                    first.and_then(|step| usize::try_from(step).ok()).map_or(common, |step| step.saturating_sub(1));
                common = common.min(before);
                break;
            }
        }
        common
    }
}
