//! What the page and the worker say to each other, as postcard records.
//!
//! At most one message a frame travels each way: the page sends a [`Batch`] of numbered calls with the view it has, the
//! worker sends one [`Report`] that answers them and shows the run as that view sees it.
//!
//! Both sides are built together. A page that meets a worker of another build (an old copy in a cache) learns it
//! from [`VERSION`], which the worker announces before anything else.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::scene::{Lane, Scene};

/// Raised with every change of the records below, or of the ones in [`crate::scene`].
pub const VERSION: u32 = 4;

/// From the page to the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// What the page looks at.
    pub view: View,
    /// What it wants done, in order, each with its number.
    pub calls: Vec<(u32, Call)>,
}

/// From the worker to the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// One for each call of the batch, in order.
    pub answers: Vec<(u32, Result<Answer, String>)>,
    /// What the view shows now; `None` before the first script.
    pub scene: Option<Box<Scene>>,
    /// What is new in the console.
    pub log: Option<LogDelta>,
    /// The script of the run, when it changed.
    pub script: Option<String>,
}

/// What the page looks at. The worker sends nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The chosen file's inode; none: the file that commands mean.
    pub file: Option<u32>,
    /// First block of the lens.
    pub lens_first: u64,
    /// Blocks that fit; 0 lets the worker choose between showing the whole file and 32.
    pub lens_blocks: u64,
    /// The most that the page would show when the worker chooses.
    pub lens_most: u64,
    /// First device block; none: where the action is.
    pub device_first: Option<u64>,
    /// A device block of the metadata that is to be seen.
    pub meta_near: u64,
    /// Device blocks that fit.
    pub device_blocks: u64,
    /// Columns of the overview strip.
    pub overview_columns: u64,
    /// Steps that fit on the timeline.
    pub timeline_steps: u64,
    /// The selected cell.
    pub selection: Option<Pick>,
    /// The B-tree is visible.
    pub tree: bool,
    /// The text view is visible.
    pub text: bool,
    /// The filesystems are compared.
    pub compare: bool,
}

impl Default for View {
    fn default() -> Self {
        Self {
            file: None,
            lens_first: 0,
            lens_blocks: 0,
            lens_most: 72,
            device_first: None,
            meta_near: 0,
            device_blocks: 64,
            overview_columns: 384,
            timeline_steps: 64,
            selection: None,
            tree: false,
            text: false,
            compare: false,
        }
    }
}

/// A cell of the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pick {
    /// Its lane.
    pub lane: Lane,
    /// Its block, on the lane's own axis.
    pub block: u64,
}

/// How far a step goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum StepSize {
    /// One transition of the engine.
    #[default]
    Atomic,
    /// To the next system call or command.
    Call,
    /// To the next visible change of the selection.
    Change,
    /// To the next bookmark.
    Bookmark,
}

impl StepSize {
    /// In the order of the control.
    pub const ALL: [Self; 4] = [Self::Atomic, Self::Call, Self::Change, Self::Bookmark];

    /// The word of the control.
    pub fn word(self) -> &'static str {
        match self {
            Self::Atomic => "atomic",
            Self::Call => "call",
            Self::Change => "change",
            Self::Bookmark => "bookmark",
        }
    }
}

/// A tool whose answer the page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tool {
    /// `xfs_io -c "fiemap -v"`.
    Fiemap,
    /// `filefrag -v`.
    Filefrag,
    /// `xfs_io -c "seek -a -r 0"`.
    Seek,
}

impl Tool {
    /// In the order of the tabs.
    pub const ALL: [Self; 3] = [Self::Fiemap, Self::Filefrag, Self::Seek];

    /// The tab's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fiemap => "FIEMAP",
            Self::Filefrag => "filefrag",
            Self::Seek => "SEEK",
        }
    }
}

/// What the page wants done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Call {
    /// Nothing: show what the view sees.
    Look,
    /// A new run from a whole script, played to its end.
    Load {
        /// The script.
        script: String,
        /// Instead of the script's own personality.
        personality: Option<String>,
    },
    /// A line of the console; runs to its end.
    Run(String),
    /// A line of the console that waits to be stepped.
    Start(String),
    /// Moves the cursor, or takes live steps at the head.
    Step {
        /// How far.
        size: StepSize,
        /// Which way.
        forward: bool,
        /// How often.
        count: u32,
    },
    /// Moves the cursor to a step.
    Goto(u64),
    /// Lets one task take the next step, or steps until it cannot.
    StepTask {
        /// The task.
        task: u32,
        /// Until it blocks.
        until_blocked: bool,
    },
    /// Takes steps until nothing can run.
    RunPending,
    /// The next change of look along the selected lane; answers with the block.
    NextChange {
        /// Towards higher blocks.
        forward: bool,
    },
    /// Asks a tool about a file.
    Ask {
        /// Which one.
        tool: Tool,
        /// Flush first; adds steps.
        sync: bool,
        /// About the file that commands mean, whichever one the view shows.
        current: bool,
    },
    /// Steps so far.
    Length,
    /// The run's digest and the state's at the cursor: two words of sixteen hexadecimal digits.
    Digest,
    /// The extent map at the cursor, as JSON.
    State,
    /// Makes a branch the run.
    SwitchBranch(u32),
    /// Forgets a branch.
    DiscardBranch(u32),
    /// Sets or takes away a bookmark at the cursor.
    Bookmark,
    /// Runs on another device: what is on it is mounted, an empty one is formatted.
    Place(Place),
    /// Every byte of the device at the head.
    Image,
    /// Mounts an image: it replaces what is on the device.
    OpenImage(Vec<u8>),
    /// Formats the device again.
    Wipe,
}

/// Where the device lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Place {
    /// In the worker's memory, as long as the page is open.
    #[default]
    Memory,
    /// In a file of the browser's private file system: it stays.
    Opfs,
    /// A copy of that file in memory, to look at: another tab has the file.
    Copy,
}

/// Why the browser's file cannot be had: the page then offers a choice.
pub const HELD: &str =
    "The storage is open in another tab. Close that tab and try again, look at a read-only copy, or go on in memory.";

impl Place {
    /// In the order of the control.
    pub const ALL: [Self; 3] = [Self::Memory, Self::Opfs, Self::Copy];

    /// The word of the control.
    pub fn word(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Opfs => "opfs",
            Self::Copy => "opfs, read-only copy",
        }
    }
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// It is done.
    Done,
    /// The cursor after a move.
    Cursor(u64),
    /// A number that was asked for.
    Number(u64),
    /// Text that was asked for, or what a line printed.
    Text(String),
    /// A tool's answer.
    Photo(Photo),
    /// Bytes that were asked for.
    Bytes(Vec<u8>),
}

/// A tool's answer, which stays what it was when the file moves on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Photo {
    /// Who answered.
    pub tool: Tool,
    /// The file's name.
    pub file: String,
    /// Whether it flushed first.
    pub sync: bool,
    /// The step at which it was taken.
    pub step: u64,
    /// Looking changed the file: what the tool would have said before.
    pub changed: Option<String>,
    /// The text of the tool, line by line.
    pub rows: Vec<PhotoRow>,
}

impl Photo {
    /// The text of the tool.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for row in &self.rows {
            text.push_str(&row.text);
            text.push('\n');
        }
        text
    }
}

/// A line of a tool's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoRow {
    /// Byte for byte what the tool prints.
    pub text: String,
    /// First file block and blocks that the line speaks of.
    pub blocks: Option<(u64, u64)>,
    /// The line in plain words.
    pub words: String,
}

/// New lines of the console.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogDelta {
    /// Entries that stay, from the first.
    pub keep: u64,
    /// Entries after them.
    pub append: Vec<LogEntry>,
}

/// An entry of the console.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogEntry {
    /// The line as typed; empty for a note of the page.
    pub line: String,
    /// What the tool printed, or why the line was rejected.
    pub output: String,
    /// The line was rejected, or the command failed.
    pub error: bool,
    /// It has ended.
    pub done: bool,
    /// The number of the command, as the picture names writers; 0 where there is none.
    pub command: u32,
    /// The first step it took.
    pub first_step: u64,
    /// The last step it took; less than the first when it took none.
    pub last_step: u64,
}

/// The bytes of one message.
///
/// # Panics
/// Never for the records of this module: they hold nothing that postcard refuses.
pub fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    postcard::to_allocvec(message).expect("our records hold nothing that postcard refuses")
}

/// The message in `bytes`, or why they are none.
///
/// # Errors
/// When the bytes are not a record of type `T`: the two sides are of different builds.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    postcard::from_bytes(bytes).map_err(|error| format!("a message of {} bytes cannot be read: {error}", bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_the_way() {
        let call = Call::Step { size: StepSize::Change, forward: false, count: 3 };
        let batch = Batch { view: View::default(), calls: vec![(7, call)] };
        assert_eq!(decode::<Batch>(&encode(&batch)), Ok(batch));
        let report = Report {
            answers: vec![(7, Ok(Answer::Cursor(u64::MAX))), (8, Err(String::from("no")))],
            scene: Some(Box::default()),
            log: Some(LogDelta::default()),
            script: None,
        };
        assert_eq!(decode::<Report>(&encode(&report)), Ok(report));
    }

    #[test]
    fn bytes_of_another_build_are_an_error_and_name_their_length() {
        let error = decode::<Batch>(&[250, 250]).unwrap_err();
        assert!(error.contains("2 bytes"), "{error}");
    }

    #[test]
    fn a_photo_gives_back_the_text_of_the_tool() {
        let row = |text: &str| PhotoRow { text: text.to_owned(), blocks: None, words: String::new() };
        let photo = Photo {
            tool: Tool::Seek,
            file: String::new(),
            sync: false,
            step: 0,
            changed: None,
            rows: vec![row("a"), row("b")],
        };
        assert_eq!(photo.text(), "a\nb\n");
    }
}
