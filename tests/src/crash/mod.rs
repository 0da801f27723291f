//! Power cuts, all of them: what a device may hold after a loss of power at any moment of a workload, and whether what is
//! mounted then keeps what was promised.
//!
//! [`log`] records the requests of a workload, [`states`] makes the contents that a power cut could leave, [`judge`] mounts
//! them, [`oracle`] says what each may show, [`workloads`] and [`makes`] list what is tried on what.

pub mod judge;
pub mod log;
pub mod makes;
pub mod oracle;
pub mod states;
pub mod workloads;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use extentscope_core::base::DevBlock;
use extentscope_core::dev::{BlockDevice, Disk};
use extentscope_core::scenario::devices::{Devices, Start};
use extentscope_core::scenario::machine::Machine;
use extentscope_core::scenario::parse::parse;
use extentscope_core::scenario::script::Script;
use extentscope_core::scenario::setup::Setup;
use extentscope_core::sim::cx::Recording;
use extentscope_core::sim::rng::Rng;
use extentscope_core::store::superblock::SECTOR;

use judge::{After, Cut, Judge};
use log::{Entry, Log, Logged};
use makes::Make;
use oracle::{Moment, Oracle};
use states::{Asked, Decision, Epoch, Others, Plan, Spoilt};

/// What is on the device before it is formatted: no file may ever show it.
pub const PREFILL: u8 = 0xee;

/// What became of workloads.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Tally {
    /// Workloads.
    pub workloads: u64,
    /// Contents that a power cut could leave at their moments.
    pub possible: f64,
    /// Those of them that were tried, or differ from one that was only in blocks that nobody read.
    pub covered: f64,
    /// Mounts for that.
    pub mounts: u64,
    /// Mounts of contents with a torn block.
    pub torn: u64,
    /// Mounts of contents with a wrong bit.
    pub flipped: u64,
    /// What went wrong, at most a few a workload.
    pub violations: Vec<String>,
}

impl Tally {
    /// Both together.
    pub fn add(&mut self, other: Self) {
        self.workloads += other.workloads;
        self.possible += other.possible;
        self.covered += other.covered;
        self.mounts += other.mounts;
        self.torn += other.torn;
        self.flipped += other.flipped;
        self.violations.extend(other.violations);
    }

    /// What was tried, in a line.
    pub fn told(&self, name: &str, depth: u32) -> String {
        let Self { workloads, possible, covered, mounts, torn, flipped, violations } = self;
        let (all, part) = (workloads::count(depth), 100.0 * covered / possible);
        format!(
            "{name}: {workloads} of {all} workloads of depth {depth}; {part:.4} % of {possible:.3e} contents by \
             {mounts} mounts, {torn} of them torn; {flipped} with a wrong bit; {} violations",
            violations.len()
        )
    }
}

/// How much is tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effort {
    /// Mounts of one moment before the rest is sampled.
    pub mounts: u64,
    /// How many by chance then.
    pub sample: u64,
    /// The seed of chance.
    pub seed: u64,
}

/// Plays a workload, and mounts everything that a power cut could leave.
pub fn run(make: &Make, defect: Option<&str>, lines: &[String], effort: Effort) -> Tally {
    let defect = defect.map_or_else(String::new, |name| format!("#@ patch defect={name}\n"));
    let text = format!("#@ blocks 96\n#@ prefill {PREFILL:#04x}\n{}{defect}{}\n", make.directives, lines.join("\n"));
    let script = parse(&text).unwrap_or_else(|errors| panic!("{text}: {}", errors[0]));
    let setup = Setup::new(make.personality, &script.directives).expect("the settings are modelled");
    let log: Rc<RefCell<Log>> = Rc::default();
    let (shared, blocks) = (log.clone(), setup.layout().blocks());
    let open = move || -> (Box<dyn BlockDevice>, Start) {
        (Box::new(Logged::new(Disk::in_memory(blocks, PREFILL), shared.clone())), Start::Format)
    };
    let name = format!("{}{}: {}", make.name, defect.trim_end().replace("#@ patch", ""), lines.join("; "));
    let mut tally = Tally { workloads: 1, ..Tally::default() };
    let played = judge::caught(|| Ok(play(&setup, &Devices::new(open), &script, &log)));
    let (oracle, formatted) = match played {
        Ok(played) => played,
        Err(wrong) => {
            tally.violations.push(format!("{name} | before any power cut: {wrong}"));
            return tally;
        }
    };
    let log = log.borrow();
    let judge = Judge { setup: &setup, oracle: &oracle };
    let mut test = Test { judge, tally, effort, rng: Rng::stream(effort.seed, "crash"), name };
    test.all(&log, formatted);
    test.tally
}

/// What may be seen after each command, and how many requests had made the filesystem.
fn play(setup: &Setup, devices: &Devices, script: &Script, log: &RefCell<Log>) -> (Oracle, usize) {
    let mut machine = Machine::on(setup, devices, Recording::Off);
    let formatted = log.borrow().len();
    let mut oracle = Oracle::new(&machine);
    for line in &script.lines {
        machine.play_line(line);
        machine.run();
        let failed = machine.take_finished().iter().any(|finished| finished.result.err.is_some());
        log.borrow_mut().mark();
        oracle.after(&machine, line, failed);
    }
    (oracle, formatted)
}

struct Test<'a> {
    judge: Judge<'a>,
    tally: Tally,
    effort: Effort,
    rng: Rng,
    name: String,
}

/// A moment at which the power goes, and what comes after each mount: the same for all, so that they differ by what was
/// left only.
struct Scene {
    epoch: Rc<Epoch>,
    moment: Moment,
    /// Requests before it.
    requests: usize,
    after: After,
}

/// Violations that are told of one workload.
const TOLD: usize = 2;
/// More steps than a commit with which nothing else runs.
const COMMIT_STEPS: u64 = 24;

impl Test<'_> {
    /// Every moment from the end of formatting on.
    ///
    /// What could be left at one moment can be left at a later one, until something becomes durable or is promised: only
    /// the last moments before that are looked at.
    fn all(&mut self, log: &Log, formatted: usize) {
        let mut epoch = Rc::new(Epoch::new(PREFILL, self.judge.setup.block_size()));
        let (mut done, mut fresh) = (0, true);
        for (requests, entry) in log.entries().iter().enumerate() {
            if requests >= formatted && fresh && !matches!(entry, Entry::Write { fua: false, .. }) {
                let scene = self.scene(&epoch, done, requests);
                self.moment(&scene);
                fresh = false;
            }
            match entry {
                Entry::Write { .. } | Entry::Flush => {
                    Rc::make_mut(&mut epoch).apply(entry);
                    fresh = true;
                }
                Entry::Mark => {
                    done += 1;
                    fresh |= self.judge.oracle.promises_at(done);
                }
            }
        }
        let end = self.scene(&epoch, done, log.len());
        self.moment(&end);
        self.flipped(&end);
    }

    fn scene(&mut self, epoch: &Rc<Epoch>, done: usize, requests: usize) -> Scene {
        let (steps, seed) = (self.rng.below(COMMIT_STEPS), self.rng.draw());
        let lines = (0..3).flat_map(|_| workloads::by_chance(&mut self.rng)).collect();
        Scene { epoch: epoch.clone(), moment: Moment { done }, requests, after: After { steps, seed, lines } }
    }

    /// Everything that may be left at a moment. All decisions are tried each way; where that takes too many mounts, the
    /// telling ones, and some by chance.
    fn moment(&mut self, scene: &Scene) {
        self.tally.possible += scene.epoch.possible();
        let mut read: BTreeSet<DevBlock> = BTreeSet::new();
        let mut next = Some(Plan::default());
        let mut tried = 0;
        while let Some(plan) = next.take_if(|_| tried < self.effort.mounts && !self.has_enough()) {
            let (asked, _) = self.one(scene, &plan, &scene.after);
            self.tally.covered += scene.epoch.seen_by(&asked.decided);
            read.extend(asked.decided.iter().map(|one| one.at));
            next = states::next(&asked.decided);
            tried += 1;
        }
        let read: Vec<DevBlock> = read.into_iter().collect();
        if next.is_some() {
            self.sampled(scene, &read);
        }
        self.torn(scene, &read);
        self.cut_again(scene);
    }

    /// The power goes again after each step of the first commit.
    fn cut_again(&mut self, scene: &Scene) {
        for others in [Others::Old, Others::Newest] {
            let plan = Plan { others, ..Plan::default() };
            let cut = |test: &mut Self, steps| test.one(scene, &plan, &After { steps, ..scene.after.clone() }).1;
            let _last = (0..COMMIT_STEPS).find(|steps| cut(self, *steps) != Some(Cut::UnderWay));
            // Where nothing was written since the flush, old and new are the same.
            if scene.epoch.is_settled() {
                return;
            }
        }
    }

    fn has_enough(&self) -> bool {
        self.tally.violations.len() >= TOLD
    }

    fn one(&mut self, scene: &Scene, plan: &Plan, after: &After) -> (Asked, Option<Cut>) {
        let asked: Rc<RefCell<Asked>> = Rc::default();
        if self.has_enough() {
            return (asked.take(), None);
        }
        self.tally.mounts += 1;
        let judged = self.judge.one(&scene.epoch, plan, scene.moment, after, &asked);
        let asked = asked.take();
        if let Err(wrong) = &judged {
            self.wrong(wrong, plan, &asked.decided, scene);
        }
        (asked, judged.ok())
    }

    fn wrong(&mut self, wrong: &str, plan: &Plan, decided: &[Decision], scene: &Scene) {
        let kept = decided.iter().filter(|one| one.chosen > 0);
        let kept: Vec<String> = kept.map(|one| format!("{}", one.at.0)).collect();
        let spoilt = plan.spoilt.map_or_else(String::new, |spoilt| format!(", {spoilt:?}"));
        let (name, done, requests, kept) = (&self.name, scene.moment.done, scene.requests, kept.join(" "));
        self.tally.violations.push(format!(
            "{name} | after {done} commands and {requests} requests, kept of the last [{kept}]{spoilt}: {wrong}"
        ));
    }

    fn sampled(&mut self, scene: &Scene, read: &[DevBlock]) {
        let mut seen = BTreeSet::new();
        let mut plans = states::telling(&scene.epoch, read);
        plans.extend((0..self.effort.sample).map(|_| scene.epoch.by_chance(&mut self.rng)));
        for plan in plans {
            let (asked, _) = self.one(scene, &plan, &scene.after);
            let choices: Vec<(DevBlock, usize)> = asked.decided.iter().map(|one| (one.at, one.chosen)).collect();
            seen.insert(choices);
        }
        // The search may have come to some of these: each is counted as one content, though others are like it.
        let sampled = f64::from(u32::try_from(seen.len()).expect("small"));
        self.tally.covered = (self.tally.covered + sampled).min(self.tally.possible);
    }

    /// One block of those that matter is torn: its first sector arrived, all but the first, and some by chance.
    fn torn(&mut self, scene: &Scene, read: &[DevBlock]) {
        for at in read {
            let by_chance = u8::try_from(1 + self.rng.below(0xfe)).expect("a byte");
            for sectors in [0x01, 0xfe, by_chance] {
                let spoilt = Some(Spoilt::Torn { at: *at, sectors });
                self.tally.torn += 1;
                self.one(scene, &Plan { others: Others::Newest, spoilt, ..Plan::default() }, &scene.after);
            }
        }
    }

    /// One bit of each sector of what has checksums is wrong.
    fn flipped(&mut self, scene: &Scene) {
        let plan = Plan { others: Others::Newest, ..Plan::default() };
        for at in self.judge.checked(&scene.epoch, &plan) {
            for sector in (0..self.judge.setup.block_size()).step_by(SECTOR) {
                let byte = usize::try_from(sector + self.rng.below(SECTOR as u64)).expect("small");
                let plan = Plan { spoilt: Some(Spoilt::Flipped { at, byte }), ..plan.clone() };
                self.tally.flipped += 1;
                match self.judge.damaged(&scene.epoch, &plan, scene.moment) {
                    Err(wrong) if !self.has_enough() => self.wrong(&wrong, &plan, &[], scene),
                    Ok(()) | Err(_) => {}
                }
            }
        }
    }
}
