//! Power cuts, all of them: what a device may hold after a loss of power at any moment of a workload, and whether what is
//! mounted then keeps what was promised.
//!
//! [`log`] records the requests of a workload, [`states`] makes the contents that a power cut could leave, [`oracle`] says
//! what each may show, [`workloads`] lists what is tried.

pub mod log;
pub mod oracle;
pub mod states;
pub mod workloads;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use extentscope_core::base::payload::digest;
use extentscope_core::base::{DevBlock, Range};
use extentscope_core::dev::medium::Memory;
use extentscope_core::dev::{BlockDevice, Disk};
use extentscope_core::scenario::devices::{Devices, Start};
use extentscope_core::scenario::machine::Machine;
use extentscope_core::scenario::parse::parse;
use extentscope_core::scenario::setup::Setup;
use extentscope_core::sim::cx::Recording;
use extentscope_core::sim::rng::Rng;

use crate::image::Blocks;
use log::{Entry, Log, Logged};
use oracle::{Moment, Oracle};
use states::Epoch;

/// What is on the device before it is formatted: no file may ever show it.
pub const PREFILL: u8 = 0xee;

/// What became of a workload.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Workloads.
    pub workloads: u64,
    /// Different contents of the device that were mounted.
    pub states: u64,
    /// Contents that a power cut could leave, tried or not.
    pub possible: u64,
    /// What went wrong, at most a few a workload.
    pub violations: Vec<String>,
}

impl Tally {
    /// Both together.
    pub fn add(&mut self, other: Self) {
        self.workloads += other.workloads;
        self.states += other.states;
        self.possible = self.possible.saturating_add(other.possible);
        self.violations.extend(other.violations);
    }
}

/// Plays a workload, and mounts everything that a power cut could leave.
pub fn run(personality: &str, defect: Option<&str>, lines: &[String], sample: u64, seed: u64) -> Tally {
    let defect = defect.map_or_else(String::new, |name| format!("#@ patch defect={name}\n"));
    let text = format!("#@ blocks 96\n#@ prefill {PREFILL:#04x}\n{defect}{}\n", lines.join("\n"));
    let script = parse(&text).unwrap_or_else(|errors| panic!("{text}: {}", errors[0]));
    let setup = Setup::new(personality, &script.directives).expect("the settings are modelled");
    let log: Rc<RefCell<Log>> = Rc::default();
    let (shared, blocks) = (log.clone(), setup.layout().blocks());
    let open = move || -> (Box<dyn BlockDevice>, Start) {
        (Box::new(Logged::new(Disk::in_memory(blocks, PREFILL), shared.clone())), Start::Format)
    };
    let mut machine = Machine::on(&setup, &Devices::new(open), Recording::Off);
    let formatted = log.borrow().len();
    let mut oracle = Oracle::new(&machine);
    for line in &script.lines {
        machine.play_line(line);
        machine.run();
        let failed = machine.take_finished().iter().any(|finished| finished.result.err.is_some());
        log.borrow_mut().mark();
        oracle.after(&machine, line, failed);
    }
    let log = log.borrow();
    let mut test = Test { setup: &setup, oracle: &oracle, tally: Tally::default(), seen: BTreeSet::new(), name: "" };
    let name = format!("{personality}{}: {}", defect.trim_end().replace("#@ patch", ""), lines.join("; "));
    test.name = &name;
    test.tally.workloads = 1;
    test.all(&log, formatted, sample, seed);
    test.tally
}

struct Test<'a> {
    setup: &'a Setup,
    oracle: &'a Oracle,
    tally: Tally,
    seen: BTreeSet<(u64, usize, usize)>,
    name: &'a str,
}

/// Violations that are told of one workload.
const TOLD: usize = 2;

impl Test<'_> {
    /// Every moment from the end of formatting on.
    fn all(&mut self, log: &Log, formatted: usize, sample: u64, seed: u64) {
        let mut rng = Rng::stream(seed, "crash");
        let mut epoch = Epoch::new(PREFILL);
        let mut commands = 0;
        for (at, entry) in log.entries().iter().enumerate() {
            match entry {
                Entry::Write { .. } | Entry::Flush => epoch.apply(entry),
                Entry::Mark => commands += 1,
            }
            if at + 1 < formatted || self.tally.violations.len() >= TOLD {
                continue;
            }
            // A command that ended without a promise only allows more of what was tried already.
            if matches!(entry, Entry::Mark) && !self.oracle.promises_at(commands) {
                continue;
            }
            let moment = Moment { done: commands };
            let (states, possible) = epoch.states(sample, &mut rng);
            self.tally.possible = self.tally.possible.saturating_add(possible);
            for blocks in states {
                self.one(&blocks, moment, at);
            }
        }
    }

    fn one(&mut self, blocks: &Blocks, moment: Moment, at: usize) {
        // The same contents between the same promises say nothing new.
        let key = (image_digest(blocks), moment.done, 0);
        if !self.seen.insert(key) || self.tally.violations.len() >= TOLD {
            return;
        }
        self.tally.states += 1;
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.judge(blocks, moment)));
        let wrong = match result {
            Ok(wrong) => wrong,
            Err(_) => Err("the engine panicked".to_owned()),
        };
        if let Err(wrong) = wrong {
            self.tally
                .violations
                .push(format!("{} | after {} commands, request {at}: {wrong}", self.name, moment.done));
        }
    }

    fn judge(&self, blocks: &Blocks, moment: Moment) -> Result<(), String> {
        let mut machine = self.mount(blocks)?;
        machine.verify().map_err(|rule| format!("mounted, and {rule}"))?;
        let whole = Range::new(DevBlock(0), DevBlock(self.setup.layout().blocks()));
        if !machine.fs().volume().io.device(|device| device.written(whole)).is_empty() {
            return Err("the mount wrote to the device".to_owned());
        }
        self.oracle.judge(&machine, moment)?;
        // Whatever was mounted goes on working.
        let after = "open -f z\npwrite -S 0x7a 0 6k\nfsync\nopen -f a\npwrite -S 0x7b 2k 9k\nfsync\nremount\n";
        machine.play(&parse(after).expect("the script is ours"));
        machine.verify().map_err(|rule| format!("went on, and {rule}"))?;
        let clean = machine.findings().is_empty() && !machine.fs().volume().is_shut_down();
        if clean { Ok(()) } else { Err("it could not go on after the mount".to_owned()) }
    }

    fn mount(&self, blocks: &Blocks) -> Result<Machine, String> {
        let (held, count) = (blocks.clone(), self.setup.layout().blocks());
        let open = move || -> (Box<dyn BlockDevice>, Start) {
            (Box::new(Disk::over(count, Box::new(Memory::holding(held.clone())))), Start::Mount)
        };
        let machine = Machine::on(self.setup, &Devices::new(open), Recording::Off);
        match machine.findings().first() {
            Some(finding) => Err(finding.to_string()),
            None => Ok(machine),
        }
    }
}

fn image_digest(blocks: &Blocks) -> u64 {
    let mut text = String::new();
    for (range, stamped) in blocks.iter() {
        text.push_str(&format!("{range:?}{:?};", stamped.data));
    }
    digest(text.as_bytes())
}
