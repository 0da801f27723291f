//! Whether what a device holds keeps the rules: read only, every broken rule with its object and block.

use super::contents::Contents;
use super::corrupt::{Finding, Rule};
use super::users::{Change, Users};
use crate::base::packed::PACKED;
use crate::base::{DevBlock, Errno, Extent, ExtentKind, Gather, Ino, Range, RangeMap, SortedSet};
use crate::personality::Profile;
use crate::personality::plan::{InlinePlace, Prealloc, SharePlan};

/// Reports every rule that the contents break, as a filesystem of this profile.
pub fn check(contents: &Contents, profile: &Profile, report: &mut dyn FnMut(Finding)) {
    let mut check = Check { contents, profile, report };
    check.inodes();
    let placed = check.records();
    check.pieces();
    check.inline();
    // Counting needs places that fit a device.
    if placed {
        check.owners();
    }
}

/// Reports every block whose data is not what its checksum is of: reads all data that has checksums.
pub fn data(
    contents: &Contents,
    profile: &Profile,
    read: &mut dyn FnMut(Range<DevBlock>) -> Result<Vec<u8>, Errno>,
    report: &mut dyn FnMut(Finding),
) {
    let size = usize::try_from(profile.block.bytes()).expect("a block is at most a page");
    for (at, kept) in contents.sums.iter().flat_map(|(range, kept)| range.iter().map(move |at| (at, *kept))) {
        match read(Range::sized(at, 1)) {
            Err(errno) => report(Finding::new(Rule::Read, "data", Some(at), errno.text())),
            Ok(bytes) => {
                let found = crc32c::crc32c(&bytes[..size.min(bytes.len())]);
                if found != kept {
                    let what = format!("{found:08x}, the checksum is {kept:08x}");
                    report(Finding::new(Rule::DataChecksum, "data", Some(at), what));
                }
            }
        }
    }
}

struct Check<'a> {
    contents: &'a Contents,
    profile: &'a Profile,
    report: &'a mut dyn FnMut(Finding),
}

impl Check<'_> {
    fn broken(&mut self, rule: Rule, object: impl Into<String>, block: Option<DevBlock>, what: impl Into<String>) {
        (self.report)(Finding::new(rule, object, block, what));
    }

    fn inodes(&mut self) {
        let contents = self.contents;
        let last = contents.inodes.last_key_value().map_or(0, |(ino, _)| ino.0);
        if last >= contents.next_ino {
            self.broken(Rule::Counters, "counters", None, format!("the next inode is {}", contents.next_ino));
        }
        for (name, ino) in contents.names.iter().filter(|(_, ino)| !contents.inodes.contains_key(ino)) {
            self.broken(Rule::NameTarget, format!("name {name}"), None, format!("there is no inode {ino}"));
        }
        let mut named = SortedSet::new();
        for (name, ino) in contents.names.iter().filter(|(_, ino)| !named.insert(**ino)) {
            self.broken(Rule::NameTarget, format!("name {name}"), None, format!("inode {ino} has another name"));
        }
        let most = self.profile.max_file_size;
        for (ino, inode) in contents.inodes.iter().filter(|(_, inode)| inode.size > most) {
            self.broken(Rule::ItemForm, format!("inode {ino}"), None, format!("{} bytes are too many", inode.size));
        }
    }

    /// Whether every record lies where data may lie.
    fn records(&mut self) -> bool {
        let contents = self.contents;
        let mut placed = true;
        let mut before: Option<Extent> = None;
        let end_max = self.profile.block.block_after(self.profile.max_file_size);
        for extent in &contents.extents {
            let object = || format!("inode {} block {}", extent.ino, extent.start);
            let at = extent.dev_range().map(|range| range.start).filter(|start| *start < PACKED);
            if !contents.inodes.contains_key(&extent.ino) {
                self.broken(Rule::ExtentInode, object(), at, "the inode does not exist");
            }
            if before.is_some_and(|before| before.ino == extent.ino && before.end() > extent.start) {
                self.broken(Rule::ExtentOrder, object(), at, "another record has the block");
            }
            if extent.end() > end_max {
                self.broken(Rule::ExtentPlace, object(), at, "the file cannot be so long");
            }
            if !self.is_kept(extent) {
                self.broken(Rule::ItemForm, object(), at, "the record says what its kind cannot");
            }
            if let Some(range) = extent.dev_range().filter(|range| !self.may_hold(*range)) {
                placed = false;
                self.broken(Rule::ExtentPlace, object(), Some(range.start), format!("blocks {range:?}"));
            }
            before = Some(*extent);
        }
        placed
    }

    /// Whether this filesystem keeps such a record.
    fn is_kept(&self, extent: &Extent) -> bool {
        let profile = self.profile;
        let first_only =
            profile.inode_data.is_some() || profile.inline.is_some_and(|plan| plan.place == InlinePlace::WholeFile);
        let in_keys = profile.inode_data.is_some() || profile.inline.is_some();
        let marked = !extent.shared || profile.share == SharePlan::Marks;
        marked
            && match extent.kind {
                ExtentKind::Written | ExtentKind::Unwritten => true,
                ExtentKind::Reserved => extent.addr.0 == 0 && profile.prealloc == Prealloc::Reserved,
                ExtentKind::Inline => extent.len == 1 && in_keys && (!first_only || extent.start.0 == 0),
            }
    }

    /// Whether data may lie there: inside the data's area and outside of what formatting takes, or in pieces.
    fn may_hold(&self, range: Range<DevBlock>) -> bool {
        if range.start >= PACKED {
            let piece = self.contents.pieces.range(..=range.start).next_back();
            return piece.is_some_and(|(_, (packed, _))| packed.covers(&range));
        }
        let metadata = &self.profile.metadata;
        self.profile.data_area.covers(&range) && !metadata.iter().any(|taken| taken.overlaps(&range))
    }

    fn pieces(&mut self) {
        let mut behind = PACKED;
        for (packed, device) in self.contents.pieces.values() {
            let object = || format!("piece {}", packed.start.0 - packed.start.0.min(PACKED.0));
            let place = device.start < PACKED && self.may_hold(*device);
            if !place || packed.start < behind {
                self.broken(Rule::Pieces, object(), Some(device.start), format!("{packed:?} in {device:?}"));
            }
            behind = behind.max(packed.end);
        }
        let held = |at: &DevBlock| {
            let piece = self.contents.pieces.range(..=*at).next_back();
            piece.is_some_and(|(_, (packed, _))| packed.contains(*at))
        };
        let stray: Vec<DevBlock> = self.contents.packed.keys().filter(|at| !held(at)).copied().collect();
        for at in stray {
            self.broken(Rule::Pieces, format!("packed block {at}"), None, "no piece has it");
        }
    }

    fn inline(&mut self) {
        let contents = self.contents;
        let mut used = SortedSet::new();
        for extent in contents.extents.iter().filter(|extent| extent.kind == ExtentKind::Inline) {
            let object = format!("inode {} block {}", extent.ino, extent.start);
            if !contents.inline.contains_key(&extent.addr.0) {
                self.broken(Rule::InlineData, object, None, format!("there is no data {}", extent.addr));
            } else if !used.insert(extent.addr.0) {
                self.broken(Rule::InlineData, object, None, format!("data {} has two keys", extent.addr));
            }
        }
        for id in contents.inline.keys().filter(|id| !used.contains(id)) {
            self.broken(Rule::InlineData, format!("inline {id}"), None, "no key has it");
        }
    }

    fn owners(&mut self) {
        let contents = self.contents;
        let mut users = Users::new(self.profile.data_area, &self.profile.metadata);
        for range in contents.extents.iter().filter_map(Extent::dev_range) {
            users.record(range, Change::More);
        }
        contents.pieces.values().for_each(|(_, device)| users.own(*device, Change::More));
        self.disk_extents(&mut users);
        self.counted(&users);
        let free = users.unowned();
        if let Some((range, owned)) = difference(&free, &contents.free) {
            let what = if owned { "owned, and told to be free" } else { "not owned, and not told to be free" };
            self.broken(Rule::FreeMap, "free blocks", Some(range.start), format!("{range:?}: {what}"));
        }
        let owned = users.owned_of(&contents.sums);
        let stray = contents.sums.iter().map(|(range, _)| range).find(|range| owned.covered(*range) < range.len());
        if let Some(range) = stray {
            self.broken(Rule::SumPlace, "checksums", Some(range.start), format!("nothing owns {range:?}"));
        }
    }

    fn disk_extents(&mut self, users: &mut Users) {
        let contents = self.contents;
        let kept = self.profile.share == SharePlan::DiskExtents;
        let mut made: RangeMap<DevBlock, u64> = RangeMap::default();
        for (number, range) in (0..).zip(&contents.disk_extents) {
            let overlaps = made.overlaps(*range);
            if !kept || overlaps || !self.may_hold(*range) {
                let what = if overlaps { "it overlaps another" } else { "it cannot be here" };
                self.broken(Rule::DiskExtents, format!("extent {range:?}"), Some(range.start), what);
                continue;
            }
            made.insert(*range, number);
            users.own(*range, Change::More);
        }
        if !kept {
            return;
        }
        let mut used: RangeMap<DevBlock, ()> = RangeMap::default();
        contents.extents.iter().filter_map(|extent| extent.dev_range()).for_each(|range| used.insert(range, ()));
        for range in contents.disk_extents.iter().filter(|range| !used.overlaps(**range)) {
            self.broken(Rule::DiskExtents, format!("extent {range:?}"), Some(range.start), "no record uses it");
        }
        for extent in &contents.extents {
            let Some(range) = extent.dev_range() else { continue };
            if made.covered(range) < range.len() {
                let object = format!("inode {} block {}", extent.ino, extent.start);
                self.broken(Rule::DiskExtents, object, Some(range.start), format!("{range:?} lies in none"));
            }
        }
    }

    fn counted(&mut self, users: &Users) {
        let shared = users.shared();
        let first = shared.iter().next().map(|(range, _)| range);
        if let Some(range) = first.filter(|_| self.profile.share == SharePlan::Never) {
            self.broken(Rule::ExtentOwner, "blocks", Some(range.start), format!("{range:?} have several records"));
        }
        if shared != self.contents.users {
            let told = |at: DevBlock| self.contents.users.get(at).map_or(0, |(_, others)| *others);
            let found = |at: DevBlock| shared.get(at).map_or(0, |(_, others)| *others);
            let edges = shared.iter().chain(self.contents.users.iter()).flat_map(|(range, _)| [range.start, range.end]);
            let at = edges.filter(|at| told(*at) != found(*at)).min().unwrap_or_default();
            let what = format!("{} records besides the first, {} are counted", found(at), told(at));
            self.broken(Rule::ExtentOwner, "blocks", Some(at), what);
        }
    }
}

/// The first range where the maps differ, and whether only the second has it.
fn difference(mine: &RangeMap<DevBlock, ()>, theirs: &RangeMap<DevBlock, ()>) -> Option<(Range<DevBlock>, bool)> {
    let only = |of: &RangeMap<DevBlock, ()>, not: &RangeMap<DevBlock, ()>| {
        of.iter().flat_map(|(range, ())| not.gaps(range)).next()
    };
    match only(theirs, mine) {
        Some(range) => Some((range, true)),
        None => only(mine, theirs).map(|range| (range, false)),
    }
}

/// The inodes of a commit that no name refers to: a mount removes them.
pub fn orphans(contents: &Contents) -> Vec<Ino> {
    let named: SortedSet<Ino> = contents.names.values().copied().gather();
    contents.inodes.keys().filter(|ino| !named.contains(ino)).copied().collect()
}
