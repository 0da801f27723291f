//! Keys as WebDriver names them.

/// One key of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A key that writes something.
    Char(char),
    /// Alt
    Alt,
    /// Backspace
    Backspace,
    /// Control
    Control,
    /// Delete
    Delete,
    /// Arrow down
    Down,
    /// End
    End,
    /// Enter
    Enter,
    /// Escape
    Escape,
    /// Home
    Home,
    /// Arrow left
    Left,
    /// Page down
    PageDown,
    /// Page up
    PageUp,
    /// Arrow right
    Right,
    /// Shift
    Shift,
    /// Tab
    Tab,
    /// Arrow up
    Up,
}

impl Key {
    /// The character that stands for this key in the protocol.
    #[must_use]
    pub fn code(self) -> char {
        match self {
            Self::Char('\n') | Self::Enter => '\u{E007}',
            Self::Char(char) => char,
            Self::Alt => '\u{E00A}',
            Self::Backspace => '\u{E003}',
            Self::Control => '\u{E009}',
            Self::Delete => '\u{E017}',
            Self::Down => '\u{E015}',
            Self::End => '\u{E010}',
            Self::Escape => '\u{E00C}',
            Self::Home => '\u{E011}',
            Self::Left => '\u{E012}',
            Self::PageDown => '\u{E00F}',
            Self::PageUp => '\u{E00E}',
            Self::Right => '\u{E014}',
            Self::Shift => '\u{E008}',
            Self::Tab => '\u{E004}',
            Self::Up => '\u{E013}',
        }
    }
}
