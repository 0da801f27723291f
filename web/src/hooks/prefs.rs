//! What is kept from visit to visit, and what the style sheet reads.

use gloo::utils::{document_element, window};

use super::browser::wants_less_motion;
use crate::state::{Prefs, Theme};

const KEY: &str = "extentscope";

/// The kept preferences. Where nothing is kept, the system's wish for less motion counts.
pub fn load() -> Prefs {
    let storage = window().local_storage().ok().flatten();
    let text = storage.and_then(|storage| storage.get_item(KEY).ok().flatten());
    text.map_or_else(
        || {
            let still = wants_less_motion();
            Prefs { still, difference: still, ..Prefs::default() }
        },
        |text| parse(&text),
    )
}

/// Keeps them. A browser that keeps nothing is no reason to say anything.
pub fn store(prefs: &Prefs) {
    if let Some(storage) = window().local_storage().ok().flatten() {
        drop(storage.set_item(KEY, &print(prefs)));
    }
}

/// Dresses the page: the style sheet reads these attributes.
pub fn dress(prefs: &Prefs, present: bool) {
    let theme = if present && prefs.theme == Theme::Auto { Theme::Projector } else { prefs.theme };
    let root = document_element();
    let motion = if prefs.still { "still" } else { "full" };
    for (name, value) in [("data-theme", theme.word()), ("data-motion", motion)] {
        drop(root.set_attribute(name, value));
    }
}

fn print(prefs: &Prefs) -> String {
    format!(
        "theme={} still={} letters={} difference={} locks={}",
        prefs.theme.word(),
        prefs.still,
        prefs.letters,
        prefs.difference,
        prefs.locks
    )
}

fn parse(text: &str) -> Prefs {
    let mut prefs = Prefs::default();
    for (key, value) in text.split(' ').filter_map(|part| part.split_once('=')) {
        let on = value == "true";
        match key {
            "theme" => prefs.theme = Theme::of(value).unwrap_or_default(),
            "still" => prefs.still = on,
            "letters" => prefs.letters = on,
            "difference" => prefs.difference = on,
            "locks" => prefs.locks = on,
            _ => {}
        }
    }
    prefs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_survive_and_nonsense_is_the_default() {
        let prefs = Prefs { theme: Theme::Projector, still: true, letters: false, difference: true, locks: false };
        assert_eq!(parse(&print(&prefs)), prefs);
        assert_eq!(parse("theme=pink x y=z"), Prefs::default());
    }
}
