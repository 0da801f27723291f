//! Futures that were left: each is a recipe, and is made again when somebody goes back to it.

use super::answer::BranchInfo;
use super::recipe::Recipe;

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
        let own = self.recipe.given.iter().enumerate().filter(|(at, given)| run.given.get(*at) != Some(*given));
        BranchInfo {
            name: self.name.clone(),
            len: self.recipe.steps,
            forked_at: self.recipe.common(run),
            lines: own.map(|(_, given)| given.text()).collect(),
        }
    }
}
