//! The session behind the page: does what calls ask for, and shows what the view sees.

use extentscope_core::base::{Errno, TaskId};
use extentscope_core::dev::file::{ByteFile, FileMedium, Remember};
use extentscope_core::scenario::devices::Start;
use extentscope_core::scenario::found::{self, Trouble};
use extentscope_core::scenario::parse::parse;
use extentscope_core::scenario::script::Directives;
use extentscope_core::scenario::setup::Setup;
use extentscope_core::session::{Boundary, Direction, LineReport, Session, Standing, Sync};
use extentscope_core::trace::{Mark, TaskState};

use super::console::Log;
use super::source::Source;
use super::stage::{self, Stage};
use super::{inspector, photo};
use crate::protocol::{Answer, Batch, Call, Photo, Place, Report, StepSize, Tool, View};
use crate::scene::Lane;

/// Live steps that one call takes at most; a longer run is continued by another call.
const LIVE_STEPS_MAX: usize = 20_000;

/// Owns the run.
#[derive(Default)]
pub struct Engine {
    session: Option<Session>,
    stage: Stage,
    log: Log,
    source: Source,
    /// The script as the page has it.
    script: String,
    /// The file that the run's device lies in; none for memory.
    file: Option<File>,
    /// The run's device is a copy of the browser's file, which stays as it is.
    copy: bool,
    /// The browser's file, opened for the call that asks for it.
    arrived: Option<Result<Box<dyn ByteFile>>>,
}

/// A file of the browser.
type File = FileMedium<Box<dyn ByteFile>>;

type Result<T> = std::result::Result<T, String>;

impl Engine {
    /// Answers a batch.
    pub fn report(&mut self, batch: Batch) -> Report {
        let Batch { view, calls } = batch;
        let answers = calls.into_iter().map(|(id, call)| (id, self.call(&view, call))).collect();
        let Some(session) = self.session.as_mut() else {
            return Report { answers, scene: None, log: self.log.delta(), script: None };
        };
        self.log.follow(session.commands());
        self.source.follow(session.commands());
        let script = self.source.text(|| session.script());
        let mut scene = self.stage.scene(session, &view, &script);
        if let Some(file) = &self.file {
            let counts = file.counts();
            scene.settings.place = Place::Opfs;
            scene.settings.file_counts = Some((counts.writes, counts.syncs));
        } else if self.copy {
            scene.settings.place = Place::Copy;
        }
        let changed = script != self.script;
        self.script.clone_from(&script);
        Report { answers, scene: Some(Box::new(scene)), log: self.log.delta(), script: changed.then_some(script) }
    }

    /// The browser's file is open, or why it is not: for the [`Call::Place`] of the next batch.
    pub fn arrive(&mut self, file: Result<Box<dyn ByteFile>>) {
        self.arrived = Some(file);
    }

    /// How a batch needs the browser's file to be opened first.
    pub fn needs_file(&self, batch: &Batch) -> Option<Place> {
        batch.calls.iter().find_map(|(_, call)| match call {
            Call::Place(Place::Opfs) if self.file.is_none() => Some(Place::Opfs),
            Call::Place(Place::Copy) => Some(Place::Copy),
            _ => None,
        })
    }

    fn session(&mut self) -> Result<&mut Session> {
        self.session.as_mut().ok_or_else(|| String::from("no script is loaded"))
    }

    fn call(&mut self, view: &View, call: Call) -> Result<Answer> {
        match call {
            Call::Look => Ok(Answer::Done),
            Call::Load { script, personality } => self.load(&script, personality.as_deref()),
            Call::Run(line) => self.run(&line),
            Call::Start(line) => self.start(&line),
            Call::Step { size, forward, count } => self.step(view, size, forward, count),
            Call::Goto(step) => self.goto(step),
            Call::StepTask { task, until_blocked } => self.step_task(TaskId(task), until_blocked),
            Call::RunPending => {
                self.session()?.run_pending(LIVE_STEPS_MAX);
                self.cursor()
            }
            Call::NextChange { forward } => self.next_change(view, forward),
            Call::Ask { tool, sync, current: false } => self.ask(view, tool, sync),
            Call::Ask { tool, sync, current: true } => self.ask(&View::default(), tool, sync),
            Call::Length => Ok(Answer::Number(wide(self.session()?.len()))),
            Call::Digest => self.digest(),
            Call::State => self.state(),
            Call::SwitchBranch(index) => self.branch(index, Session::switch_branch),
            Call::DiscardBranch(index) => self.branch(index, Session::discard_branch),
            Call::Place(place) => self.place(place),
            Call::Image => Ok(Answer::Bytes(self.session()?.image())),
            Call::OpenImage(bytes) => self.open_image(bytes),
            Call::Wipe => self.wipe(),
            Call::Bookmark => {
                let session = self.session()?;
                let step = session.cursor();
                session.toggle_bookmark(step);
                Ok(Answer::Done)
            }
        }
    }

    fn cursor(&mut self) -> Result<Answer> {
        Ok(Answer::Cursor(wide(self.session()?.cursor())))
    }

    fn load(&mut self, script: &str, personality: Option<&str>) -> Result<Answer> {
        let session = match &self.file {
            None => Session::load(script, personality).map_err(|error| error.to_string())?,
            Some(file) => on_file(file, script, personality)?,
        };
        self.begin(session, script, personality)
    }

    /// Another run is the one that is seen.
    fn begin(&mut self, session: Session, script: &str, personality: Option<&str>) -> Result<Answer> {
        self.log.clear();
        self.stage.clear();
        self.copy = false;
        if let Standing::Deadlock(text) = session.standing() {
            self.log.follow(session.commands());
            self.log.note(&text, true);
        }
        self.source = Source::new(script, personality, session.commands());
        self.session = Some(session);
        self.cursor()
    }

    /// A run on another device. What is there is mounted; an empty file is formatted with the settings of now.
    fn place(&mut self, place: Place) -> Result<Answer> {
        let here = if self.file.is_some() { Place::Opfs } else { Place::Memory };
        if place == here && !self.copy {
            return Ok(Answer::Done);
        }
        if place == Place::Memory {
            self.file = None;
            let script = self.script.clone();
            return self.load(&script, None);
        }
        let file = self.arrived.take().unwrap_or_else(|| Err(String::from("the browser's storage was not opened")))?;
        let file = FileMedium::new(file, 512, Remember::Yes);
        if place == Place::Copy {
            let answer = self.mount(&file, Start::ReadOnly)?;
            (self.file, self.copy) = (None, true);
            return Ok(answer);
        }
        let answer = if file.file(|file| file.size()).map_err(said)? == 0 {
            let setup = self.session()?.setup().clone();
            self.format(&file, setup)?
        } else {
            self.mount(&file, Start::Mount)?
        };
        self.file = Some(file);
        Ok(answer)
    }

    fn format(&mut self, file: &File, setup: Setup) -> Result<Answer> {
        found::make(file, &setup).map_err(said)?;
        let devices = found::devices(file, &setup, Start::Format);
        let settings = setup.settings();
        self.begin(Session::on(setup, devices), &settings, None)
    }

    fn mount(&mut self, file: &File, start: Start) -> Result<Answer> {
        let setup = found::find(file, &Directives::default()).map_err(|trouble| trouble.to_string())?;
        let devices = found::devices(file, &setup, start);
        let settings = setup.settings();
        self.begin(Session::on(setup, devices), &settings, None)
    }

    /// An image is looked at before it replaces anything.
    fn open_image(&mut self, bytes: Vec<u8>) -> Result<Answer> {
        let (_, findings) = found::check(&bytes);
        if !findings.is_empty() {
            return Err(Trouble::Broken(findings).to_string());
        }
        let Some(file) = self.file.clone() else {
            return self.mount(&FileMedium::new(Box::new(bytes), 512, Remember::Yes), Start::Mount);
        };
        self.session = None;
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let written = file.file(|file| {
            file.resize(size)?;
            file.write_at(0, &bytes)?;
            file.sync()
        });
        written.map_err(said)?;
        self.mount(&file, Start::Mount)
    }

    fn wipe(&mut self) -> Result<Answer> {
        let setup = self.session()?.setup().clone();
        match self.file.clone() {
            Some(file) => self.format(&file, setup),
            None => {
                let settings = setup.settings();
                self.begin(Session::new(setup), &settings, None)
            }
        }
    }

    fn run(&mut self, line: &str) -> Result<Answer> {
        let result = self.session()?.run_line(line);
        match result {
            Ok(report) => {
                self.note_report(&report);
                Ok(Answer::Text(report.output))
            }
            Err(error) => Err(self.reject(line, &error.to_string())),
        }
    }

    fn reject(&mut self, line: &str, reason: &str) -> String {
        if let Some(session) = &self.session {
            self.log.follow(session.commands());
        }
        self.log.rejected(line, reason);
        reason.to_owned()
    }

    fn note_report(&mut self, report: &LineReport) {
        if let Some(name) = &report.forked {
            self.stage.forget_past();
            if let Some(session) = &self.session {
                let before = session.commands().len().saturating_sub(1);
                self.log.follow(&session.commands()[..before]);
            }
            self.log.note(&format!("The past was changed here. The old future is kept as branch {name}."), false);
        }
        if let Some(session) = &self.session {
            self.log.follow(session.commands());
        }
        if let Standing::Deadlock(text) = &report.outcome {
            self.log.note(text, true);
        }
    }

    fn start(&mut self, line: &str) -> Result<Answer> {
        let result = self.session()?.start_line(line);
        match result {
            Ok(_) => Ok(Answer::Text(String::new())),
            Err(error) => Err(self.reject(line, &error.to_string())),
        }
    }

    fn goto(&mut self, step: u64) -> Result<Answer> {
        let session = self.session()?;
        let last = session.len();
        match usize::try_from(step) {
            Ok(step) if step <= last => session.seek(step),
            _ => return Err(format!("there is no step {step}: the last one is {last}")),
        };
        self.cursor()
    }

    fn step(&mut self, view: &View, size: StepSize, forward: bool, count: u32) -> Result<Answer> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        if size == StepSize::Atomic {
            let session = self.session()?;
            if forward {
                session.step_forward(count)
            } else {
                session.step_back(count)
            };
            return self.cursor();
        }
        for _ in 0..count {
            let before = self.session()?.cursor();
            self.long_step(view, size, forward)?;
            if self.session()?.cursor() == before {
                break;
            }
        }
        self.cursor()
    }

    fn long_step(&mut self, view: &View, size: StepSize, forward: bool) -> Result<()> {
        let chosen = stage::chosen(self.session()?.world(), view).map(|(_, ino)| ino);
        let selected = view.selection.and_then(|pick| inspector::selection(pick, chosen));
        let boundary = match (size, selected) {
            (StepSize::Atomic | StepSize::Call, _) => Boundary::Call,
            (StepSize::Bookmark, _) => Boundary::Bookmark,
            (StepSize::Change, Some(selected)) => Boundary::Change(selected),
            (StepSize::Change, None) => return self.step_to_visible_change(view, forward),
        };
        let session = self.session()?;
        let at_head = session.cursor() == session.len();
        if forward && at_head && session.pending() {
            live_steps(session, size == StepSize::Call);
        } else {
            let direction = if forward { Direction::Forward } else { Direction::Backward };
            let target = session.next_boundary(&boundary, direction);
            session.seek(target);
        }
        Ok(())
    }

    /// Nothing is selected: to the next step after which the picture looks different.
    fn step_to_visible_change(&mut self, view: &View, forward: bool) -> Result<()> {
        let script = self.script.clone();
        let plain = View { selection: None, tree: false, text: false, ..view.clone() };
        for _ in 0..LIVE_STEPS_MAX {
            let Some(session) = self.session.as_mut() else { break };
            let before = session.cursor();
            let after = if forward { session.step_forward(1) } else { session.step_back(1) };
            if after == before {
                break;
            }
            self.stage.scene(session, &plain, &script);
            if self.stage.moved() {
                break;
            }
        }
        Ok(())
    }

    fn step_task(&mut self, task: TaskId, until_blocked: bool) -> Result<Answer> {
        let session = self.session()?;
        for _ in 0..if until_blocked { LIVE_STEPS_MAX } else { 1 } {
            session.step_task(task).map_err(|error| error.to_string())?;
            let can_run = session.world().tasks.get(&task).is_some_and(|view| view.state == TaskState::Runnable);
            if !can_run {
                break;
            }
        }
        self.cursor()
    }

    fn next_change(&mut self, view: &View, forward: bool) -> Result<Answer> {
        let pick = view.selection.unwrap_or(crate::protocol::Pick { lane: Lane::Extents, block: 0 });
        let found = self.stage.next_change(pick.lane, pick.block, forward);
        found.map(Answer::Number).ok_or_else(|| String::from("nothing changes further along this lane"))
    }

    fn ask(&mut self, view: &View, tool: Tool, sync: bool) -> Result<Answer> {
        let session = self.session()?;
        let name = stage::chosen(session.world(), view).map(|(name, _)| name);
        let name = name.ok_or_else(|| String::from("there is no file to ask about"))?;
        let block_size = stage::block_size(session);
        let text = |error: extentscope_core::session::LineError| error.to_string();
        let (answer, changed) = match (tool, sync) {
            (Tool::Seek, _) => {
                let table = session.seek_table(Some(&name)).map_err(text)?;
                return Ok(Answer::Photo(Photo {
                    tool,
                    sync: false,
                    step: wide(table.step),
                    changed: None,
                    rows: photo::rows(tool, &table.text, block_size, &[]),
                    file: name,
                }));
            }
            (_, false) => (session.fiemap(Some(&name), Sync::No).map_err(text)?, None),
            (_, true) => {
                let before = session.fiemap(Some(&name), Sync::No).map_err(text)?;
                let after = session.fiemap(Some(&name), Sync::Yes).map_err(text)?;
                let changed = (before.records != after.records).then_some(before.text_filefrag_v);
                (after, changed)
            }
        };
        let shown = if tool == Tool::Fiemap { &answer.text_xfs_io_v } else { &answer.text_filefrag_v };
        let rows = photo::rows(tool, shown, block_size, &answer.records);
        Ok(Answer::Photo(Photo { tool, file: name, sync, step: wide(answer.step), changed, rows }))
    }

    fn digest(&mut self) -> Result<Answer> {
        let session = self.session()?;
        Ok(Answer::Text(format!("{:016x} {:016x}", session.run_digest(), session.state_digest())))
    }

    fn state(&mut self) -> Result<Answer> {
        Ok(Answer::Text(self.session()?.map().to_text()))
    }

    fn branch(&mut self, index: u32, change: impl FnOnce(&mut Session, usize) -> bool) -> Result<Answer> {
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        if !change(self.session()?, index) {
            return Err(String::from("there is no such branch"));
        }
        self.stage.forget_past();
        self.cursor()
    }
}

/// A run of a script on what a file holds.
fn on_file(file: &File, script: &str, personality: Option<&str>) -> Result<Session> {
    let script = parse(script).map_err(|errors| errors[0].to_string())?;
    let mut directives = script.directives.clone();
    directives.personality = personality.map(str::to_owned).or(directives.personality);
    let setup = found::find(file, &directives).map_err(|trouble| trouble.to_string())?;
    let devices = found::devices(file, &setup, Start::Mount);
    Ok(Session::play_on(setup, devices, &script.lines))
}

fn said(errno: Errno) -> String {
    match errno {
        Errno::ENOSPC => String::from("The browser gives no more storage: free some, or take a smaller device."),
        other => format!("The browser's storage fails: {}", other.text()),
    }
}

fn wide(step: usize) -> u64 {
    u64::try_from(step).unwrap_or(u64::MAX)
}

/// At the head: one live step, or as many as lead to the next system call.
fn live_steps(session: &mut Session, to_call: bool) {
    for _ in 0..LIVE_STEPS_MAX {
        let before = session.cursor();
        let at = session.step_forward(1);
        let mark = session.step_info(at).map(|info| info.mark);
        if at == before || !to_call || matches!(mark, Some(Mark::Call | Mark::Command(_))) {
            break;
        }
    }
}
