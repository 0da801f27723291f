//! The counts against one list of users per block.

use super::*;
use crate::base::{ExtentKind, Ino};
use crate::sim::cx::Recording;
use crate::sim::rng::Rng;
use std::collections::BTreeSet;

const BLOCKS: u64 = 96;

fn record(ino: u64, start: u64, addr: u64, len: u64) -> Extent {
    Extent {
        ino: Ino(u32::try_from(ino).expect("small")),
        start: FileBlock(start),
        addr: DevBlock(addr),
        len: u32::try_from(len).expect("small"),
        kind: ExtentKind::Written,
        shared: false,
    }
}

/// The obviously correct twin: all records, and what was allocated at once.
#[derive(Default)]
struct Twin {
    records: Vec<Extent>,
    made: Vec<Range<DevBlock>>,
}

impl Twin {
    fn users(&self, block: u64) -> usize {
        let has = |extent: &&Extent| extent.dev_range().is_some_and(|range| range.contains(DevBlock(block)));
        self.records.iter().filter(has).count()
    }
    fn origins(&self, whole: Range<DevBlock>) -> BTreeSet<(u32, i128)> {
        let overlapping = self.records.iter().filter(|extent| extent.dev_range().expect("written").overlaps(&whole));
        let origin =
            |extent: &Extent| i128::from(extent.start.0) + i128::from(whole.start.0) - i128::from(extent.addr.0);
        overlapping.map(|extent| (extent.ino.0, origin(extent))).collect()
    }
    fn shared(&self, plan: SharePlan, block: u64) -> bool {
        match plan {
            SharePlan::Blocks => self.users(block) > 1,
            SharePlan::DiskExtents => {
                let whole = self.made.iter().find(|whole| whole.contains(DevBlock(block))).expect("it was made");
                self.origins(*whole).len() > 1
            }
            SharePlan::Never | SharePlan::Marks => false,
        }
    }
    /// Takes a record out; the blocks that nobody uses any more.
    fn drop(&mut self, plan: SharePlan, extent: Extent) -> BTreeSet<u64> {
        let at = self.records.iter().position(|found| *found == extent).expect("it is there");
        self.records.swap_remove(at);
        let range = extent.dev_range().expect("written");
        if plan != SharePlan::DiskExtents {
            return range.iter().map(|block| block.0).filter(|block| self.users(*block) == 0).collect();
        }
        let gone = |whole: &Range<DevBlock>| whole.overlaps(&range) && self.origins(*whole).is_empty();
        let (gone, made): (Vec<_>, Vec<_>) = self.made.iter().partition(|whole| gone(whole));
        self.made = made;
        gone.into_iter().flat_map(|whole| whole.iter().map(|block| block.0).collect::<Vec<_>>()).collect()
    }
}

fn compare(plan: SharePlan, refs: &Refs, twin: &Twin) {
    for extent in &twin.records {
        let runs = refs.shared_runs(extent);
        assert_eq!(runs.iter().map(|(run, _)| run.len()).sum::<u64>(), u64::from(extent.len));
        assert!(runs.windows(2).all(|pair| pair[0].1 != pair[1].1 && pair[0].0.end == pair[1].0.start));
        for (run, shared) in runs {
            for at in run.iter() {
                let block = extent.addr + (at - extent.start);
                assert_eq!(shared, twin.shared(plan, block.0), "{plan:?} {extent:?} at {at:?}");
            }
        }
    }
}

fn run(plan: SharePlan, seed: u64) {
    let refs = Refs::new(&Cx::new(Recording::On), plan);
    let mut twin = Twin::default();
    let mut rng = Rng::stream(seed, "refs");
    for _ in 0..400 {
        let pick = |rng: &mut Rng, twin: &Twin| {
            let count = twin.records.len() as u64;
            (count > 0).then(|| twin.records[usize::try_from(rng.below(count)).expect("small")])
        };
        match rng.below(4) {
            0 => {
                let (addr, len) = (rng.below(BLOCKS), 1 + rng.below(12));
                let range = Range::sized(DevBlock(addr), len);
                let taken = twin.made.iter().any(|made| made.overlaps(&range))
                    || range.iter().any(|block| twin.users(block.0) > 0);
                if !taken {
                    let fresh = record(1 + rng.below(3), rng.below(64), addr, len);
                    refs.created(&fresh);
                    twin.made.push(range);
                    twin.records.push(fresh);
                }
            }
            1 => {
                let Some(source) = pick(&mut rng, &twin) else { continue };
                let skip = rng.below(u64::from(source.len));
                let len = 1 + rng.below(u64::from(source.len) - skip);
                let clone = record(1 + rng.below(3), rng.below(64), source.addr.0 + skip, len);
                refs.add(&clone);
                twin.records.push(clone);
            }
            // A record is cut: the cut part goes, two may stay.
            2 => {
                let Some(whole) = pick(&mut rng, &twin) else { continue };
                let skip = rng.below(u64::from(whole.len));
                let part = Range::sized(whole.start + skip, 1 + rng.below(u64::from(whole.len) - skip));
                let parts: [_; 2] = whole.range().subtract(&part).into();
                let at = twin.records.iter().position(|found| *found == whole).expect("it is there");
                twin.records.swap_remove(at);
                twin.records.extend(parts.iter().filter_map(|rest| whole.trimmed(*rest)));
                let cut = whole.trimmed(part).expect("a part");
                twin.records.push(cut);
                let freed =
                    refs.drop(&cut).into_iter().flat_map(|run| run.iter().map(|block| block.0).collect::<Vec<_>>());
                assert_eq!(freed.collect::<BTreeSet<_>>(), twin.drop(plan, cut), "{plan:?} {cut:?}");
            }
            _ => {
                let Some(gone) = pick(&mut rng, &twin) else { continue };
                let freed =
                    refs.drop(&gone).into_iter().flat_map(|run| run.iter().map(|block| block.0).collect::<Vec<_>>());
                assert_eq!(freed.collect::<BTreeSet<_>>(), twin.drop(plan, gone), "{plan:?} {gone:?}");
            }
        }
        compare(plan, &refs, &twin);
    }
    let loaded = Refs::new(&Cx::new(Recording::On), plan);
    let used = loaded.load(&refs.made(), &twin.records);
    assert!(refs.state(|own| loaded.state(|other| own == other)), "a mount finds the same counts");
    let blocks: BTreeSet<u64> = used.iter().flat_map(Range::iter).map(|block| block.0).collect();
    let expected = |block: &u64| match plan {
        SharePlan::DiskExtents => twin.made.iter().any(|made| made.contains(DevBlock(*block))),
        _ => twin.users(*block) > 0,
    };
    assert!((0..BLOCKS + 16).all(|block| blocks.contains(&block) == expected(&block)));
}

#[test]
fn counts_equal_a_list_of_users() {
    for plan in [SharePlan::Blocks, SharePlan::DiskExtents] {
        (0..40).for_each(|seed| run(plan, seed));
    }
}

#[test]
fn a_mark_stays_and_blocks_go_with_the_last_user() {
    let refs = Refs::new(&Cx::new(Recording::On), SharePlan::Marks);
    let marked = Extent { shared: true, ..record(1, 0, 8, 4) };
    let clone = Extent { shared: true, ..record(2, 0, 8, 4) };
    refs.created(&marked);
    refs.add(&clone);
    assert_eq!(refs.drop(&clone), []);
    assert!(refs.is_shared(&marked), "the mark stays");
    assert_eq!(refs.drop(&marked), [Range::sized(DevBlock(8), 4)]);
}
