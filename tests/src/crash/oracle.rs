//! What a file may show after a power cut.
//!
//! Between its last promise (a sync that covered it) and the cut, a byte may be what it was at the promise or after any
//! command since, and the file as long as then, or as long as whole blocks of a write in between had made it. A file that
//! nothing touched since its promise is exact, its map included. All names are those of one moment: a rename, a removal
//! and a snapshot are there all or not at all, and so is what a clone or a shift does to a file.

use std::collections::{BTreeMap, BTreeSet};

use extentscope_core::base::{Extent, Ino};
use extentscope_core::personality::plan::Unpin;
use extentscope_core::scenario::machine::Machine;
use extentscope_core::scenario::script::{Command, FallocMode, Line};

use super::PREFILL;
use crate::contents::contents;

/// When the power goes: so many commands have ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// Commands that ended before.
    pub done: usize,
}

/// A file as it is after a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct View {
    ino: Ino,
    bytes: Vec<u8>,
    map: Vec<Extent>,
}

/// All names after a command.
pub type Names = BTreeMap<String, View>;

/// Whether files of the same names hold the same bytes.
pub fn same_bytes(one: &Names, other: &Names) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.0 == b.0 && a.1.bytes == b.1.bytes)
}

fn inodes(names: &Names) -> Vec<(&String, Ino)> {
    names.iter().map(|(name, view)| (name, view.ino)).collect()
}

/// What was seen after each command.
pub struct Oracle {
    views: Vec<Names>,
    /// After which commands all names are promised.
    whole: Vec<bool>,
    /// Names that files got since then, which fdatasync promises nothing of.
    moved: BTreeSet<String>,
    /// After which commands which names are promised.
    promised: Vec<BTreeSet<String>>,
    /// What a power cut may leave of each command.
    effects: Vec<Effect>,
}

/// How a command comes to the device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Effect {
    /// All of it or nothing.
    Whole,
    /// The size grows with the data, block by block.
    Growing,
    /// Bytes one by one, the size at once.
    Other,
}

/// Every file as a program would find it.
pub fn look(machine: &Machine) -> Names {
    let volume = machine.fs().volume();
    let names: Vec<(String, Ino)> =
        volume.inodes.table(|table| table.names.iter().map(|(name, ino)| (name.clone(), *ino)).collect());
    let view = |ino: Ino| View { ino, bytes: contents(machine, ino), map: volume.extents.extents(ino) };
    names.into_iter().map(|(name, ino)| (name, view(ino))).collect()
}

impl Oracle {
    /// Before the first command.
    pub fn new(machine: &Machine) -> Self {
        Self {
            views: vec![look(machine)],
            whole: vec![true],
            moved: BTreeSet::new(),
            promised: vec![BTreeSet::new()],
            effects: vec![Effect::Whole],
        }
    }

    /// A command has ended.
    pub fn after(&mut self, machine: &Machine, line: &Line, failed: bool) {
        let view = look(machine);
        let current = machine.fs().open_files(|open| open.current.clone());
        let whole = !failed && matches!(line.command, Command::Syncfs | Command::Remount | Command::Snapshot(_));
        match &line.command {
            Command::Rename { to, .. } if !failed => drop(self.moved.insert(to.clone())),
            _ if whole => self.moved.clear(),
            _ => {}
        }
        let promised = match &line.command {
            _ if failed => BTreeSet::new(),
            Command::Pwrite(ask) if ask.fsync => current.into_iter().collect(),
            Command::Fsync => current.into_iter().collect(),
            // Data, but not the name that leads to it (`ext4_sync_file` asks for `i_datasync_tid`).
            Command::Pwrite(ask) if ask.fdatasync => {
                current.into_iter().filter(|name| !self.moved.contains(name)).collect()
            }
            Command::Fdatasync => current.into_iter().filter(|name| !self.moved.contains(name)).collect(),
            _ if whole => view.keys().cloned().collect(),
            _ => BTreeSet::new(),
        };
        let effect = match &line.command {
            Command::Rename { .. } | Command::Reflink(_) => Effect::Whole,
            // Others zero the edges of a range in place, before the map changes.
            Command::Fallocate(ask) if matches!(ask.mode, FallocMode::Collapse | FallocMode::Insert) => Effect::Whole,
            Command::Pwrite(_) | Command::CopyRange(_) => Effect::Growing,
            _ => Effect::Other,
        };
        self.views.push(view);
        self.whole.push(whole);
        self.promised.push(promised);
        self.effects.push(effect);
    }

    /// Whether the command that just ended promised something.
    pub fn promises_at(&self, done: usize) -> bool {
        !self.promised[done].is_empty()
    }

    /// Whether what is mounted may be there.
    pub fn judge(&self, machine: &Machine, moment: Moment) -> Result<(), String> {
        let found = look(machine);
        if let Some((name, _)) = found.iter().find(|(_, view)| view.bytes.contains(&PREFILL)) {
            return Err(format!("{name} shows what nobody wrote"));
        }
        let last = (moment.done + 1).min(self.views.len() - 1);
        let logs = machine.fs().volume().profile.space.unpin == Unpin::NotFsync;
        self.judge_names(&found, moment, last, logs)?;
        let names: BTreeSet<&String> =
            self.views[..=last].iter().flat_map(BTreeMap::keys).chain(found.keys()).collect();
        for name in names {
            let promise = (0..=moment.done).rev().find(|at| self.promised[*at].contains(name)).unwrap_or(0);
            let found = found.get(name);
            // A file whose name came back has the bytes that it got under another one.
            let same_file = |view: &&View| found.is_some_and(|found| found.ino == view.ino);
            let at = |at: usize| self.views[at].get(name).or_else(|| self.views[at].values().find(same_file));
            let window: Vec<Option<&View>> = (promise..=last).map(at).collect();
            self.judge_file(name, found, &window, promise, last)?;
        }
        Ok(())
    }

    /// Names are those of one moment since all were promised. A sync of one file promises none of the others: on ext4 it
    /// commits nothing when that file did not change. Where it `logs` one file (`btrfs_sync_log`), that file's name comes on
    /// top of the others' moment.
    fn judge_names(&self, found: &Names, moment: Moment, last: usize, logs: bool) -> Result<(), String> {
        let promise = (0..=moment.done).rev().find(|at| self.whole[*at]).unwrap_or(0);
        let found = inodes(found);
        let logged = |at: usize, (name, ino): (&String, Ino)| {
            let same = |at: usize| self.views[at].get(name).is_some_and(|view| view.ino == ino);
            (at + 1..=last).any(|at| self.promised[at].contains(name) && same(at))
        };
        let possible = |at: usize| {
            let moment = inodes(&self.views[at]);
            let all_there = moment.iter().all(|name| found.contains(name));
            let extra = || found.iter().filter(|name| !moment.contains(name));
            moment == found || logs && all_there && extra().all(|name| logged(at, *name))
        };
        if (promise..=last).any(possible) {
            return Ok(());
        }
        Err(format!("the names are those of no moment: {found:?}"))
    }

    fn judge_file(
        &self,
        name: &str,
        found: Option<&View>,
        window: &[Option<&View>],
        promise: usize,
        last: usize,
    ) -> Result<(), String> {
        let Some(found) = found else {
            let may_be_gone = promise == 0 || window.iter().any(Option::is_none);
            return if may_be_gone { Ok(()) } else { Err(format!("{name} is gone")) };
        };
        let views: Vec<&View> = window.iter().flatten().copied().collect();
        let Some(first) = views.first() else { return Err(format!("{name} was never there")) };
        if promise > 0 && window.iter().all(|view| *view == window[0]) {
            return same(name, first, found);
        }
        let sizes: Vec<u64> = views.iter().map(|view| view.bytes.len() as u64).collect();
        let size = found.bytes.len() as u64;
        let length = |at: usize| window[at - promise].map_or(0, |view| view.bytes.len() as u64);
        let within = |at: usize| length(at - 1) < size && size < length(at) && size.is_multiple_of(512);
        let grew = (promise + 1..=last).any(|at| self.effects[at] == Effect::Growing && within(at));
        if !sizes.contains(&size) && !grew {
            return Err(format!("{name} has {size} bytes, which is none of {sizes:?}"));
        }
        for (at, byte) in found.bytes.iter().enumerate() {
            let allowed = views.iter().filter_map(|view| view.bytes.get(at));
            // The block of a new end is zeroed behind it in place, before the size says so (`ext4_block_truncate_page`).
            let zeroed = |size: &u64| *size <= at as u64 && (at as u64) < size.next_multiple_of(4096);
            let possible = allowed.clone().any(|allowed| allowed == byte) || (*byte == 0 && sizes.iter().any(zeroed));
            if !possible {
                let allowed: BTreeSet<u8> = allowed.copied().collect();
                return Err(format!("{name}: byte {at} is {byte:#04x}, and may be {allowed:02x?}"));
            }
        }
        // One command that is whole or absent, and nothing else since the promise.
        let alone = promise > 0 && last == promise + 1 && self.effects[last] == Effect::Whole;
        if alone && !views.iter().any(|view| view.bytes == found.bytes) {
            return Err(format!("{name} is in the middle of a command that is whole or absent"));
        }
        Ok(())
    }
}

fn same(name: &str, promised: &View, found: &View) -> Result<(), String> {
    if promised.bytes != found.bytes {
        let at = promised.bytes.iter().zip(&found.bytes).position(|(a, b)| a != b);
        return Err(format!(
            "{name} was promised and is not the same: {} bytes for {}, first at {at:?}",
            found.bytes.len(),
            promised.bytes.len()
        ));
    }
    let plain = |map: &[Extent]| -> Vec<_> { map.iter().map(|e| (e.start, e.len, e.addr, e.kind)).collect() };
    if plain(&promised.map) != plain(&found.map) {
        return Err(format!("{name} was promised, and its map is {:?}, not {:?}", found.map, promised.map));
    }
    Ok(())
}
