//! The bar at the top: what is played, where we are, how it is shown.

use yew::prelude::*;

use super::Ui;
use super::picker::{Picker, words};
use crate::draw::icons::Icon;
use crate::protocol::Place;
use crate::scenarios::SCENARIOS;
use crate::state::{Action, Layout, Overlay, Theme};

/// Filesystems that the engine plays, in the order of the control.
pub const PERSONALITIES: [&str; 4] = ["ext4", "xfs", "btrfs", "bcachefs"];
/// Those that are still to come.
const LATER: [&str; 2] = ["xfs", "btrfs"];

/// The bar.
pub fn view(ui: Ui<'_>) -> Html {
    let narrow = ui.state.layout == Layout::Narrow;
    html! {
        <header class="bar">
            <h1 class="brand">{ "Extentscope" }</h1>
            if !narrow {
                { pickers(ui) }
            }
            <span class="spring" />
            { counter(ui) }
            if !narrow {
                { ui.button("Share", Some("share"), Action::Share) }
            }
            { ui.toggle("Present", ui.state.present, Some("present"), Action::Present) }
            if !narrow {
                { theme(ui) }
            }
            { ui.sign(Icon::Help, "Keys and help", Some("help"), Action::Overlay(Overlay::Help)) }
        </header>
    }
}

/// Scenario, filesystem, device. In the narrow layout they stand in the script's panel.
pub fn pickers(ui: Ui<'_>) -> Html {
    let own = (AttrValue::from(""), AttrValue::from("your own script"));
    let scenarios = SCENARIOS.iter().map(|scenario| (AttrValue::from(scenario.id), AttrValue::from(scenario.title())));
    let scenarios = scenarios.chain([own]).collect::<Vec<_>>();
    let dispatch = ui.dispatch.clone();
    let load = Callback::from(move |id: String| {
        if let Some(scenario) = SCENARIOS.iter().find(|scenario| scenario.id == id) {
            dispatch.emit(Action::Load { script: scenario.text.to_owned(), scenario: id });
        }
    });
    let personality = ui.state.scene.as_ref().map_or_else(String::new, |scene| scene.settings.personality.clone());
    let later = LATER.into_iter().filter(|name| *name != personality).map(AttrValue::from).collect::<Vec<_>>();
    let place = ui.state.scene.as_ref().map_or(Place::Memory, |scene| scene.settings.place);
    let choose = ui.dispatch.reform(|word: String| {
        Action::Place(Place::ALL.into_iter().find(|place| place.word() == word).unwrap_or_default())
    });
    html! {
        <div class="pickers">
            <Picker name="Scenario" testid={"scenario"} options={scenarios} value={ui.state.scenario.clone()} on_choose={load} />
            <Picker name="Filesystem" testid={"personality"} options={words(PERSONALITIES)} {later} value={personality}
                on_choose={ui.dispatch.reform(Action::Personality)} />
            <Picker name="Device" testid={"device"} options={words(Place::ALL.map(Place::word))} value={place.word()} on_choose={choose} />
        </div>
    }
}

fn counter(ui: Ui<'_>) -> Html {
    let (cursor, length) = ui.state.scene.as_ref().map_or((0, 0), |scene| (scene.cursor, scene.length));
    html! { <output class="counter" data-testid="step-counter">{ format!("step {cursor}/{length}") }</output> }
}

/// The colours.
pub fn theme(ui: Ui<'_>) -> Html {
    let choose = ui.dispatch.reform(|word: String| Action::Theme(Theme::of(&word).unwrap_or_default()));
    html! {
        <Picker name="Theme" testid={"theme"} options={words(Theme::ALL.map(Theme::word))} value={ui.state.prefs.theme.word()} on_choose={choose} />
    }
}
