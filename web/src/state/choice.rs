//! What a viewer can choose, and how the page stands.

/// Whether the worker lives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Engine {
    /// No picture yet.
    #[default]
    Starting,
    /// It answers.
    Ready,
    /// It has not answered for a while.
    Silent,
    /// It is gone; this is why.
    Failed(String),
}

/// Colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the system says.
    #[default]
    Auto,
    /// White paper.
    Light,
    /// Dark paper.
    Dark,
    /// White paper, thick black strokes, strong fills.
    Projector,
}

impl Theme {
    /// In the order of the control.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Light, Self::Dark, Self::Projector];

    /// The word in the control, in style sheets and in storage.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Projector => "projector",
        }
    }
    /// The theme of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.word() == word)
    }
}

/// What is kept from visit to visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefs {
    /// Colours.
    pub theme: Theme,
    /// Nothing travels, whatever the system says.
    pub still: bool,
    /// Single letters are shortcuts.
    pub letters: bool,
    /// The previous state stays as an outline.
    pub difference: bool,
    /// Locks are shown.
    pub locks: bool,
}

impl Default for Prefs {
    fn default() -> Self {
        Self { theme: Theme::Auto, still: false, letters: true, difference: false, locks: true }
    }
}

/// How the page is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// Three columns.
    #[default]
    Wide,
    /// The left column is folded away until it is wanted.
    Medium,
    /// One column, one panel at a time.
    Narrow,
}

impl Layout {
    /// The layout for a width in CSS pixels.
    pub fn of(width: u32) -> Self {
        match width {
            0..=767 => Self::Narrow,
            768..=1399 => Self::Medium,
            _ => Self::Wide,
        }
    }
}

/// How much room a drawing has, and from how far it is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Room {
    /// On a desk.
    #[default]
    Desk,
    /// On a desk, in a low window.
    Low,
    /// From the last row of a lecture hall.
    Hall,
    /// In a hand.
    Hand,
}

/// Windows lower than this many CSS pixels get lower lanes.
pub const LOW: u32 = 780;

/// Panels of the right column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tab {
    /// The selection.
    #[default]
    Inspect,
    /// What tools say.
    Fiemap,
    /// The tree.
    Tree,
    /// What can be taken away.
    Export,
    /// Everything in words.
    Text,
    /// The device: where it lies, and what a power cut leaves of it.
    Device,
}

impl Tab {
    /// From left to right.
    pub const ALL: [Self; 6] = [Self::Inspect, Self::Fiemap, Self::Tree, Self::Device, Self::Export, Self::Text];

    /// The tab's title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Inspect => "Inspect",
            Self::Fiemap => "FIEMAP",
            Self::Tree => "B-tree",
            Self::Export => "Export",
            Self::Text => "Text",
            Self::Device => "Device",
        }
    }
}

/// Panels of the left column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Side {
    /// The scenario, its commands and its settings.
    #[default]
    Scenario,
    /// Where each task stands.
    Source,
}

/// Panels of the narrow layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pane {
    /// The file map.
    #[default]
    Map,
    /// The timeline.
    Tasks,
    /// The right column.
    Table,
    /// The left column.
    Script,
    /// The console.
    Console,
}

impl Pane {
    /// From left to right.
    pub const ALL: [Self; 5] = [Self::Map, Self::Tasks, Self::Table, Self::Script, Self::Console];

    /// The word on the tab bar.
    pub fn word(self) -> &'static str {
        match self {
            Self::Map => "Map",
            Self::Tasks => "Tasks",
            Self::Table => "Table",
            Self::Script => "Script",
            Self::Console => "Console",
        }
    }
}

/// What lies over the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlay {
    /// The keys.
    Help,
    /// A step to go to.
    Goto,
}

/// Playing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Play {
    /// Running.
    pub on: bool,
    /// Place in [`SPEEDS`].
    pub speed: usize,
    /// When the last sentence was said, in milliseconds.
    pub said: u64,
}

/// Speeds in hundredths: 100 is one step in 1.2 seconds.
pub const SPEEDS: [u32; 6] = [25, 50, 100, 200, 400, 800];
/// Milliseconds of a step at speed 100.
pub const STEP_MS: u32 = 1200;

impl Play {
    /// Milliseconds from step to step.
    pub fn period(self) -> u32 {
        STEP_MS * 100 / SPEEDS[self.speed.min(SPEEDS.len() - 1)]
    }
    /// Above 4x only states change, nothing moves.
    pub fn too_fast_for_motion(self) -> bool {
        self.on && SPEEDS[self.speed.min(SPEEDS.len() - 1)] > 400
    }
}

/// A message across the page that goes away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What.
    pub text: String,
    /// It is about a failure.
    pub error: bool,
}
