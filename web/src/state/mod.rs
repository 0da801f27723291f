//! What the page knows beside the picture, and how each action changes it. Pure: no browser in here.

mod action;
mod answer;
mod choice;
mod console;
mod nav;
mod opening;
mod reduce;
#[cfg(test)]
mod tests;

use std::ops::Deref;
use std::rc::Rc;

pub use action::{Action, Effect, Focus, For, Reported};
pub use choice::{Engine, LOW, Layout, Notice, Overlay, Pane, Play, Prefs, Room, SPEEDS, STEP_MS, Side, Tab, Theme};
pub use console::Console;
pub use nav::{Dir, device_columns};
pub use opening::Opening;
pub use reduce::reduce;

use crate::protocol::{LogEntry, Photo, Pick, StepSize, Tool, View};
use crate::scene::{Lane, Scene, Standing};

/// A shared value; two are equal when they are the same one. Cheap to hand to components.
#[derive(Debug)]
pub struct Shared<T>(Rc<T>);

impl<T> Shared<T> {
    /// Shares a value.
    pub fn new(value: T) -> Self {
        Self(Rc::new(value))
    }
}
impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}
impl<T> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}
impl<T> Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

/// Everything the page knows.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own on the page")]
pub struct State {
    /// The worker.
    pub engine: Engine,
    /// The picture.
    pub scene: Option<Shared<Scene>>,
    /// What the worker is told about the page.
    pub view: View,
    /// The script of the run: survives the worker.
    pub script: String,
    /// The chosen scenario; empty when the script is the viewer's own.
    pub scenario: String,
    /// The console's entries.
    pub log: Shared<Vec<LogEntry>>,
    /// The console's line.
    pub console: Console,
    /// A line that the worker had not finished when it failed.
    pub unfinished: Option<String>,
    /// What is wrong with the device that could not be mounted, a rule a line.
    pub broken: String,
    /// The viewer has said yes to what comes now.
    pub sure: bool,
    /// What is kept.
    pub prefs: Prefs,
    /// The layout.
    pub layout: Layout,
    /// The window is low.
    pub low: bool,
    /// The presenter's layout.
    pub present: bool,
    /// The left column is shown where it is folded away by default, and the right one in the presenter's layout.
    pub drawer: bool,
    /// The right column.
    pub tab: Tab,
    /// The left column.
    pub side: Side,
    /// The narrow layout.
    pub pane: Pane,
    /// The tool whose answer is shown.
    pub tool: Tool,
    /// FIEMAP or filefrag, whichever was shown last.
    pub listing: Tool,
    /// The tools' last answers, in the order of [`Tool::ALL`].
    pub photos: [Option<Shared<Photo>>; 3],
    /// "Sync first", in the same order.
    pub sync: [bool; 3],
    /// Playing.
    pub play: Play,
    /// The size of a step.
    pub size: StepSize,
    /// Console lines wait to be stepped.
    pub pause: bool,
    /// The cell that has the keyboard.
    pub cell: Pick,
    /// The inspector stays where it is.
    pub pinned: bool,
    /// The live region.
    pub status: String,
    /// What lies over the page.
    pub overlay: Option<Overlay>,
    /// The first seconds.
    pub opening: Opening,
    /// A message.
    pub notice: Option<Notice>,
    /// The tab of the browser is hidden.
    pub hidden: bool,
    /// Steps wait for an answer.
    pub stepping: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            engine: Engine::Starting,
            scene: None,
            view: View::default(),
            script: String::new(),
            scenario: String::new(),
            log: Shared::new(Vec::new()),
            console: Console::default(),
            unfinished: None,
            broken: String::new(),
            sure: false,
            prefs: Prefs::default(),
            layout: Layout::Wide,
            low: false,
            present: false,
            drawer: false,
            tab: Tab::Inspect,
            side: Side::Scenario,
            pane: Pane::Map,
            tool: Tool::Filefrag,
            listing: Tool::Filefrag,
            photos: [None, None, None],
            sync: [true, false, false],
            play: Play { on: false, speed: 2, said: 0 },
            size: StepSize::Atomic,
            pause: false,
            cell: Pick { lane: Lane::Cache, block: 0 },
            pinned: false,
            status: String::new(),
            overlay: None,
            opening: Opening::Before,
            notice: None,
            hidden: false,
            stepping: false,
        }
    }
}

impl State {
    /// Whether something can run at the head, and the cursor is there.
    pub fn at_live_head(&self) -> bool {
        self.scene.as_ref().is_some_and(|scene| scene.cursor == scene.length && scene.standing == Standing::Pending)
    }
    /// How much room drawings have.
    pub fn room(&self) -> Room {
        match (self.present, self.layout) {
            (true, _) => Room::Hall,
            (false, Layout::Narrow) => Room::Hand,
            (false, Layout::Wide | Layout::Medium) if self.low => Room::Low,
            (false, Layout::Wide | Layout::Medium) => Room::Desk,
        }
    }
    /// Another run: what was chosen in the old one means nothing.
    pub fn forget_file(&mut self) {
        self.view.file = None;
        self.view.lens_first = 0;
        self.view.device_first = None;
        self.view.meta_near = 0;
        self.play.on = false;
    }
    /// The last answer of the chosen tool.
    pub fn photo(&self) -> Option<&Shared<Photo>> {
        self.photos[tool_place(self.tool)].as_ref()
    }
    /// Shows another tool's answer.
    pub fn choose_tool(&mut self, tool: Tool) {
        self.tool = tool;
        if tool != Tool::Seek {
            self.listing = tool;
        }
    }
    /// "Sync first" of the chosen tool.
    pub fn sync_first(&self) -> bool {
        self.sync[tool_place(self.tool)]
    }
}

/// The place of a tool in lists by tool.
pub fn tool_place(tool: Tool) -> usize {
    match tool {
        Tool::Fiemap => 0,
        Tool::Filefrag => 1,
        Tool::Seek => 2,
    }
}
