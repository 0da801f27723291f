//! Digests that are equal natively and in wasm: of the events of a run, and of the state at one step.
//!
//! FNV-1a over 64 bits, over a spelled-out form. They find differences; they are no defence against an adversary.
//! Equal worlds have equal digests: a block of bytes that are all the same counts as filled with that byte.

use super::json;
use super::world::{FileView, NodeView, SpaceState, World};
use crate::base::packed::Piece;
use crate::base::{DevBlock, Entry, Extent, Payload, RangeMap, Sharing, SortedMap, Stamped, Unit};
use crate::trace::Recorder;
use serde::Serialize;
use std::io::{self, Write};

/// The running digest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    /// The digest so far.
    pub fn value(self) -> u64 {
        self.0
    }
    /// More bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    }
    fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }
    fn count(&mut self, count: usize) {
        self.number(u64::try_from(count).expect("a length fits 64 bits"));
    }
    /// Small values with names, by their JSON: stable where the order of an enum's variants is not.
    fn named<T: Serialize>(&mut self, value: &T) {
        json::write(&mut *self, value).expect("a digest takes every byte");
        self.bytes(b"\n");
    }
}

impl Write for Digest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The run digest: of the trace's lines for the steps 0 to `step`, each with its newline.
pub fn of_run(recorder: &Recorder, step: usize) -> u64 {
    let mut digest = Digest::default();
    super::trace_json::write_steps(&mut digest, recorder, 0..=step).expect("a digest takes every byte");
    digest.value()
}

/// The state digest: of everything visible.
pub fn of_world(world: &World) -> u64 {
    let mut digest = Digest::default();
    digest.world(world);
    digest.value()
}

impl Digest {
    fn world(&mut self, world: &World) {
        // No `..`: a new field must be asked whether it belongs here.
        let World {
            now,
            tasks,
            locks,
            names,
            open,
            current,
            files,
            trees,
            nodes,
            inline,
            space,
            pieces,
            sums,
            write_point,
            sharing,
            ledger,
            device,
            requests,
            unflushed,
            flushes,
            node_places,
            commits,
            shut_down,
        } = world;
        for number in [*now, *flushes, *commits, u64::from(*shut_down)] {
            self.number(number);
        }
        self.count(tasks.len());
        for (id, task) in tasks {
            self.named(&(id, &task.label, task.daemon, task.state, task.command, &task.frames));
        }
        self.count(locks.len());
        for (id, lock) in locks {
            self.named(&(id, &lock.holders, &lock.waiters));
        }
        self.named(&(names, open, current));
        self.count(files.len());
        for (ino, file) in files {
            self.number(u64::from(ino.0));
            self.file(file);
        }
        self.named(&trees.iter().collect::<Vec<_>>());
        self.count(nodes.len());
        for (id, node) in nodes {
            self.number(u64::from(id.0));
            self.node(node);
        }
        self.count(inline.len());
        for (id, data) in inline {
            self.number(*id);
            self.stamped(data);
        }
        self.ranges(space, |digest, state| digest.number(u64::from(*state == SpaceState::Pinned)));
        self.blocks(pieces, *write_point, sharing);
        self.ranges(sums, |digest, sum| digest.number(u64::from(*sum)));
        self.named(&ledger.iter().collect::<Vec<_>>());
        self.ranges(device, Self::stamped);
        self.count(requests.len());
        for (id, request) in requests {
            self.named(&(id, request.write, request.fua, request.range));
        }
        self.named(unflushed);
        self.ranges(node_places, |digest, place| digest.named(place));
    }

    /// Which blocks of the device are used by whom, besides being used.
    fn blocks(&mut self, pieces: &SortedMap<DevBlock, Piece>, write_point: DevBlock, sharing: &Sharing) {
        self.count(pieces.len());
        for (start, piece) in pieces {
            self.named(&(start, piece.end, piece.device, piece.left));
        }
        self.number(write_point.0);
        self.ranges(&sharing.others, |digest, others| digest.number(u64::from(*others)));
        self.count(sharing.extents.len());
        for (start, found) in &sharing.extents {
            let users: Vec<_> =
                found.users.iter().map(|(origin, blocks)| (origin.ino, origin.start, *blocks)).collect();
            self.named(&(start, found.end, users));
        }
    }

    fn file(&mut self, file: &FileView) {
        let FileView { size, disk_size, inline_room, hints, folios, states, data, delayed, unbacked, ordered, staging } =
            file;
        self.number(*size);
        self.number(*disk_size);
        self.number(*inline_room);
        self.named(hints);
        self.count(folios.len());
        for (index, folio) in folios {
            self.number(index.0);
            self.number(u64::from(folio.pages));
            self.number(u64::from(folio.writeback));
        }
        self.ranges(states, |digest, state| {
            digest.bytes(&[u8::from(state.uptodate), u8::from(state.dirty)]);
            digest.named(&state.backing);
        });
        self.ranges(data, Self::stamped);
        self.ranges(delayed, |_, ()| {});
        self.ranges(unbacked, |_, ()| {});
        self.ranges(ordered, |digest, flight| digest.named(flight));
        self.ranges(staging, |digest, staged| digest.named(staged));
    }

    fn node(&mut self, node: &NodeView) {
        self.number(u64::from(node.level));
        self.count(node.entries.len());
        for entry in &node.entries {
            match entry {
                Entry::Extent(Extent { start, addr, ino, len, kind, shared }) => {
                    for number in [start.0, addr.0, u64::from(ino.0), u64::from(*len), u64::from(*shared)] {
                        self.number(number);
                    }
                    self.named(kind);
                }
                Entry::Child { key, node } => {
                    for number in [u64::from(key.ino.0), key.start.0, u64::from(node.0)] {
                        self.number(number);
                    }
                }
            }
        }
    }

    fn stamped(&mut self, stamped: &Stamped) {
        self.number(u64::from(stamped.prov.0));
        match &stamped.data {
            Payload::Fill(byte) => self.bytes(&[0, *byte]),
            Payload::Bytes(bytes) => match bytes.split_first() {
                Some((first, rest)) if rest.iter().all(|byte| byte == first) => self.bytes(&[0, *first]),
                _ => {
                    self.bytes(&[1]);
                    self.bytes(bytes);
                }
            },
        }
    }

    fn ranges<U: Unit, V: Clone + PartialEq>(&mut self, map: &RangeMap<U, V>, each: impl Fn(&mut Self, &V)) {
        self.count(map.len());
        for (range, value) in map.iter() {
            self.number(range.start.raw());
            self.number(range.end.raw());
            each(self, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Prov, Range};

    #[test]
    fn a_digest_is_the_same_for_ever() {
        let mut digest = Digest::default();
        digest.bytes(b"extentscope");
        assert_eq!(digest.value(), crate::base::payload::digest(b"extentscope"));
        assert_eq!(of_world(&World::default()), of_world(&World::default()));
    }

    #[test]
    fn equal_contents_have_equal_digests_however_they_are_kept() {
        let fill = World { device: one_block(Payload::Fill(7)), ..World::default() };
        let bytes = World { device: one_block(Payload::Bytes(vec![7; 4096].into())), ..World::default() };
        let other = World { device: one_block(Payload::Bytes(vec![8; 4096].into())), ..World::default() };
        assert_eq!(fill, bytes);
        assert_eq!(of_world(&fill), of_world(&bytes));
        assert_ne!(of_world(&fill), of_world(&other));
    }

    fn one_block(data: Payload) -> RangeMap<DevBlock, Stamped> {
        let mut map = RangeMap::default();
        map.insert(Range::sized(DevBlock(3), 1), Stamped { data, prov: Prov(1) });
        map
    }
}
