//! Stands in for the engine's live run until it lands; the signatures are the engine's. Goes away then.
//!
//! A toy: a write takes the inode's lock, marks blocks dirty, one step per block; everything else is nothing.
#![allow(missing_docs, clippy::missing_panics_doc, clippy::missing_errors_doc)]

use crate::base::cache_state::BlockState;
use crate::base::{Errno, FileBlock, Ino, PageIndex, Range, StateCell, TaskId};
use crate::scenario::script::{Command, Directives, Line};
use crate::sim::cx::Recording;
use crate::sim::{Choice, Chooser, Cx, Executor, Outcome, WaitQueue};
use crate::trace::{Event, LockClass, LockId, Mark, Mode, Reason};
use crate::view::World;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::rc::Rc;

#[derive(Clone, Debug)]
pub struct Setup {
    pub directives: Directives,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetupError(pub String);

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Setup {
    pub fn new(personality: &str, directives: &Directives) -> Result<Self, SetupError> {
        if personality != "ext4" {
            return Err(SetupError(format!("there is no personality `{personality}`")));
        }
        Ok(Self { directives: directives.clone() })
    }
    pub fn block_size(&self) -> u64 {
        4096
    }
    pub fn device_blocks(&self) -> u64 {
        64
    }
    pub fn personality_name(&self) -> &'static str {
        "ext4"
    }
    pub fn level_name(&self) -> &'static str {
        "6.18"
    }
    pub fn seed(&self) -> u64 {
        0
    }
}

#[derive(Clone, Debug, Default)]
pub struct CommandResult {
    pub ret: Option<i64>,
    pub err: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub struct Finished {
    pub number: u32,
    pub result: CommandResult,
    pub text: String,
}

#[derive(Default)]
struct Inbox {
    lines: StateCell<VecDeque<(u32, Line)>>,
    waiters: WaitQueue,
}

#[derive(Default)]
struct Fs {
    names: StateCell<BTreeMap<String, Ino>>,
    current: StateCell<Option<Ino>>,
    cached: StateCell<BTreeSet<(Ino, u64)>>,
    finished: StateCell<Vec<Finished>>,
}

pub struct Machine {
    cx: Cx,
    executor: Executor,
    inboxes: BTreeMap<Option<String>, Rc<Inbox>>,
    fs: Rc<Fs>,
    numbers: u32,
}

impl Machine {
    pub fn new(_setup: &Setup, recording: Recording) -> Self {
        let cx = Cx::new(recording);
        cx.check_lock_order(false);
        let executor = Executor::new(cx.clone(), Chooser::Default);
        let mut machine = Self { cx, executor, inboxes: BTreeMap::new(), fs: Rc::default(), numbers: 0 };
        machine.spawn(None);
        machine.executor.run();
        machine
    }
    fn spawn(&mut self, name: Option<String>) -> Rc<Inbox> {
        let inbox = Rc::new(Inbox::default());
        self.inboxes.insert(name.clone(), inbox.clone());
        let body = script_task(self.cx.clone(), inbox.clone(), self.fs.clone());
        self.cx.spawn(name.as_deref().unwrap_or("script"), true, Box::pin(body));
        inbox
    }
    pub fn cx(&self) -> &Cx {
        &self.cx
    }
    pub fn submit(&mut self, line: &Line) -> u32 {
        self.numbers += 1;
        let inbox = match self.inboxes.get(&line.task) {
            Some(inbox) => inbox.clone(),
            None => self.spawn(line.task.clone()),
        };
        inbox.lines.change(|lines| lines.push_back((self.numbers, line.clone())));
        inbox.waiters.wake_all(&self.cx);
        self.numbers
    }
    pub fn run(&mut self) -> Outcome {
        self.executor.set_stepping(false);
        self.executor.run()
    }
    pub fn step(&mut self, task: Option<TaskId>) -> Outcome {
        self.executor.set_stepping(true);
        self.executor.run_one(task)
    }
    pub fn replay(&mut self, choices: Vec<Choice>) {
        self.executor.replay(choices);
    }
    pub fn choices(&self) -> Vec<Choice> {
        self.executor.choices().to_vec()
    }
    pub fn take_finished(&mut self) -> Vec<Finished> {
        self.fs.finished.change(std::mem::take)
    }
    pub fn walk(&self) -> World {
        World::default()
    }
    pub fn verify(&self) -> Result<(), String> {
        Ok(())
    }
}

async fn script_task(cx: Cx, inbox: Rc<Inbox>, fs: Rc<Fs>) {
    loop {
        inbox.waiters.wait_until(&cx, Reason::Command, || inbox.lines.with(|lines| !lines.is_empty())).await;
        let Some((number, line)) = inbox.lines.change(VecDeque::pop_front) else { continue };
        cx.step(Mark::Command(number)).await;
        let task = cx.current();
        cx.emit(|| Event::CommandBegan { task, number });
        let (result, text) = command(&cx, &fs, &line).await;
        let errno = result.err.map(|_| Errno::EBADF);
        cx.emit(|| Event::CommandEnded { task, number, ret: result.ret.unwrap_or(0), errno });
        fs.finished.change(|finished| finished.push(Finished { number, result, text }));
    }
}

async fn command(cx: &Cx, fs: &Fs, line: &Line) -> (CommandResult, String) {
    match &line.command {
        Command::Open(open) => {
            let known = fs.names.with(|names| names.get(&open.name).copied());
            let ino = known.unwrap_or_else(|| {
                let ino = fs.names.with(|names| Ino(u32::try_from(names.len()).expect("few files") + 1));
                cx.emit(|| Event::InodeCreated { ino });
                cx.emit(|| Event::NameSet { name: open.name.clone(), ino });
                fs.names.change(|names| names.insert(open.name.clone(), ino));
                ino
            });
            fs.current.change(|current| *current = Some(ino));
            cx.emit(|| Event::CurrentChanged { name: open.name.clone() });
            (CommandResult::default(), String::new())
        }
        Command::Pwrite(write) => {
            let Some(ino) = fs.current.with(|current| *current) else {
                return (CommandResult { ret: None, err: Some("EBADF") }, "no file is open\n".to_owned());
            };
            let lock = |a| LockId { class: LockClass::Inode, a, b: 0 };
            let _inode = cx.lock(lock(u64::from(ino.0)), Mode::Exclusive).await;
            let first = u64::try_from(write.range.off).expect("positive") / 4096;
            let count = u64::try_from(write.range.len).expect("positive") / 4096;
            for block in first..first + count {
                cx.step(Mark::Call).await;
                let (range, index) = (Range::sized(FileBlock(block), 1), PageIndex(block));
                let state = BlockState { uptodate: true, dirty: true, ..BlockState::default() };
                if fs.cached.change(|cached| cached.insert((ino, block))) {
                    cx.emit(|| Event::FolioAdded { ino, index, pages: 1 });
                }
                cx.emit(|| Event::BlocksState { ino, range, state });
            }
            let text = format!("wrote {0}/{0} bytes at offset {1}\n", write.range.len, write.range.off);
            (CommandResult { ret: Some(write.range.len), err: None }, text)
        }
        // A toy deadlock: two tasks that sync at once take two locks in opposite orders.
        Command::Syncfs => {
            let odd = u64::from(cx.current().0 % 2);
            let lock = |a| LockId { class: LockClass::Commit, a, b: 0 };
            let _one = cx.lock(lock(odd), Mode::Exclusive).await;
            let _two = cx.lock(lock(1 - odd), Mode::Exclusive).await;
            (CommandResult::default(), String::new())
        }
        _ => (CommandResult::default(), String::new()),
    }
}
