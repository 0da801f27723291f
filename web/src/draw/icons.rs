//! Signs of buttons, drawn: no font has all of them.

use yew::prelude::*;

/// A sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    /// To the first.
    First,
    /// One back.
    Back,
    /// Start.
    Play,
    /// Stop for now.
    Pause,
    /// One forward.
    Forward,
    /// Forward over several.
    Over,
    /// To the last.
    Last,
    /// A bookmark.
    Flag,
    /// Away with it.
    Close,
    /// To the left.
    Left,
    /// To the right.
    Right,
    /// Help.
    Help,
}

impl Icon {
    fn path(self) -> &'static str {
        match self {
            Self::First => "M4 3 H6 V17 H4 Z M17 3 V17 L7 10 Z",
            Self::Back => "M15 3 V17 L4 10 Z",
            Self::Play => "M5 2 V18 L18 10 Z",
            Self::Pause => "M4 3 H8 V17 H4 Z M12 3 H16 V17 H12 Z",
            Self::Forward => "M5 3 V17 L16 10 Z",
            Self::Over => "M2 3 V17 L10 10 Z M9 3 V17 L17 10 Z",
            Self::Last => "M3 3 V17 L13 10 Z M14 3 H16 V17 H14 Z",
            Self::Flag => "M5 2 H15 V18 L10 14 L5 18 Z",
            Self::Close => {
                "M4 5.4 L5.4 4 L10 8.6 L14.6 4 L16 5.4 L11.4 10 L16 14.6 L14.6 16 L10 11.4 L5.4 16 L4 14.6 L8.6 10 Z"
            }
            Self::Left => "M12 3 L14 5 L9 10 L14 15 L12 17 L5 10 Z",
            Self::Right => "M8 3 L6 5 L11 10 L6 15 L8 17 L15 10 Z",
            Self::Help => "M6 7 a4 4 0 1 1 5.5 3.7 V12.5 H8.7 V9 h1 a2 2 0 1 0 -1.6 -2 Z M8.6 14.4 H11.6 V17.4 H8.6 Z",
        }
    }

    /// The drawing; the button says its name.
    pub fn draw(self) -> Html {
        html! {
            <svg class="icon" viewBox="0 0 20 20" width="18" height="18" aria-hidden="true" focusable="false"><path d={self.path()} /></svg>
        }
    }
}
