//! The panels: functions from what the page knows to what it shows.

pub mod compare;
pub mod console;
pub mod device;
pub mod export;
pub mod header;
pub mod help;
pub mod inspector;
pub mod legend;
pub mod notice;
pub mod picker;
pub mod right;
pub mod settings;
pub mod side;
pub mod simplified;
pub mod source;
pub mod stage;
pub mod tables;
pub mod text;
pub mod time;
pub mod tree;

use yew::prelude::*;

use crate::draw::icons::Icon;
use crate::state::{Action, State};

/// What every panel gets.
#[derive(Clone, Copy)]
pub struct Ui<'page> {
    /// What the page knows.
    pub state: &'page State,
    /// Where actions go.
    pub dispatch: &'page Callback<Action>,
    /// Width of the stage in pixels.
    pub width: u32,
}

impl Ui<'_> {
    /// A click that means an action.
    pub fn click(&self, action: Action) -> Callback<MouseEvent> {
        self.dispatch.reform(move |_| action.clone())
    }

    /// A button with a visible name.
    pub fn button(&self, name: &str, testid: Option<&'static str>, action: Action) -> Html {
        html! { <button type="button" data-testid={testid} onclick={self.click(action)}>{ name }</button> }
    }

    /// A button with a sign; its name is for those who hear it, its hint for those who point at it.
    pub fn sign(&self, sign: Icon, name: &'static str, testid: Option<&'static str>, action: Action) -> Html {
        html! {
            <button type="button" class="sign" data-testid={testid} aria-label={name} title={name} onclick={self.click(action)}>
                { sign.draw() }
            </button>
        }
    }

    /// A button that is on or off.
    pub fn toggle(&self, name: &str, on: bool, testid: Option<&'static str>, action: Action) -> Html {
        html! {
            <button type="button" class="toggle" data-testid={testid} aria-pressed={on.to_string()} onclick={self.click(action)}>{ name }</button>
        }
    }
}
