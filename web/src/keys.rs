//! The keyboard map: which key means what, by where the focus is.

use crate::protocol::StepSize;
use crate::state::{Action, Dir, Overlay};

/// Where the focus is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The stage, or nothing in particular.
    Stage,
    /// A cell of the map.
    Grid,
    /// A button or a link: Enter and Space are its own.
    Button,
    /// A control with arrow keys of its own: a select, a slider, a tab.
    Control,
    /// A field for text: all letters are its own.
    Text,
}

/// A key as the browser reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Press<'key> {
    /// `KeyboardEvent.key`.
    pub key: &'key str,
    /// `KeyboardEvent.code`: a digit stays one when Shift makes another character of it.
    pub code: &'key str,
    /// Shift is down.
    pub shift: bool,
    /// Ctrl is down. Alt and Meta belong to the browser: such presses never get here.
    pub ctrl: bool,
}

/// A row of the help: keys and what they do.
pub type HelpRow = (&'static str, &'static str);

/// The keyboard map for the help overlay.
pub const HELP: &[HelpRow] = &[
    ("Right / Left", "step / step back, by the chosen size"),
    ("K / J", "the same from anywhere, also inside the map"),
    ("Shift+Right / Shift+Left", "next / previous call boundary"),
    ("Home / End", "first / last step"),
    ("Space or .", "play / pause"),
    ("Page Down / Page Up", "next / previous (presenter's remote)"),
    ("[ / ]", "previous / next bookmark"),
    ("G", "go to a step"),
    ("1 ... 9", "let task n take the next step"),
    ("Shift+1 ... 9", "run task n until it blocks"),
    ("Arrows in the map", "from block to block, from lane to lane"),
    ("Ctrl+Home / Ctrl+End", "ends of the file"),
    ("N / Shift+N", "next / previous change of state along the lane"),
    ("Enter", "pin / unpin the inspector"),
    ("W", "why? go to the cause of the selection"),
    ("F", "take a FIEMAP answer now"),
    ("D", "difference mode: outlines of what was there"),
    ("C", "compare: the same calls on every filesystem"),
    ("L", "locks on / off"),
    ("V", "next view of the right column"),
    ("P", "present layout"),
    ("/", "console"),
    ("I", "say the current state in words"),
    ("?", "this table"),
    ("Esc", "close, leave the map"),
];

/// What a press means; `None` leaves it to the browser. `letters` allows single characters as shortcuts.
pub fn action(press: Press<'_>, place: Place, letters: bool) -> Option<Action> {
    if press.key == "Escape" {
        return (place != Place::Control).then_some(Action::Escape);
    }
    if place == Place::Text {
        return None;
    }
    if press.ctrl {
        return match press.key {
            "Home" => Some(Action::Edge { last: false }),
            "End" => Some(Action::Edge { last: true }),
            _ => None,
        };
    }
    moving(press, place).or_else(|| letters.then(|| letter(press, place)).flatten())
}

fn moving(press: Press<'_>, place: Place) -> Option<Action> {
    if place == Place::Control {
        return None;
    }
    let in_grid = place == Place::Grid;
    let call = Some(StepSize::Call);
    match (press.key, press.shift) {
        ("ArrowRight", false) if in_grid => Some(Action::Move(Dir::Right)),
        ("ArrowLeft", false) if in_grid => Some(Action::Move(Dir::Left)),
        ("ArrowUp", false) if in_grid => Some(Action::Move(Dir::Up)),
        ("ArrowDown", false) if in_grid => Some(Action::Move(Dir::Down)),
        ("ArrowRight", shift) => Some(Action::Step { size: call.filter(|_| shift), forward: true }),
        ("ArrowLeft", shift) => Some(Action::Step { size: call.filter(|_| shift), forward: false }),
        ("PageDown", _) => Some(Action::Step { size: None, forward: true }),
        ("PageUp", _) => Some(Action::Step { size: None, forward: false }),
        ("Home", false) => Some(Action::First),
        ("End", false) => Some(Action::Last),
        (" ", false) if place != Place::Button => Some(Action::Play),
        ("Enter", false) if in_grid => Some(Action::Pin),
        _ => None,
    }
}

fn letter(press: Press<'_>, place: Place) -> Option<Action> {
    if let Some(order) = digit(press.code) {
        // A select and a slider know digits themselves.
        return (place != Place::Control).then_some(Action::StepTask { order, until_blocked: press.shift });
    }
    let bookmark = Some(StepSize::Bookmark);
    match press.key {
        "/" => Some(Action::FocusConsole),
        "?" => Some(Action::Overlay(Overlay::Help)),
        "." => Some(Action::Play),
        "[" => Some(Action::Step { size: bookmark, forward: false }),
        "]" => Some(Action::Step { size: bookmark, forward: true }),
        // A select jumps to the option that begins with a letter.
        _ if place == Place::Control => None,
        key => match key.to_ascii_lowercase().as_str() {
            "k" => Some(Action::Step { size: None, forward: true }),
            "j" => Some(Action::Step { size: None, forward: false }),
            "n" => Some(Action::NextChange { forward: !press.shift }),
            "f" => Some(Action::Photograph),
            "c" => Some(Action::Compare),
            "d" => Some(Action::Difference),
            "l" => Some(Action::Locks),
            "w" => Some(Action::Why),
            "p" => Some(Action::Present),
            "v" => Some(Action::NextTab),
            "i" => Some(Action::Say),
            "g" => Some(Action::Overlay(Overlay::Goto)),
            _ => None,
        },
    }
}

/// Place of a task from the code of a digit key.
fn digit(code: &str) -> Option<usize> {
    let number: usize = code.strip_prefix("Digit").or(code.strip_prefix("Numpad"))?.parse().ok()?;
    number.checked_sub(1).filter(|order| *order < 9)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(key: &str) -> Press<'_> {
        Press { key, code: "", shift: false, ctrl: false }
    }

    #[test]
    fn arrows_step_on_the_stage_and_move_in_the_grid() {
        let right = press("ArrowRight");
        assert_eq!(action(right, Place::Stage, true), Some(Action::Step { size: None, forward: true }));
        assert_eq!(action(right, Place::Grid, true), Some(Action::Move(Dir::Right)));
        assert_eq!(action(right, Place::Control, true), None);
        let call = Action::Step { size: Some(StepSize::Call), forward: true };
        assert_eq!(action(Press { shift: true, ..right }, Place::Stage, true), Some(call));
    }

    #[test]
    fn nothing_but_escape_is_taken_from_a_text_field() {
        for (key, _) in HELP {
            assert_eq!(action(press(key), Place::Text, true), None);
        }
        for key in ["/", "k", " ", "Home", "PageDown", "?", "."] {
            assert_eq!(action(press(key), Place::Text, true), None);
        }
        assert_eq!(action(press("Escape"), Place::Text, true), Some(Action::Escape));
    }

    #[test]
    fn letters_can_be_switched_off() {
        assert_eq!(action(press("j"), Place::Grid, true), Some(Action::Step { size: None, forward: false }));
        assert_eq!(action(press("j"), Place::Grid, false), None);
        assert_eq!(action(press("/"), Place::Stage, false), None);
        assert!(action(press("Home"), Place::Stage, false).is_some());
    }

    #[test]
    fn space_and_enter_belong_to_a_focused_button() {
        assert_eq!(action(press(" "), Place::Button, true), None);
        assert_eq!(action(press("Enter"), Place::Button, true), None);
        assert_eq!(action(press(" "), Place::Stage, true), Some(Action::Play));
    }

    #[test]
    fn digits_name_tasks_with_and_without_shift() {
        let two = Press { key: "2", code: "Digit2", shift: false, ctrl: false };
        assert_eq!(action(two, Place::Stage, true), Some(Action::StepTask { order: 1, until_blocked: false }));
        let shifted = Press { key: "@", shift: true, ..two };
        assert_eq!(action(shifted, Place::Stage, true), Some(Action::StepTask { order: 1, until_blocked: true }));
    }
}
