//! The scenarios that come with the page: the files of `static/scenarios`.

use crate::header;

/// A script to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scenario {
    /// The name of its file, without the ending.
    pub id: &'static str,
    /// The script.
    pub text: &'static str,
}

impl Scenario {
    /// What it is called.
    pub fn title(&self) -> &'static str {
        header::get(self.text, "title").unwrap_or(self.id)
    }
}

/// All of them, in the order of their files' names.
pub const SCENARIOS: &[Scenario] = include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));

/// What is played first where nothing else is asked for.
pub fn first() -> Scenario {
    SCENARIOS.first().copied().unwrap_or(Scenario { id: "", text: "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_has_a_title_of_its_own() {
        let mut titles: Vec<_> = SCENARIOS.iter().map(Scenario::title).collect();
        for (scenario, title) in SCENARIOS.iter().zip(&titles) {
            assert_ne!(scenario.id, *title, "{} has no title", scenario.id);
        }
        titles.sort_unstable();
        titles.dedup();
        assert_eq!(titles.len(), SCENARIOS.len());
    }

    #[test]
    fn every_scenario_is_a_script() {
        for scenario in SCENARIOS {
            let script = extentscope_core::scenario::parse::parse(scenario.text);
            assert!(script.is_ok(), "{}: {script:?}", scenario.id);
        }
    }
}
