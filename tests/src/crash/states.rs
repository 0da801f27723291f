//! What a device may hold after a power cut: everything that was flushed, and any of the rest, each block in order.
//!
//! Which version of a block survived is decided when somebody reads the block. Contents that differ only in blocks that
//! nobody reads are tried once and counted all: the engine sees its device through reads alone, so that they cannot end
//! differently. [`next`] walks through the decisions.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use extentscope_core::base::packed::PACKED;
use extentscope_core::base::{DevBlock, Errno, Payload, Prov, Range, Stamped};
use extentscope_core::dev::{Medium, Runs};
use extentscope_core::sim::rng::Rng;
use extentscope_core::store::superblock::SECTOR;

use super::log::Entry;
use crate::image::Blocks;

/// A block that was written since the last flush.
#[derive(Clone, Debug)]
struct Pending {
    /// What it may hold: what was durable, then each other content that it was told to hold.
    versions: Vec<Stamped>,
    /// The one that it was told last.
    newest: usize,
}

/// The durable blocks, and those that were written since.
#[derive(Clone)]
pub struct Epoch {
    durable: Blocks,
    pending: BTreeMap<DevBlock, Pending>,
    prefill: Stamped,
    block_bytes: usize,
}

impl Epoch {
    /// A device that holds one byte everywhere.
    pub fn new(prefill: u8, block_bytes: u64) -> Self {
        let prefill = Stamped { data: Payload::Fill(prefill), prov: Prov(0) };
        let block_bytes = usize::try_from(block_bytes).expect("a block is at most a page");
        Self { durable: Blocks::default(), pending: BTreeMap::new(), prefill, block_bytes }
    }

    /// A request was done.
    pub fn apply(&mut self, entry: &Entry) {
        match entry {
            Entry::Write { data, fua } => {
                for (range, stamped) in data.iter().filter(|(range, _)| range.start < PACKED) {
                    range.iter().for_each(|at| self.write(at, stamped, *fua));
                }
            }
            Entry::Flush => {
                for (at, mut pending) in std::mem::take(&mut self.pending) {
                    self.durable.insert(Range::sized(at, 1), pending.versions.swap_remove(pending.newest));
                }
            }
            Entry::Mark => {}
        }
    }

    fn write(&mut self, at: DevBlock, stamped: &Stamped, fua: bool) {
        if fua {
            self.pending.remove(&at);
            return self.durable.insert(Range::sized(at, 1), stamped.clone());
        }
        let old = self.durable(at);
        let pending = self.pending.entry(at).or_insert(Pending { versions: vec![old], newest: 0 });
        // Equal contents are one content.
        let known = pending.versions.iter().position(|version| version.data == stamped.data);
        pending.newest = known.unwrap_or(pending.versions.len());
        if known.is_none() {
            pending.versions.push(stamped.clone());
        }
    }

    fn durable(&self, at: DevBlock) -> Stamped {
        self.durable.get(at).map_or(&self.prefill, |(_, stamped)| stamped).clone()
    }

    /// Different contents that a power cut could leave now.
    pub fn possible(&self) -> f64 {
        self.pending.values().map(|one| count(one.versions.len())).product()
    }

    /// Whether there is nothing to decide.
    pub fn is_settled(&self) -> bool {
        self.pending.values().all(|one| one.versions.len() == 1)
    }

    /// How many of them a run has seen that decided these blocks: all that differ in other blocks only.
    pub fn seen_by(&self, decided: &[Decision]) -> f64 {
        self.possible() / decided.iter().map(|one| count(one.versions)).product::<f64>()
    }

    /// A plan that decides every block by chance.
    pub fn by_chance(&self, rng: &mut Rng) -> Plan {
        let one = |(at, pending): (&DevBlock, &Pending)| {
            (*at, usize::try_from(rng.below(pending.versions.len() as u64)).expect("small"))
        };
        Plan { chosen: self.pending.iter().map(one).collect(), ..Plan::default() }
    }

    /// The number of a block's newest version.
    pub fn newest(&self, at: DevBlock) -> usize {
        self.pending.get(&at).map_or(0, |pending| pending.newest)
    }
}

fn count(versions: usize) -> f64 {
    f64::from(u32::try_from(versions).expect("a block has few versions"))
}

/// What becomes of blocks that a plan does not name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Others {
    /// They hold what was durable.
    #[default]
    Old,
    /// They hold what was written last.
    Newest,
}

/// What is done to one block besides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spoilt {
    /// Of the version written last only the sectors of a mask have arrived.
    Torn {
        /// The block.
        at: DevBlock,
        /// One bit for each sector of 512 bytes.
        sectors: u8,
    },
    /// One bit of it is wrong.
    Flipped {
        /// The block.
        at: DevBlock,
        /// The byte.
        byte: usize,
    },
}

/// Which version of each block survives.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// By block, the number of its version.
    pub chosen: BTreeMap<DevBlock, usize>,
    /// All others.
    pub others: Others,
    /// One block that is not whole.
    pub spoilt: Option<Spoilt>,
}

/// A block of which a version was chosen because somebody read it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decision {
    /// The block.
    pub at: DevBlock,
    /// The version.
    pub chosen: usize,
    /// How many it has.
    pub versions: usize,
}

/// What was asked of a device.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Decisions, in the order in which blocks were read first.
    pub decided: Vec<Decision>,
    /// Every block that was read before it was written.
    pub read: std::collections::BTreeSet<DevBlock>,
}

/// What a power cut left, decided while it is read.
pub struct Left {
    epoch: Rc<Epoch>,
    plan: Plan,
    written: Blocks,
    asked: Rc<RefCell<Asked>>,
}

impl Left {
    /// After a cut in an epoch.
    pub fn new(epoch: Rc<Epoch>, plan: Plan, asked: Rc<RefCell<Asked>>) -> Self {
        Self { epoch, plan, written: Blocks::default(), asked }
    }

    fn one(&self, at: DevBlock) -> Stamped {
        if let Some((_, written)) = self.written.get(at) {
            return written.clone();
        }
        let mut asked = self.asked.borrow_mut();
        let first = asked.read.insert(at);
        let whole = match self.epoch.pending.get(&at) {
            None => self.epoch.durable(at),
            Some(pending) => {
                let other = match self.plan.others {
                    Others::Old => 0,
                    Others::Newest => pending.newest,
                };
                let chosen = self.plan.chosen.get(&at).copied().unwrap_or(other);
                if first {
                    asked.decided.push(Decision { at, chosen, versions: pending.versions.len() });
                }
                pending.versions[chosen].clone()
            }
        };
        match self.plan.spoilt {
            Some(Spoilt::Torn { at: torn, sectors }) if torn == at => self.torn(at, sectors),
            Some(Spoilt::Flipped { at: wrong, byte }) if wrong == at => flipped(&whole, byte, self.epoch.block_bytes),
            _ => whole,
        }
    }

    fn torn(&self, at: DevBlock, sectors: u8) -> Stamped {
        let size = self.epoch.block_bytes;
        let mut torn = self.epoch.durable(at);
        let newest = self.epoch.pending.get(&at).map_or(&torn, |one| &one.versions[one.newest]).clone();
        for sector in (0..size / SECTOR).filter(|sector| sectors >> sector & 1 == 1) {
            torn.data = torn.data.patched(sector * SECTOR, SECTOR, &newest.data, size);
        }
        torn
    }
}

fn flipped(whole: &Stamped, byte: usize, size: usize) -> Stamped {
    let wrong = Payload::Fill(whole.data.byte(byte) ^ 0x10);
    Stamped { data: whole.data.patched(byte, 1, &wrong, size), prov: whole.prov }
}

impl Medium for Left {
    fn read(&self, range: Range<DevBlock>) -> Result<Runs, Errno> {
        Ok(range.iter().map(|at| (Range::sized(at, 1), self.one(at))).collect())
    }
    fn write(&mut self, runs: &[(Range<DevBlock>, Stamped)]) -> Result<(), Errno> {
        runs.iter().for_each(|(range, stamped)| self.written.insert(*range, stamped.clone()));
        Ok(())
    }
    fn sync(&mut self) -> Result<(), Errno> {
        Ok(())
    }
}

/// The next plan after one that came to these decisions, when every decision is tried each way: the last one that has
/// another version takes it. `None` when all were tried.
pub fn next(decided: &[Decision]) -> Option<Plan> {
    let last = decided.iter().rposition(|one| one.chosen + 1 < one.versions)?;
    let mut chosen: BTreeMap<DevBlock, usize> = decided[..last].iter().map(|one| (one.at, one.chosen)).collect();
    chosen.insert(decided[last].at, decided[last].chosen + 1);
    Some(Plan { chosen, ..Plan::default() })
}

/// Plans for where there are too many: none and all of the writes, each block and each two left out or alone.
pub fn telling(epoch: &Epoch, blocks: &[DevBlock]) -> Vec<Plan> {
    let all = |others| Plan { others, ..Plan::default() };
    let mut plans = vec![all(Others::Old), all(Others::Newest)];
    for (nth, first) in blocks.iter().enumerate() {
        for second in &blocks[nth..] {
            let two = [*first, *second];
            let without = two.map(|at| (at, 0)).into();
            let alone = two.map(|at| (at, epoch.newest(at))).into();
            plans.push(Plan { chosen: without, ..all(Others::Newest) });
            plans.push(Plan { chosen: alone, ..all(Others::Old) });
        }
    }
    plans
}
