//! What a device may hold after a power cut: everything that was flushed, and any of the rest, each block in order.

use extentscope_core::base::{DevBlock, Payload, Prov, Range, Stamped};
use extentscope_core::sim::rng::Rng;

use super::log::Entry;
use crate::image::Blocks;

/// States of one moment that are all tried; of more only some.
const EXHAUSTIVE_MAX: u64 = 1 << 10;

/// The durable blocks, and the versions of each block that was written since.
pub struct Epoch {
    durable: Blocks,
    /// By block: what it was told to hold since the flush, in order.
    versions: std::collections::BTreeMap<DevBlock, Vec<Stamped>>,
    prefill: Stamped,
}

impl Epoch {
    /// A device that holds one byte everywhere.
    pub fn new(prefill: u8) -> Self {
        let prefill = Stamped { data: Payload::Fill(prefill), prov: Prov(0) };
        Self { durable: Blocks::default(), versions: Default::default(), prefill }
    }

    /// A request was done.
    pub fn apply(&mut self, entry: &Entry) {
        match entry {
            Entry::Write { data, fua } => {
                for (range, stamped) in data {
                    for at in range.iter() {
                        if *fua {
                            self.versions.remove(&at);
                            self.durable.insert(Range::sized(at, 1), stamped.clone());
                        } else {
                            self.versions.entry(at).or_default().push(stamped.clone());
                        }
                    }
                }
            }
            Entry::Flush => {
                for (at, mut versions) in std::mem::take(&mut self.versions) {
                    self.durable.insert(Range::sized(at, 1), versions.pop().expect("a written block has a version"));
                }
            }
            Entry::Mark => {}
        }
    }

    /// Contents that a power cut could leave now, and how many there are in all.
    ///
    /// All of them where they are few; else none and all of the writes, each left out, each alone, each torn, and a
    /// sample.
    pub fn states(&self, sample: u64, rng: &mut Rng) -> (Vec<Blocks>, u64) {
        let blocks: Vec<(&DevBlock, &Vec<Stamped>)> = self.versions.iter().collect();
        let possible =
            blocks.iter().fold(1_u64, |product, (_, versions)| product.saturating_mul(versions.len() as u64 + 1));
        let newest: Vec<usize> = blocks.iter().map(|(_, versions)| versions.len()).collect();
        let mut chosen: Vec<Vec<usize>> = Vec::new();
        if possible <= EXHAUSTIVE_MAX {
            let mut choice = vec![0; blocks.len()];
            loop {
                chosen.push(choice.clone());
                let Some(at) = (0..choice.len()).find(|at| choice[*at] < newest[*at]) else { break };
                choice[at] += 1;
                choice[..at].fill(0);
            }
        } else {
            chosen.extend([vec![0; blocks.len()], newest.clone()]);
            for at in 0..blocks.len() {
                let (mut without, mut alone) = (newest.clone(), vec![0; blocks.len()]);
                (without[at], alone[at]) = (0, newest[at]);
                chosen.extend([without, alone]);
            }
            for _ in 0..sample {
                let one = newest.iter().map(|most| usize::try_from(rng.below(*most as u64 + 1)).expect("small"));
                chosen.push(one.collect());
            }
        }
        let mut states: Vec<Blocks> = chosen.iter().map(|choice| self.with(&blocks, choice)).collect();
        states.extend(blocks.iter().map(|(at, versions)| self.torn(&newest, &blocks, **at, versions)));
        (states, possible)
    }

    fn with(&self, blocks: &[(&DevBlock, &Vec<Stamped>)], choice: &[usize]) -> Blocks {
        let mut state = Blocks::default();
        state.insert(Range::new(DevBlock(0), DevBlock(1 << 20)), self.prefill.clone());
        self.durable.iter().for_each(|(range, stamped)| state.insert(range, stamped.clone()));
        for ((at, versions), version) in blocks.iter().zip(choice) {
            if let Some(version) = version.checked_sub(1) {
                state.insert(Range::sized(**at, 1), versions[version].clone());
            }
        }
        state
    }

    /// Everything arrived but the last sectors of one block.
    fn torn(
        &self,
        newest: &[usize],
        blocks: &[(&DevBlock, &Vec<Stamped>)],
        at: DevBlock,
        versions: &[Stamped],
    ) -> Blocks {
        let mut state = self.with(blocks, newest);
        let old = self.durable.get(at).map_or(&self.prefill, |(_, old)| old);
        let new = versions.last().expect("a written block has a version");
        let torn = Stamped { data: old.data.patched(0, 512, &new.data, 4096), prov: new.prov };
        state.insert(Range::sized(at, 1), torn);
        state
    }
}
