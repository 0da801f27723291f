//! Schedules: tasks of one script under many orders of their steps, with every rule checked after each step.
//!
//! A script for exploring has three parts: lines before the first `@task` line (the start), the tasks' lines (which
//! run at the same time), and lines without a task after them (the end). What a file may hold afterwards follows from the commands.

use crate::contents::{contents, current_inode, first_difference};
use extentscope_core::base::fiemap::FiemapRecord;
use extentscope_core::scenario::machine::{Finished, Machine};
use extentscope_core::scenario::parse::parse;
use extentscope_core::scenario::script::{ByteRange, Command, FallocMode, Line, Mwrite, Script};
use extentscope_core::scenario::setup::Setup;
use extentscope_core::sim::cx::Recording;
use extentscope_core::sim::deadlock::WaitEdge;
use extentscope_core::sim::{Choice, Chooser, Outcome};
use extentscope_core::trace::Counter;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Steps after which a run is said to have no end.
const STEPS_MAX: u64 = 5_000;
/// Change points of the priority rule, and the steps among which they fall.
const PCT: (u32, u64) = (4, 300);

/// A rule for who goes next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// Any task with equal chance.
    Random,
    /// Priorities with a few change points.
    Pct,
}

impl Rule {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Random, Self::Pct];

    fn chooser(self, seed: u64) -> Chooser {
        match self {
            Self::Random => Chooser::random(seed),
            Self::Pct => Chooser::pct(seed, PCT.0, PCT.1),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Random => "random",
            Self::Pct => "pct",
        })
    }
}

/// A script to explore.
#[derive(Clone, Debug)]
pub struct Case {
    /// What to call it in a report: a name of [`cases`], or a file.
    pub name: String,
    setup: Setup,
    start: Vec<Line>,
    tasks: Vec<Line>,
    end: Vec<Line>,
}

impl Case {
    /// Reads a script. The error says what is wrong with it.
    pub fn read(name: &str, text: &str) -> Result<Self, String> {
        let script = parse(text).map_err(|errors| format!("{name}: {}", errors[0]))?;
        let personality = script.directives.personality.as_deref().unwrap_or(extentscope_core::personality::DEFAULT);
        let setup = Setup::new(personality, &script.directives).map_err(|error| format!("{name}: {error}"))?;
        let Script { lines, .. } = script;
        let mut case = Self { name: name.to_owned(), setup, start: Vec::new(), tasks: Vec::new(), end: Vec::new() };
        for line in lines {
            case.sort_in(line, None);
        }
        if case.tasks.is_empty() {
            return Err(format!("{name}: no line of it has a task (`@w1 pwrite 0 4k`)"));
        }
        Ok(case)
    }

    fn sort_in(&mut self, mut line: Line, task: Option<&str>) {
        line.task = line.task.or_else(|| task.map(str::to_owned));
        match line.command.clone() {
            Command::Repeat { count, lines } => {
                for _ in 0..count {
                    lines.iter().for_each(|inner| self.sort_in(inner.clone(), line.task.as_deref()));
                }
            }
            // What steers a schedule or claims something of one is for one schedule.
            Command::Run { .. } | Command::Step(_) | Command::Schedule(_) | Command::Expect(_) | Command::Quit => {}
            _ if line.task.is_some() => self.tasks.push(line),
            _ if self.tasks.is_empty() => self.start.push(line),
            _ => self.end.push(line),
        }
    }
}

/// The cases that are explored when no script is given, by name.
pub fn cases() -> Vec<Case> {
    let make = |name: &str, header: &str, tasks: &str| {
        let text = format!("{header}\n#@ blocks 128\n#@ prefill 0xee\n{START}{tasks}");
        Case::read(name, &text).expect("the built-in scripts are right")
    };
    let mut cases = vec![
        make("ext4-writers", "#@ personality ext4", WRITERS),
        make("ext4-cutters", "#@ personality ext4\n#@ fanout 4", CUTTERS),
        make("btrfs-writers", "#@ personality btrfs\n#@ fanout 4", WRITERS),
        make("btrfs-cutters", "#@ personality btrfs\n#@ fanout 4", CUTTERS),
        make("xfs-writers", "#@ personality xfs", WRITERS),
        make("xfs-cutters", "#@ personality xfs", CUTTERS),
        make("xfs-1k", "#@ personality xfs\n#@ mkfs.xfs -b size=1024", CUTTERS),
        make("ext4-1k", "#@ personality ext4\n#@ mkfs.ext4 -b 1024\n#@ fanout 4", CUTTERS),
    ];
    for lock in ["try_then_drop", "always_drop", "trylock"] {
        let header = format!("#@ personality bcachefs\n#@ fanout 4\n#@ patch fiemap_lock={lock}");
        cases.push(make(&format!("bcachefs-writers-{lock}"), &header, WRITERS));
        cases.push(make(&format!("bcachefs-cutters-{lock}"), &header, CUTTERS));
    }
    cases
}

/// The case that is wrong on purpose: FIEMAP waits for a folio while it holds the tree.
pub fn blocking_case() -> Case {
    let header = "#@ personality bcachefs\n#@ patch fiemap_lock=blocking\n#@ blocks 128\n";
    Case::read("bcachefs-blocking", &format!("{header}{START}{WRITERS}")).expect("the built-in script is right")
}

const START: &str = "open -f a\npwrite -S 1 0 24k\nfsync\npwrite -S 2 40k 8k\n";

const WRITERS: &str = "\
@w1 pwrite -S 0x61 -b 6000 22000 20k
@w2 pwrite -S 0x62 16k 24k
@w2 pwrite -S 0x63 -b 16k 30k 16k
@wb repeat 3 {
writeback
}
@fm repeat 4 {
fiemap -N
}
@rd pread 0 64k
@mm mwrite -S 0x64 20k 9000
@fa fadvise -d 0 0
@al falloc -k 22k 30k
";

const CUTTERS: &str = "\
@w1 pwrite -S 0x61 -b 6000 22000 20k
@w2 pwrite -S 0x62 -b 16k 12k 32k
@wb repeat 3 {
writeback
}
@fm repeat 3 {
fiemap -N
}
@cut truncate 27000
@cut fpunch 10k 9000
@cut truncate 44k
@sy fsync
@rd pread 0 64k
";

/// What went wrong in a run.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The case, the seed and the rule.
    pub place: (String, u64, Rule),
    /// Steps taken.
    pub step: u64,
    /// What.
    pub what: String,
    /// The circle, when it is a deadlock.
    pub cycle: Vec<WaitEdge>,
    /// The choices that lead there.
    pub choices: Vec<Choice>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (case, seed, rule) = &self.place;
        write!(f, "{case}, seed {seed} ({rule}), step {}: {}; again: ", self.step, self.what)?;
        let script =
            if cases().iter().chain([&blocking_case()]).any(|known| known.name == *case) { "case" } else { "script" };
        write!(f, "cargo xtask explore --{script} {case} --from {seed} --seeds 1 --rule {rule}")
    }
}

/// A check of one's own, after each step.
pub type Check<'a> = &'a dyn Fn(&Machine) -> Result<(), String>;

/// Runs a case under one schedule.
pub fn explore(case: &Case, seed: u64, rule: Rule, check: Check<'_>) -> Result<u64, Box<Finding>> {
    run(case, rule.chooser(seed), Vec::new(), check).map_err(|mut finding| {
        finding.place = (case.name.clone(), seed, rule);
        finding
    })
}

/// Makes the choices of a finding again. The rule and the seed have no part in it.
pub fn replay(case: &Case, finding: &Finding) -> Result<u64, Box<Finding>> {
    run(case, Chooser::Default, finding.choices.clone(), &|_| Ok(()))
}

fn run(case: &Case, chooser: Chooser, choices: Vec<Choice>, check: Check<'_>) -> Result<u64, Box<Finding>> {
    let mut machine = Machine::with_chooser(&case.setup, Recording::Off, chooser);
    machine.replay(choices);
    let said =
        catch_unwind(AssertUnwindSafe(|| Explorer { machine: &mut machine, check, ended: Vec::new() }.whole(case)));
    let (what, cycle) = match said {
        Ok(Ok(())) => return Ok(machine.cx().steps()),
        Ok(Err(Wrong::Rule(what))) => (what, Vec::new()),
        Ok(Err(Wrong::Stuck(cycle))) => (format!("deadlock: {}", circle(&cycle)), cycle),
        Err(panic) => (panic_text(&*panic), Vec::new()),
    };
    let place = (case.name.clone(), 0, Rule::Random);
    Err(Box::new(Finding { place, step: machine.cx().steps(), what, cycle, choices: machine.choices() }))
}

/// The text of a panic.
pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("panicked: {}", text.unwrap_or("without a text"))
}

fn circle(cycle: &[WaitEdge]) -> String {
    let edge = |edge: &WaitEdge| format!("task {} waits for {} of task {}", edge.waiter.0, edge.lock, edge.holder.0);
    if cycle.is_empty() {
        return "nobody can run, and there is no circle of locks".to_owned();
    }
    cycle.iter().map(edge).collect::<Vec<_>>().join(", ")
}

enum Wrong {
    Rule(String),
    Stuck(Vec<WaitEdge>),
}

impl From<String> for Wrong {
    fn from(what: String) -> Self {
        Self::Rule(what)
    }
}

struct Explorer<'a> {
    machine: &'a mut Machine,
    check: Check<'a>,
    ended: Vec<Finished>,
}

impl Explorer<'_> {
    fn whole(&mut self, case: &Case) -> Result<(), Wrong> {
        for line in &case.start {
            self.together(std::slice::from_ref(line))?;
        }
        let before = self.bytes();
        self.together(&case.tasks)?;
        let after = self.bytes();
        explained(&case.tasks, &before, &after)?;
        for line in &case.end {
            self.together(std::slice::from_ref(line))?;
        }
        let cached = self.bytes();
        for text in ["fsync", "remount"] {
            let line = parse(text).expect("a command").lines.swap_remove(0);
            self.together(&[line])?;
            let found = self.bytes();
            if let Some(difference) = first_difference(&cached, &found) {
                return Err(Wrong::Rule(format!("after {text}: {difference}")));
            }
        }
        let delayed = self.machine.fs().volume().space.ledger().get(Counter::Delayed);
        if delayed > 0 {
            return Err(Wrong::Rule(format!("{delayed} blocks are promised when nothing is dirty")));
        }
        Ok(())
    }

    /// Gives all lines at once and lets everybody run until nobody can.
    fn together(&mut self, lines: &[Line]) -> Result<(), Wrong> {
        for line in lines {
            self.machine.submit(line);
        }
        loop {
            let outcome = self.machine.step(None);
            self.machine.verify()?;
            (self.check)(self.machine)?;
            match outcome {
                Outcome::Stepped => {}
                Outcome::Idle => break,
                Outcome::Deadlock { cycle, .. } => return Err(Wrong::Stuck(cycle)),
            }
            if self.machine.cx().steps() > STEPS_MAX {
                return Err(Wrong::Rule(format!("still running after {STEPS_MAX} steps")));
            }
        }
        self.ended = self.machine.take_finished();
        for finished in &self.ended {
            if let Some(error) = finished.result.err {
                return Err(Wrong::Rule(format!("command {} failed with {error}", finished.number)));
            }
            in_order(finished.result.records.as_deref().unwrap_or_default())?;
        }
        Ok(())
    }

    fn bytes(&self) -> Vec<u8> {
        current_inode(self.machine).map(|ino| contents(self.machine, ino)).unwrap_or_default()
    }
}

/// Records of one answer come in order and do not overlap, whatever moved meanwhile.
fn in_order(records: &[FiemapRecord]) -> Result<(), String> {
    let overlap = records.windows(2).find(|pair| pair[0].logical + pair[0].length > pair[1].logical);
    overlap.map_or(Ok(()), |pair| Err(format!("fiemap answers {:?} and then {:?}", pair[0], pair[1])))
}

/// What a command may leave in a byte.
#[derive(Clone, Copy)]
struct Touch {
    start: u64,
    end: u64,
    byte: u8,
    /// A later size is at least this.
    size: u64,
}

fn touch(line: &Line) -> Result<Option<Touch>, ()> {
    let bytes = |range: &ByteRange| Some((u64::try_from(range.off).ok()?, u64::try_from(range.off + range.len).ok()?));
    let made = |range: &ByteRange, byte: u8, grows: bool| {
        let (start, end) = bytes(range).ok_or(())?;
        Ok(Some(Touch { start, end, byte, size: if grows { end } else { 0 } }))
    };
    match &line.command {
        Command::Pwrite(write) => made(&write.range, write.fill, true),
        Command::Mwrite(Mwrite { range: Some(range), fill, .. }) => made(range, *fill, false),
        Command::Fallocate(call) => match call.mode {
            FallocMode::Allocate => made(&ByteRange { off: call.range.off, len: call.range.len }, 0, !call.keep_size)
                .map(|touch| touch.map(|touch| Touch { start: touch.end, ..touch })),
            FallocMode::Punch | FallocMode::Zero => {
                made(&call.range, 0, !call.keep_size && call.mode == FallocMode::Zero)
            }
            FallocMode::Collapse | FallocMode::Insert | FallocMode::Unshare | FallocMode::WriteZeroes => Err(()),
        },
        Command::Truncate(size) => {
            let start = u64::try_from(*size).map_err(drop)?;
            Ok(Some(Touch { start, end: u64::MAX, byte: 0, size: 0 }))
        }
        Command::Fsync | Command::Fdatasync | Command::Syncfs | Command::SyncRange(_) | Command::Writeback(_) => {
            Ok(None)
        }
        Command::Pread(_) | Command::Fiemap(_) | Command::Seek(_) | Command::Filefrag(_) | Command::Fadvise(_) => {
            Ok(None)
        }
        _ => Err(()),
    }
}

/// Every byte is one that some task put there, or the one from before where nobody wrote; a size is one that somebody set.
/// Commands whose effect is not known here make everything legal.
fn explained(tasks: &[Line], before: &[u8], after: &[u8]) -> Result<(), String> {
    let Ok(touches) = tasks.iter().map(touch).collect::<Result<Vec<_>, ()>>() else { return Ok(()) };
    let touches: Vec<Touch> = touches.into_iter().flatten().collect();
    let cuts = touches.iter().filter(|touch| touch.end == u64::MAX).map(|touch| touch.start);
    let old = before.len() as u64;
    let most = touches.iter().map(|touch| touch.size).chain([old]).chain(cuts.clone()).max().unwrap_or(0);
    let least = cuts.min().unwrap_or(most);
    let size = after.len() as u64;
    if size < least || size > most {
        return Err(format!(
            "the size is {size}, and no order of the calls gives less than {least} or more than {most}"
        ));
    }
    for (at, found) in (0u64..).zip(after) {
        let here = || touches.iter().filter(|touch| touch.start <= at && at < touch.end);
        // Behind the old end there were zeroes.
        let untouched = before.get(usize::try_from(at).unwrap_or(usize::MAX)).copied().unwrap_or(0);
        let last_is_a_cut = here().all(|touch| touch.end == u64::MAX);
        let from_before = (here().next().is_none() || last_is_a_cut) && *found == untouched;
        if !from_before && here().all(|touch| touch.byte != *found) {
            return Err(format!("byte {at} is {found:#04x}, which nobody wrote there"));
        }
    }
    Ok(())
}
