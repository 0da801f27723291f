//! Device blocks for blocks of a file: as the personality searches, in as few pieces as there are.

use super::Volume;
use super::near::For;
use crate::base::{DevBlock, Errno, Extent, ExtentKind, FileBlock, Ino, Range};
use crate::personality::plan::{CompressPlan, GoalPlan};
use crate::space::Want;
use crate::space::windows::Seeker;
use crate::trace::Counter;

/// Whether space around what is asked for may be held for the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Room {
    /// As much as the file is thought to need.
    Ahead,
    /// No more than is asked for: fallocate (`EXT4_GET_BLOCKS_NO_NORMALIZE`).
    Exact,
}

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request {
    /// The blocks of the file.
    pub range: Range<FileBlock>,
    /// No further piece is looked for once everything in front of this block has its place.
    pub enough: FileBlock,
    /// What the blocks will be.
    pub kind: ExtentKind,
    /// Which map they are for.
    pub map: For,
    /// Whether more may be held.
    pub room: Room,
    /// Where the blocks in front went, of a command that asks several times. Only the search in groups asks for it.
    pub behind: Option<DevBlock>,
}

/// The part of a request that is looked for at once.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Blocks of the file.
    range: Range<FileBlock>,
    /// Whether it is compressed, and the first of what is compressed together.
    packed: Option<bool>,
    /// Where the piece in front of it went.
    behind: Option<DevBlock>,
}

impl Request {
    /// All of a range, for the tree.
    pub fn new(range: Range<FileBlock>, kind: ExtentKind) -> Self {
        Self { range, enough: range.end, kind, map: For::Tree, room: Room::Ahead, behind: None }
    }
    /// The same, unwritten.
    pub fn unwritten(range: Range<FileBlock>) -> Self {
        Self::new(range, ExtentKind::Unwritten)
    }
}

impl Volume {
    /// Takes device blocks for all of `range`. On ENOSPC nothing is taken.
    pub async fn take_blocks(&self, ino: Ino, range: Range<FileBlock>, kind: ExtentKind) -> Result<Vec<Extent>, Errno> {
        self.take_blocks_as(ino, Request::new(range, kind)).await
    }

    /// Takes device blocks. On ENOSPC nothing is taken; when freed blocks wait for a commit, there is one first.
    pub async fn take_blocks_as(&self, ino: Ino, request: Request) -> Result<Vec<Extent>, Errno> {
        let mut taken: Vec<Extent> = Vec::new();
        let mut committed = false;
        let mut at = request.range.start;
        let compress = self.compression(ino, request.kind);
        while at < request.enough {
            let rest = request.range.end - at;
            let packed = compress.map_or(1, |plan| plan.blocks.min(rest));
            let first = |plan: CompressPlan| (at - request.range.start).is_multiple_of(plan.together);
            let most = u64::from(self.profile.limits.most(request.kind));
            let count = if packed > 1 { 1 } else { rest.min(most) };
            let piece = Piece {
                range: Range::sized(at, count),
                packed: compress.filter(|_| packed > 1).map(first),
                behind: taken.last().map(|last| last.addr + u64::from(last.len)),
            };
            if let Some(found) = self.find_blocks(ino, &request, piece) {
                let found = if packed > 1 { self.space.pack(packed, found) } else { found };
                let len = u32::try_from(found.len()).expect("an extent's length fits");
                let fresh = Extent { ino, start: at, len, addr: found.start, kind: request.kind, shared: false };
                self.refs.created(&fresh);
                taken.push(fresh);
                at += found.len();
            } else if !committed && self.space.ledger().get(Counter::Pinned) > 0 {
                committed = true;
                self.commit().await?;
            } else {
                self.dispose(&taken);
                return Err(Errno::ENOSPC);
            }
        }
        Ok(taken)
    }

    /// How new blocks of a file are compressed. What may be overwritten in place is not: a file without copy on write, and
    /// one that blocks were preallocated in once (`should_nocow`, before `btrfs_run_delalloc_range` asks about compression).
    pub(crate) fn compression(&self, ino: Ino, kind: ExtentKind) -> Option<CompressPlan> {
        let plain = self.inodes.get(ino, |inode| inode.hints.nocow || inode.hints.preallocated);
        self.profile.space.compress.filter(|_| kind == ExtentKind::Written && !plain)
    }

    /// Takes the first run of device blocks for a piece.
    fn find_blocks(&self, ino: Ino, request: &Request, piece: Piece) -> Option<Range<DevBlock>> {
        let Piece { range, behind, .. } = piece;
        let boundary = u64::from(self.profile.limits.boundary);
        let want = |goal: DevBlock| Want { goal, count: range.len(), boundary };
        let plain = || self.space.allocate(want(behind.unwrap_or_else(|| self.goal(ino, range.start))));
        match self.profile.space.goal {
            GoalPlan::BehindExtent => plain(),
            GoalPlan::OpenBucket => {
                let goal = self.space.open_bucket(boundary).unwrap_or_else(|| self.goal(ino, range.start));
                let found = self.space.allocate(want(goal))?;
                self.space.set_point(found.end);
                Some(found)
            }
            GoalPlan::Windows(plan) => self.space.take_ahead(plan, &self.seeker(ino, request, piece)).or_else(plain),
            GoalPlan::Near(plan) => {
                let want = want(behind.unwrap_or_else(|| self.near_goal(&plan, ino, request.range, request.map)));
                self.space.allocate_near(&plan, want).or_else(|| self.space.allocate(want))
            }
            GoalPlan::Groups(plan) => {
                let want = want(self.group_goal(ino, request, piece));
                self.space.allocate_in_groups(plan, want).or_else(|| self.space.allocate(want))
            }
        }
    }

    /// Behind the extent in front of a block, else the first block of data.
    fn goal(&self, ino: Ino, at: FileBlock) -> DevBlock {
        let before = self.extents.prev(ino, at).filter(|extent| extent.kind.has_address());
        before.map_or(self.profile.data_area.start, |extent| {
            let distance = at - extent.start;
            let goal = extent.addr + distance;
            if self.profile.data_area.contains(goal) { goal } else { extent.addr + u64::from(extent.len) }
        })
    }

    /// The first block of data, where the longest free run is taken, for what begins anew: preallocation, and what is
    /// compressed together. Else behind the piece in front, or near what is known of the file.
    fn group_goal(&self, ino: Ino, request: &Request, piece: Piece) -> DevBlock {
        let behind = piece.behind.or(request.behind);
        let begins = piece.packed == Some(true) || (request.kind == ExtentKind::Unwritten && behind.is_none());
        let goal = match behind {
            _ if begins => None,
            Some(before) => Some(before),
            None => self.known_goal(ino, piece.range.start),
        };
        goal.unwrap_or(self.profile.data_area.start)
    }

    fn seeker(&self, ino: Ino, request: &Request, piece: Piece) -> Seeker {
        let at = piece.range.start;
        let taken = piece.behind.map(|place| (at - 1, place - 1));
        let before =
            || self.extents.prev(ino, at).and_then(|extent| Some((extent.end() - 1, extent.dev_range()?.end - 1)));
        let behind = self.extents.next(ino, at);
        Seeker {
            ino,
            at,
            count: piece.range.len(),
            size: self.inodes.size(ino),
            before: taken.or_else(before),
            behind: behind.and_then(|extent| Some((extent.start, extent.dev_range()?.start))),
            exact: request.room == Room::Exact,
        }
    }

    /// Records were added to a tree: its node may need a block, or none any more (`ext4_ext_try_to_merge_up`).
    pub(crate) fn place_node(&self, ino: Ino) {
        let has_node = || self.extents.nodes_below_root(ino) > 0;
        match self.profile.space.goal {
            GoalPlan::Windows(plan) => self.space.place_node(plan, ino, has_node()),
            GoalPlan::Near(plan) => self.space.place_node_near(&plan, ino, has_node()),
            GoalPlan::BehindExtent | GoalPlan::OpenBucket | GoalPlan::Groups(_) => {}
        }
    }
}
