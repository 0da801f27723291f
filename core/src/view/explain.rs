//! From an event to a phrase, and from a step to one sentence: who did what to what.
//!
//! Owns the choice of words' keys and of what in a step is worth saying; the words are `message`'s.

use super::lexicon::Lexicon;
use super::message::{Arg, Message, counter_text};
use crate::base::cache_state::BlockState;
use crate::base::order_by;
use crate::base::{
    DevBlock, Entry, Extent, ExtentKind, FileBlock, Ino, NodeId, NodePlace, PageIndex, Payload, Range, Staged, TaskId,
};
use crate::sim::deadlock::WaitEdge;
use crate::trace::{Event, Frame, LockClass, LockId, Mark, Reason, Recorder, TaskState};

/// The most phrases in the sentence of one step.
const PHRASES_MAX: usize = 3;

/// Who talks: whose names are known, who acts, and where in the run.
#[derive(Clone, Copy)]
pub struct Speaker<'a> {
    /// Names.
    pub names: &'a Lexicon,
    /// Who took the step; nobody mounts.
    pub actor: Option<TaskId>,
    /// The number of the event.
    pub at: usize,
}

/// What a step did, in one sentence.
pub fn step(recorder: &Recorder, names: &Lexicon, step: usize) -> String {
    let Some(record) = step.checked_sub(1).and_then(|at| recorder.steps.get(at)) else {
        return sentence(None, &[Message::new("step.mount", Vec::new())]);
    };
    let (first, end) = (record.first_event, recorder.events_until(step));
    let mut said: Vec<(u8, Message)> = Vec::new();
    for (at, event) in (first..end).zip(&recorder.events[first..end]) {
        let phrase = Speaker { names, actor: Some(record.task), at }.event(event);
        let joined = said.iter_mut().rev().take(8).any(|(_, before)| before.join(&phrase));
        if !joined {
            said.push((weight(event), phrase));
        }
    }
    let mut phrases = worth_saying(said);
    if phrases.is_empty() {
        let speaker = Speaker { names, actor: Some(record.task), at: first };
        phrases.push(speaker.resumed(record.mark));
    }
    sentence(Some(&names.task(record.task)), &phrases)
}

/// The weightiest phrases, in the order in which they happened. Small change is said only when there is nothing else.
fn worth_saying(said: Vec<(u8, Message)>) -> Vec<Message> {
    let large = said.iter().any(|(weight, _)| *weight >= WORTH);
    let most = if large { PHRASES_MAX } else { PHRASES_MAX - 1 };
    let mut ranked: Vec<(usize, u8)> = said.iter().map(|(weight, _)| *weight).enumerate().collect();
    ranked.retain(|(_, weight)| !large || *weight >= WORTH);
    order_by(&mut ranked, |(_, weight)| u64::from(u8::MAX - weight));
    ranked.truncate(most);
    let chosen = |at: usize| ranked.iter().any(|(index, _)| *index == at);
    said.into_iter().enumerate().filter(|(at, _)| chosen(*at)).map(|(_, (_, phrase))| phrase).collect()
}

/// What one event of step `step` says, in one sentence.
pub fn event(recorder: &Recorder, names: &Lexicon, step: usize, at: usize) -> String {
    let actor = step.checked_sub(1).and_then(|index| recorder.steps.get(index)).map(|record| record.task);
    let phrase = Speaker { names, actor, at }.event(&recorder.events[at]);
    sentence(actor.map(|task| names.task(task)).as_deref(), &[phrase])
}

/// Who waits for whom, as sentences.
pub fn deadlock(cycle: &[WaitEdge], stuck: &[TaskId], names: &Lexicon) -> String {
    if cycle.is_empty() {
        let who: Vec<String> = stuck.iter().map(|task| names.task(*task)).collect();
        return format!("Nothing can run, and {} waits for something that nobody will do.", who.join(", "));
    }
    let mut text = "Deadlock.".to_owned();
    for edge in cycle {
        let speaker = Speaker { names, actor: None, at: usize::MAX };
        let phrase = Message::new(
            "deadlock.edge",
            vec![
                speaker.lock(edge.lock),
                ("wants", Arg::Mode(edge.wants)),
                ("holder", Arg::Task(names.task(edge.holder))),
                ("has", Arg::Mode(edge.has)),
            ],
        );
        text.push(' ');
        text.push_str(&sentence(Some(&names.task(edge.waiter)), &[phrase]));
    }
    text
}

/// `Subject phrase, phrase and phrase.`
fn sentence(subject: Option<&str>, phrases: &[Message]) -> String {
    let mut text = subject.unwrap_or_default().to_owned();
    for (at, phrase) in phrases.iter().enumerate() {
        let joint = match at {
            0 if text.is_empty() => "",
            0 => " ",
            _ if at + 1 == phrases.len() => " and ",
            _ => ", ",
        };
        text.push_str(joint);
        text.push_str(&phrase.text());
    }
    if subject.is_none() {
        // Only a file's name could begin with another letter, and that stays as it is.
        if let Some(first) = text.get_mut(..1) {
            first.make_ascii_uppercase();
        }
    }
    text + "."
}

/// Events below this weight are said only when a step has nothing better.
const WORTH: u8 = 30;

/// How much an event is worth saying.
fn weight(event: &Event) -> u8 {
    match event {
        Event::MemoryDropped {} | Event::ShutDown {} | Event::PowerCut {} => 100,
        Event::RequestFailed { .. } => 91,
        Event::Committed { .. } => 95,
        Event::CommandEnded { errno: Some(_), .. } => 92,
        Event::CommandBegan { .. } => 90,
        Event::LockWaited { .. } => 88,
        Event::LockRefused { .. } => 86,
        Event::NodeSpliced { inserted, .. } if inserted.iter().all(|entry| matches!(entry, Entry::Extent(_))) => 80,
        Event::DeviceData { .. } => 76,
        Event::DeviceFlushed { .. } => 74,
        Event::SpaceTaken { .. } => 72,
        Event::OrderedBegan { .. } => 73,
        Event::InlineSet { .. } | Event::DelayedAdded { .. } | Event::StagingSet { .. } => 66,
        Event::DelayedUnbacked { .. } => 65,
        Event::BlocksState { state, .. } if state.dirty => 60,
        Event::FileOpened { .. } | Event::NameRemoved { .. } => 60,
        Event::RequestDone { .. } => 58,
        Event::BlocksData { .. } => 56,
        Event::PiecePacked { .. } => 70,
        Event::PieceLeft { .. } | Event::SumsGone { .. } => 32,
        Event::SumWrong { .. } => 90,
        Event::SumKept { .. } => 50,
        Event::WritePointMoved { .. } => 4,
        Event::NodePlaceChanged { .. } => 3,
        Event::BlocksShared { .. } => 64,
        Event::DiskExtentMade { .. } | Event::DiskExtentUsed { .. } | Event::DiskExtentGone { .. } => 32,
        Event::SpacePinned { .. } | Event::SpaceFreed { .. } | Event::TreeRemoved { .. } => 54,
        Event::RequestQueued { .. } => 52,
        Event::NodeSpliced { .. } | Event::NodeCreated { .. } | Event::NodeFreed { .. } | Event::TreeRoot { .. } => 46,
        Event::SizeChanged { .. } | Event::DiskSizeChanged { .. } | Event::NameSet { .. } => 44,
        Event::HintsSet { .. } | Event::InlineRoom { .. } => 64,
        Event::DelayedRemoved { .. } | Event::StagingEnded { .. } | Event::InlineRemoved { .. } => 42,
        Event::OrderedArrived { .. } | Event::OrderedEnded { .. } => 43,
        Event::InodeCreated { .. } | Event::InodeRemoved { .. } | Event::FileClosed { .. } => 48,
        Event::CommandEnded { .. } | Event::FolioWriteback { .. } => 38,
        Event::BlocksState { .. } => 36,
        Event::FolioAdded { .. } | Event::FolioRemoved { .. } | Event::FolioSplit { .. } => 34,
        Event::LockTaken { .. } => 28,
        Event::TaskSpawned { .. } => 26,
        Event::TaskChanged { .. } => 22,
        Event::ClockMoved { .. } => 18,
        Event::LockAbandoned { .. } | Event::LockDropped { .. } => 12,
        Event::CurrentChanged { .. } => 10,
        Event::FrameEntered { .. } => 8,
        Event::LedgerChanged { .. } => 5,
        Event::FrameLeft { .. } => 3,
    }
}

impl Message {
    /// Takes in `next` when it says the same of the blocks right behind.
    fn join(&mut self, next: &Self) -> bool {
        let runs = self.args.iter().zip(&next.args).filter(|(mine, _)| matches!(mine.1, Arg::Run(..)));
        let adjoining = runs.clone().count() > 0
            && runs.clone().all(|(mine, theirs)| match (&mine.1, &theirs.1) {
                (Arg::Run(first, count), Arg::Run(next, _)) => first + count == *next,
                _ => false,
            });
        let others = self.args.iter().zip(&next.args).filter(|(mine, _)| !matches!(mine.1, Arg::Run(..)));
        let same = self.key == next.key && others.clone().all(|(mine, theirs)| mine == theirs);
        if !same || !adjoining {
            return same && self == next;
        }
        for (mine, theirs) in self.args.iter_mut().zip(&next.args) {
            if let (Arg::Run(_, count), Arg::Run(_, more)) = (&mut mine.1, &theirs.1) {
                *count += more;
            }
        }
        true
    }
}

impl Speaker<'_> {
    /// Where a task goes on, for a step in which nothing else happened.
    fn resumed(&self, mark: Mark) -> Message {
        let (key, args) = match mark {
            Mark::Woken(Reason::Command) => ("resume.command", Vec::new()),
            Mark::Woken(Reason::Work) => ("resume.work", Vec::new()),
            Mark::Woken(Reason::Io(_)) => ("resume.io", Vec::new()),
            Mark::Woken(Reason::Writeback(ino)) => ("resume.writeback", vec![("file", self.raw_file(ino))]),
            Mark::Woken(Reason::Timer(_)) => ("resume.timer", Vec::new()),
            Mark::Granted(lock) | Mark::Woken(Reason::Lock(lock)) => ("resume.lock", vec![self.lock(lock)]),
            Mark::Start => ("resume.start", Vec::new()),
            Mark::Lock(..) | Mark::Io | Mark::Command(_) | Mark::Call | Mark::Look => ("step.nothing", Vec::new()),
        };
        Message::new(key, args)
    }

    /// What happened, as a phrase.
    pub fn event(&self, event: &Event) -> Message {
        let phrase = self.scheduler(event).or_else(|| self.files(event)).or_else(|| self.cache(event));
        phrase.or_else(|| self.trees(event)).or_else(|| space(event)).expect("every event has a phrase")
    }

    fn scheduler(&self, event: &Event) -> Option<Message> {
        let phrase = match event {
            Event::TaskSpawned { task, .. } => Message::new("task.spawn", vec![self.task(*task)]),
            Event::TaskChanged { task, state } => self.task_state(*task, *state),
            Event::FrameEntered { frame, a, b, .. } => {
                let word = ("frame", Arg::Word(frame.label()));
                if counts_bytes(*frame) {
                    Message::new("frame.enter.bytes", vec![word, ("pos", number(*a)), ("bytes", Arg::Bytes(*b))])
                } else {
                    Message::new("frame.enter", vec![word])
                }
            }
            Event::FrameLeft { frame, .. } => Message::new("frame.leave", vec![("frame", Arg::Word(frame.label()))]),
            Event::LockWaited { lock, mode, .. } => {
                Message::new("lock.wait", vec![self.lock(*lock), ("mode", Arg::Mode(*mode))])
            }
            Event::LockTaken { task, lock, mode } => {
                let args = vec![self.lock(*lock), ("mode", Arg::Mode(*mode)), self.task(*task)];
                Message::new(if self.is_actor(*task) { "lock.take" } else { "lock.hand" }, args)
            }
            Event::LockRefused { lock, mode, .. } => {
                Message::new("lock.refused", vec![self.lock(*lock), ("mode", Arg::Mode(*mode))])
            }
            Event::LockAbandoned { lock, .. } => Message::new("lock.abandon", vec![self.lock(*lock)]),
            Event::LockDropped { lock, .. } => Message::new("lock.drop", vec![self.lock(*lock)]),
            Event::ClockMoved { now } => Message::new("clock", vec![("time", Arg::Time(*now))]),
            Event::CommandBegan { number: command, .. } => {
                let mut args = vec![("number", Arg::Number(i64::from(*command)))];
                match self.names.command(*command) {
                    Some(text) => {
                        args.push(("text", Arg::Quoted(text.to_owned())));
                        Message::new("command.begin.text", args)
                    }
                    None => Message::new("command.begin", args),
                }
            }
            Event::CommandEnded { number: command, errno, .. } => {
                let mut args = vec![("number", Arg::Number(i64::from(*command)))];
                args.extend(errno.map(|errno| ("errno", Arg::Word(errno.name()))));
                Message::new(if errno.is_some() { "command.fail" } else { "command.end" }, args)
            }
            _ => return None,
        };
        Some(phrase)
    }

    fn task_state(&self, task: TaskId, state: TaskState) -> Message {
        let mine = self.is_actor(task);
        let (key, args) = match state {
            TaskState::Runnable if mine => ("task.ready", Vec::new()),
            TaskState::Runnable => ("task.wake", vec![self.task(task)]),
            TaskState::Done if mine => ("task.done", Vec::new()),
            TaskState::Done => ("task.done.other", vec![self.task(task)]),
            TaskState::Blocked(_) if !mine => ("wait.other", vec![self.task(task)]),
            TaskState::Blocked(Reason::Lock(lock)) => ("wait.lock", vec![self.lock(lock)]),
            TaskState::Blocked(Reason::Io(_)) => ("wait.io", Vec::new()),
            TaskState::Blocked(Reason::Writeback(ino)) => ("wait.writeback", vec![("file", self.raw_file(ino))]),
            TaskState::Blocked(Reason::Timer(until)) => ("wait.timer", vec![("time", Arg::Time(until))]),
            TaskState::Blocked(Reason::Work) => ("wait.work", Vec::new()),
            TaskState::Blocked(Reason::Command) => ("wait.command", Vec::new()),
        };
        Message::new(key, args)
    }

    fn files(&self, event: &Event) -> Option<Message> {
        let quoted = |name: &String| ("name", Arg::Quoted(name.clone()));
        let inode = |ino: &Ino| ("number", Arg::Number(i64::from(ino.0)));
        let phrase = match event {
            Event::InodeCreated { ino } => Message::new("inode.create", vec![inode(ino)]),
            Event::InodeRemoved { ino } => Message::new("inode.remove", vec![inode(ino)]),
            Event::NameSet { name, ino } => Message::new("name.set", vec![inode(ino), quoted(name)]),
            Event::NameRemoved { name } => Message::new("name.remove", vec![quoted(name)]),
            Event::SizeChanged { ino, size } => {
                Message::new("size.set", vec![self.file(*ino), ("bytes", Arg::Bytes(*size))])
            }
            Event::DiskSizeChanged { ino, size } => {
                Message::new("size.disk", vec![self.file(*ino), ("bytes", Arg::Bytes(*size))])
            }
            Event::InlineRoom { ino, bytes: 0 } => Message::new("inline.gone", vec![self.file(*ino)]),
            Event::InlineRoom { ino, bytes } => {
                Message::new("inline.room", vec![self.file(*ino), ("bytes", Arg::Bytes(*bytes))])
            }
            Event::HintsSet { ino, hints } if hints.nocow => Message::new("hints.nocow", vec![self.file(*ino)]),
            Event::HintsSet { ino, hints } if hints.preallocated => {
                Message::new("hints.preallocated", vec![self.file(*ino)])
            }
            Event::HintsSet { ino, hints } => Message::new(
                "hints.set",
                vec![
                    self.file(*ino),
                    ("extsize", Arg::Bytes(u64::from(hints.extsize))),
                    ("cowextsize", Arg::Bytes(u64::from(hints.cowextsize))),
                ],
            ),
            Event::FileOpened { name, .. } => Message::new("file.open", vec![quoted(name)]),
            Event::FileClosed { name } => Message::new("file.close", vec![quoted(name)]),
            Event::CurrentChanged { name } if name.is_empty() => Message::new("file.none", Vec::new()),
            Event::CurrentChanged { name } => Message::new("file.current", vec![quoted(name)]),
            _ => return None,
        };
        Some(phrase)
    }

    fn cache(&self, event: &Event) -> Option<Message> {
        let pages = |index: &PageIndex, count: u32| ("pages", Arg::Run(index.0, u64::from(count)));
        let phrase = match event {
            Event::FolioAdded { ino, index, pages: count } => {
                Message::new("folio.add", vec![pages(index, *count), self.file(*ino)])
            }
            Event::FolioRemoved { ino, index } => Message::new("folio.remove", vec![pages(index, 1), self.file(*ino)]),
            Event::FolioSplit { ino, index, into } => {
                let count = into.iter().map(|(_, pages)| pages).sum();
                Message::new("folio.split", vec![pages(index, count), self.file(*ino)])
            }
            Event::FolioWriteback { ino, index, on } => {
                let key = if *on { "folio.writeback" } else { "folio.written" };
                Message::new(key, vec![pages(index, 1), self.file(*ino)])
            }
            Event::BlocksState { ino, range, state } => self.blocks(state_key(*state), *ino, *range),
            Event::BlocksData { ino, range, data, prov } => {
                let zero = prov.0 == 0 && *data == Payload::ZERO;
                self.blocks(if zero { "blocks.zero" } else { "blocks.data" }, *ino, *range)
            }
            Event::DelayedAdded { ino, range } => self.blocks("delayed.add", *ino, *range),
            Event::DelayedRemoved { ino, range } => self.blocks("delayed.remove", *ino, *range),
            Event::DelayedUnbacked { ino, range } => self.blocks("delayed.unbacked", *ino, *range),
            Event::OrderedBegan { ino, range, .. } => self.blocks("ordered.begin", *ino, *range),
            Event::OrderedArrived { ino, range } => self.blocks("ordered.arrive", *ino, *range),
            Event::OrderedEnded { ino, range } => self.blocks("ordered.end", *ino, *range),
            Event::StagingSet { ino, range, state } => self.blocks(staging_key(*state), *ino, *range),
            Event::StagingEnded { ino, range } => self.blocks("staging.end", *ino, *range),
            _ => return None,
        };
        Some(phrase)
    }

    fn trees(&self, event: &Event) -> Option<Message> {
        let node_arg = |node: &NodeId| ("node", Arg::Number(i64::from(node.0)));
        let phrase = match event {
            Event::TreeRoot { node, .. } => Message::new("tree.root", vec![node_arg(node)]),
            Event::TreeRemoved { .. } => Message::new("tree.remove", Vec::new()),
            Event::NodeCreated { node, .. } => Message::new("node.create", vec![node_arg(node)]),
            Event::NodeFreed { node } => Message::new("node.free", vec![node_arg(node)]),
            Event::NodeSpliced { node, removed, inserted, .. } => match &**inserted {
                [] => Message::new("node.remove", vec![("number", Arg::Number(i64::from(*removed))), node_arg(node)]),
                [Entry::Extent(extent)] => self.mapping(extent),
                many => {
                    let children = matches!(many[0], Entry::Child { .. });
                    let key = if children { "node.link" } else { "node.change" };
                    Message::new(key, vec![("number", count(many.len())), node_arg(node)])
                }
            },
            Event::InlineSet { .. } => Message::new("inline.set", Vec::new()),
            Event::InlineRemoved { .. } => Message::new("inline.remove", Vec::new()),
            Event::DiskExtentUsed { start, ino, blocks, .. } => {
                let key = if *blocks == 0 { "disk.unuse" } else { "disk.use" };
                let extent = device(&Range::sized(*start, 1));
                Message::new(key, vec![extent, self.file(*ino), ("number", number(*blocks))])
            }
            _ => return None,
        };
        Some(phrase)
    }

    /// What a record of a leaf says.
    fn mapping(&self, extent: &Extent) -> Message {
        let key = match extent.kind {
            ExtentKind::Written => "map.written",
            ExtentKind::Unwritten => "map.unwritten",
            ExtentKind::Reserved => "map.reserved",
            ExtentKind::Inline => "map.inline",
        };
        let mut phrase = self.blocks(key, extent.ino, extent.range());
        phrase.args.extend(extent.dev_range().map(|range| device(&range)));
        phrase
    }

    fn blocks(&self, key: &'static str, ino: Ino, range: Range<FileBlock>) -> Message {
        Message::new(key, vec![("blocks", Arg::Run(range.start.0, range.len())), self.file(ino)])
    }
    fn is_actor(&self, task: TaskId) -> bool {
        self.actor == Some(task)
    }
    fn task(&self, task: TaskId) -> (&'static str, Arg) {
        ("task", Arg::Task(self.names.task(task)))
    }
    fn file(&self, ino: Ino) -> (&'static str, Arg) {
        ("file", Arg::File(self.names.file(ino, self.at)))
    }
    fn raw_file(&self, ino: u64) -> Arg {
        Arg::File(self.raw_name(ino))
    }
    fn raw_name(&self, ino: u64) -> String {
        u32::try_from(ino).map_or_else(|_| ino.to_string(), |ino| self.names.file(Ino(ino), self.at))
    }
    fn lock(&self, lock: LockId) -> (&'static str, Arg) {
        let file = match lock.class {
            LockClass::Inode | LockClass::Invalidate | LockClass::Mapping | LockClass::Folio => self.raw_name(lock.a),
            LockClass::Node | LockClass::Commit => String::new(),
        };
        ("lock", Arg::Lock(lock, file))
    }
}

/// Functions whose two numbers are a position and a length in bytes.
fn counts_bytes(frame: Frame) -> bool {
    use Frame::{Copy, Direct, Fallocate, Fault, Fiemap, Read, Remap, Write, Writeback, Zero};
    matches!(frame, Copy | Direct | Fallocate | Fault | Fiemap | Read | Remap | Write | Writeback | Zero)
}

fn state_key(state: BlockState) -> &'static str {
    match (state.dirty, state.uptodate) {
        (true, _) => "blocks.dirty",
        (false, true) => "blocks.clean",
        (false, false) => "blocks.stale",
    }
}

fn staging_key(state: Staged) -> &'static str {
    match state {
        Staged::Delayed => "staging.promise",
        Staged::Reserved(_) => "staging.place",
        Staged::Sent(_) => "staging.send",
    }
}

fn space(event: &Event) -> Option<Message> {
    let phrase = match event {
        Event::PiecePacked { packed, device: place, .. } => {
            Message::new("piece.pack", vec![("number", number(packed.len())), device(place)])
        }
        Event::PieceLeft { left: 0, .. } => Message::new("piece.gone", Vec::new()),
        Event::PieceLeft { left, .. } => Message::new("piece.left", vec![("number", number(*left))]),
        Event::SumKept { range, .. } => Message::new("sum.keep", vec![device(range)]),
        Event::SumsGone { range } => Message::new("sum.gone", vec![device(range)]),
        Event::SumWrong { at, .. } => Message::new("sum.wrong", vec![device(&Range::sized(*at, 1))]),
        Event::WritePointMoved { at } => Message::new("space.point", vec![device(&Range::sized(*at, 1))]),
        Event::BlocksShared { range, others: 0 } => Message::new("blocks.alone", vec![device(range)]),
        Event::BlocksShared { range, others } => {
            Message::new("blocks.shared", vec![device(range), ("number", number(u64::from(*others) + 1))])
        }
        Event::DiskExtentMade { range } => Message::new("disk.make", vec![device(range)]),
        Event::DiskExtentGone { start } => Message::new("disk.gone", vec![device(&Range::sized(*start, 1))]),
        Event::SpaceTaken { range } => Message::new("space.take", vec![device(range)]),
        Event::SpacePinned { range } => Message::new("space.pin", vec![device(range)]),
        Event::SpaceFreed { range } => Message::new("space.free", vec![device(range)]),
        Event::LedgerChanged { counter, value } => {
            Message::new("ledger", vec![("counter", Arg::Word(counter_text(*counter))), ("number", number(*value))])
        }
        Event::RequestQueued { range, .. } if range.is_empty() => Message::new("request.flush", Vec::new()),
        Event::RequestQueued { write, range, .. } => {
            Message::new(if *write { "request.write" } else { "request.read" }, vec![device(range)])
        }
        Event::RequestDone { request } => Message::new("request.done", vec![("number", number(*request))]),
        Event::RequestFailed { request, .. } => Message::new("request.fail", vec![("number", number(*request))]),
        Event::PowerCut {} => Message::new("power.cut", Vec::new()),
        Event::DeviceData { range, .. } => Message::new("device.data", vec![device(range)]),
        Event::DeviceFlushed { .. } => Message::new("device.flush", Vec::new()),
        Event::NodePlaceChanged { range, state } => {
            let key = match state {
                NodePlace::Free => "place.free",
                NodePlace::New => "place.new",
                NodePlace::Used => "place.used",
                NodePlace::Retired => "place.retire",
            };
            Message::new(key, vec![device(range)])
        }
        Event::Committed { number: commit } => Message::new("commit", vec![("number", number(*commit))]),
        Event::ShutDown {} => Message::new("shutdown", Vec::new()),
        Event::MemoryDropped {} => Message::new("memory.drop", Vec::new()),
        _ => return None,
    };
    Some(phrase)
}

fn device(range: &Range<DevBlock>) -> (&'static str, Arg) {
    ("device", Arg::Run(range.start.0, range.len()))
}

fn number(value: u64) -> Arg {
    Arg::Number(i64::try_from(value).unwrap_or(i64::MAX))
}

fn count(value: usize) -> Arg {
    Arg::Number(i64::try_from(value).expect("a length fits 63 bits"))
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
