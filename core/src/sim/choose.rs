//! Who takes the next step.

use super::rng::Rng;
use crate::base::TaskId;
use serde::{Deserialize, Serialize};

/// A choice that differs from the default, or any choice of a viewer: at step `step`, task `task` went on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Choice {
    /// The number of the step that the choice made, from 1.
    pub step: u64,
    /// The task that took it.
    pub task: TaskId,
}

/// A rule that picks one of the runnable tasks.
#[derive(Clone, Debug)]
pub enum Chooser {
    /// The current task while it can, then the one that has waited longest.
    Default,
    /// Any, with equal chance.
    Random(Rng),
    /// Priorities with a few random change points (Burckhardt et al. 2010, PCT).
    Pct(Pct),
}

/// The state of the PCT rule.
#[derive(Clone, Debug)]
pub struct Pct {
    rng: Rng,
    priorities: Vec<u64>,
    changes: Vec<u64>,
    lowest: u64,
}

impl Chooser {
    /// Every runnable task with equal chance, from a seed.
    pub fn random(seed: u64) -> Self {
        Self::Random(Rng::stream(seed, "schedule"))
    }
    /// Random priorities, with `depth - 1` random change points among the first `length` steps.
    pub fn pct(seed: u64, depth: u32, length: u64) -> Self {
        let mut rng = Rng::stream(seed, "pct");
        let changes = (1..depth).map(|_| rng.below(length.max(1))).collect();
        Self::Pct(Pct { rng, priorities: Vec::new(), changes, lowest: 1 << 32 })
    }
    /// Whether the rule can be followed without suspending at every step.
    pub fn runs_until_blocked(&self) -> bool {
        matches!(self, Self::Default)
    }
    /// A task lets the others go first. Under priorities that means that it gets the lowest one.
    pub fn gave_way(&mut self, task: TaskId) {
        if let Self::Pct(pct) = self
            && let Some(priority) = pct.priorities.get_mut(task.0 as usize)
        {
            pct.lowest -= 1;
            *priority = pct.lowest;
        }
    }
    /// Picks among `runnable` (not empty, longest waiting first) for step number `step`.
    /// `current` is `None` when the task that ran last gave way to the others.
    pub fn pick(&mut self, step: u64, current: Option<TaskId>, runnable: &[TaskId]) -> TaskId {
        match self {
            Self::Default => default_pick(current, runnable),
            Self::Random(rng) => {
                let at = rng.below(runnable.len() as u64);
                runnable[usize::try_from(at).expect("an index below a length")]
            }
            Self::Pct(pct) => pct.pick(step, runnable),
        }
    }
}

/// The current task while it can run, else the one that has waited longest.
pub fn default_pick(current: Option<TaskId>, runnable: &[TaskId]) -> TaskId {
    current.filter(|task| runnable.contains(task)).unwrap_or(runnable[0])
}

impl Pct {
    fn pick(&mut self, step: u64, runnable: &[TaskId]) -> TaskId {
        let most = runnable.iter().map(|task| task.0 as usize).max().unwrap_or(0);
        while self.priorities.len() <= most {
            let priority = (1 << 33) + self.rng.below(1 << 40);
            self.priorities.push(priority);
        }
        let best = *runnable.iter().max_by_key(|task| self.priorities[task.0 as usize]).expect("not empty");
        if self.changes.contains(&step) {
            self.lowest -= 1;
            self.priorities[best.0 as usize] = self.lowest;
            return *runnable.iter().max_by_key(|task| self.priorities[task.0 as usize]).expect("not empty");
        }
        best
    }
}
