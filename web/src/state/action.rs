//! What can happen, and what the browser has to do about it.

use super::choice::{Overlay, Pane, Side, Tab, Theme};
use super::nav::Dir;
use crate::protocol::{Answer, Call, LogDelta, Pick, Place, StepSize, Tool};
use crate::scene::Scene;

/// What happened: a key, a click, a message, a timer.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// The worker's report: the picture, news of the console, the script, and the time in milliseconds.
    Reported(Box<Reported>),
    /// An answer to one of the page's own calls.
    Answered(For, Result<Answer, String>),
    /// The worker is gone.
    Failed(String),
    /// The worker is silent, or answers again.
    Silent(bool),
    /// Start a new worker with the script.
    Restart,
    /// Somebody else acts through `window.extentscope`.
    Outside,

    /// Steps by the given size or the chosen one.
    Step {
        /// This size, for once.
        size: Option<StepSize>,
        /// Which way.
        forward: bool,
    },
    /// To a step.
    Goto(u64),
    /// While the scrubber is dragged.
    Scrub(u64),
    /// To the first step.
    First,
    /// To the last step.
    Last,
    /// Lets the n-th task run.
    StepTask {
        /// Its place, from 0.
        order: usize,
        /// Until it blocks.
        until_blocked: bool,
    },
    /// Runs what is pending to its end.
    RunPending,
    /// Starts or stops.
    Play,
    /// The next step of playing is due.
    Tick,
    /// A place in `choice::SPEEDS`.
    Speed(usize),
    /// The size of a step.
    Size(StepSize),
    /// Whether console lines wait.
    Pause(bool),
    /// A bookmark here.
    Bookmark,
    /// The browser's tab is hidden or seen again.
    Hidden(bool),

    /// A whole script.
    Load {
        /// The script.
        script: String,
        /// The scenario it is; empty for none.
        scenario: String,
    },
    /// The same script on another filesystem.
    Personality(String),
    /// A line `#@ key value` of the script.
    Directive {
        /// The key.
        key: &'static str,
        /// The value; empty takes the line away.
        value: String,
    },
    /// The same settings, no commands.
    Reset,
    /// Another branch.
    SwitchBranch(u32),
    /// A branch less.
    DiscardBranch(u32),

    /// The console's line as it is typed.
    Typed(String),
    /// The console's line is complete.
    Enter,
    /// To older lines, or to newer ones.
    Recall {
        /// Older.
        older: bool,
    },

    /// A cell is clicked.
    Pick(Pick),
    /// The keyboard moves from cell to cell.
    Move(Dir),
    /// To an end of the file.
    Edge {
        /// The end, not the start.
        last: bool,
    },
    /// Keeps the inspector where it is, or lets it go.
    Pin,
    /// Selects a run of blocks that a table speaks of.
    Show(u64),
    /// The next change of look along the lane.
    NextChange {
        /// Towards higher blocks.
        forward: bool,
    },
    /// To the cause of the selection.
    Why,
    /// A file, by inode.
    File(u32),
    /// First block of the lens.
    Lens(u64),
    /// Blocks of the lens; 0 is automatic.
    Zoom(u64),
    /// First block of the device.
    Device(u64),
    /// A block of the metadata that is to be seen.
    Metadata(u64),
    /// To a block of the device, of data or of metadata, that a list names.
    Block(u64),
    /// Where the device lies.
    Place(Place),
    /// Downloads the device.
    Image,
    /// Mounts an image.
    OpenImage(Vec<u8>),
    /// Formats the device again.
    Wipe,
    /// A line of the console that a button stands for.
    Give(String),
    /// The viewer said yes.
    Sure(Box<Action>),

    /// A panel of the right column.
    Tab(Tab),
    /// The next one.
    NextTab,
    /// A panel of the left column.
    Side(Side),
    /// A panel of the narrow layout.
    Pane(Pane),
    /// A tool.
    Tool(Tool),
    /// "Sync first".
    Sync(bool),
    /// Asks the tool.
    Ask,
    /// Takes a FIEMAP answer now.
    Photograph,
    /// Downloads the map.
    Export,
    /// Copies something: what, and what to say then.
    Copy(String, &'static str),
    /// Copies a link that holds the run.
    Share,

    /// Colours.
    Theme(Theme),
    /// Nothing travels.
    Still(bool),
    /// Single letters.
    Letters(bool),
    /// Outlines of the previous state.
    Difference,
    /// The same calls on every filesystem, in place of the lanes.
    Compare,
    /// Locks.
    Locks,
    /// The presenter's layout.
    Present,
    /// The folded column.
    Drawer,
    /// Something over the page.
    Overlay(Overlay),
    /// Away with it; or out of the grid.
    Escape,
    /// To the console.
    FocusConsole,
    /// To the stage.
    FocusStage,
    /// Says the state.
    Say,
    /// Says what is simpler here than in a kernel.
    Tell(&'static str),
    /// A notice is read.
    Dismiss,
    /// The window has this size.
    Resized {
        /// CSS pixels.
        width: u32,
        /// It is lower than [`super::LOW`].
        low: bool,
        /// Steps that fit on the timeline.
        timeline_steps: u64,
    },

    /// The opening goes on.
    OpeningTick,
    /// "Step back - see what looking did".
    OpeningBack,
}

/// A report without its answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Reported {
    /// The picture.
    pub scene: Option<Box<Scene>>,
    /// News of the console.
    pub log: Option<LogDelta>,
    /// The script, when it changed.
    pub script: Option<String>,
    /// Milliseconds on the page's clock.
    pub now: u64,
}

/// What an answer is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum For {
    /// Nothing but the picture.
    Picture,
    /// A step.
    Step,
    /// A new run.
    Load,
    /// A line of the console.
    Line(String),
    /// A tool's answer.
    Photo(Tool),
    /// Another selection.
    Selection,
    /// A file to download.
    Export,
    /// The device to download.
    Image,
    /// A run on another device.
    Device,
}

/// What the browser has to do after an action.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Ask the worker.
    Call(Call, For),
    /// Ask the worker to go to a step; only the newest such wish counts.
    Goto(u64),
    /// A new worker, then these calls.
    NewWorker,
    /// Move the focus, after the page is drawn.
    Focus(Focus),
    /// A timer that ends in [`Action::Tick`].
    PlayTimer(u32),
    /// A timer that ends in [`Action::OpeningTick`].
    OpeningTimer(u32),
    /// A file.
    Download {
        /// Its name.
        name: &'static str,
        /// Its content.
        text: String,
    },
    /// A file of bytes.
    DownloadBytes {
        /// Its name.
        name: &'static str,
        /// Its content.
        bytes: Vec<u8>,
    },
    /// Asks the viewer; what follows if they say yes.
    Confirm {
        /// The question.
        question: &'static str,
        /// What then.
        then: Box<Action>,
    },
    /// To the clipboard.
    Copy(String),
    /// To the clipboard: a link to this page that holds this script, personality and step.
    CopyLink {
        /// The script.
        script: String,
        /// The step.
        step: u64,
    },
    /// Keep the preferences, and dress the page by them.
    Prefs,
}

/// Where the focus goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The console's line.
    Console,
    /// The stage.
    Stage,
    /// The cell of the map that has the keyboard.
    Cell,
    /// The button of the opening.
    Opening,
}
