//! Where the next data goes, in a filesystem that fills one bucket after the other.

use super::{Space, SpaceMap};
use crate::base::{DevBlock, Range};
use crate::trace::Event;

impl Space {
    /// The next block of the open bucket, else the start of the next bucket that is free whole, around the end of the
    /// device if need be. `None` when no bucket is. `bucket` is blocks (`bch2_alloc_sectors_start_trans`,
    /// `bch2_bucket_alloc_freelist`).
    pub fn open_bucket(&self, bucket: u64) -> Option<DevBlock> {
        let point = self.point();
        self.map(|map| {
            let open = !point.0.is_multiple_of(bucket) && map.free.get(point).is_some();
            if open { Some(point) } else { free_bucket(map, point, bucket) }
        })
    }

    /// Where the last data went, its end; the device's start after a mount.
    pub fn point(&self) -> DevBlock {
        self.0.point.with(|point| *point)
    }

    /// Data went up to here.
    pub fn set_point(&self, at: DevBlock) {
        if self.0.point.change(|point| std::mem::replace(point, at) != at) {
            self.0.cx.emit(|| Event::WritePointMoved { at });
        }
    }
}

fn free_bucket(map: &SpaceMap, from: DevBlock, bucket: u64) -> Option<DevBlock> {
    let whole = |run: Range<DevBlock>| {
        let start = DevBlock(run.start.0.next_multiple_of(bucket));
        (start + bucket <= run.end).then_some(start)
    };
    let behind = map.free.overlapping(Range { start: from, end: DevBlock(u64::MAX) });
    // The run around `from` may have its first whole bucket in front of it.
    let behind = behind.map(|(run, ())| Range { start: run.start.max(from), end: run.end.max(from) });
    let ahead = map.free.iter().map(|(run, ())| run).take_while(|run| run.start < from);
    behind.chain(ahead).find_map(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_filled_one_after_the_other() {
        let mut map = SpaceMap::all_free(Range::new(DevBlock(4), DevBlock(64)));
        let next = |map: &SpaceMap, from: u64| free_bucket(map, DevBlock(from), 8).map(|found| found.0);
        assert_eq!(next(&map, 0), Some(8), "the first bucket is not whole");
        assert_eq!(next(&map, 8), Some(8));
        assert_eq!(next(&map, 9), Some(16), "a bucket that was begun is not taken again");
        map.take(Range::new(DevBlock(17), DevBlock(18)));
        assert_eq!(next(&map, 9), Some(24), "neither is one that holds something");
        assert_eq!(next(&map, 57), Some(8), "around the end");
        map.take(Range::new(DevBlock(8), DevBlock(64)));
        assert_eq!(next(&map, 9), None);
    }
}
