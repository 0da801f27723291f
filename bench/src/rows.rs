//! The rows of the report.

use crate::{Make, extents, pages, replay};
use serde::Serialize;

/// What stands behind the numbers of our side.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measures {
    /// The extent tree alone, as a data structure.
    BareMap,
    /// The engine's tree under its locks, inside a task of the simulation.
    LockedTree,
    /// Everything from the system call, or the script's line, down.
    WholeEngine,
    /// Pictures of the past, made from events.
    Recording,
}

impl Measures {
    /// The word for it in the table.
    pub fn label(self) -> &'static str {
        match self {
            Self::BareMap => "bare map",
            Self::LockedTree => "locked tree",
            Self::WholeEngine => "whole engine",
            Self::Recording => "recording",
        }
    }
}

/// The other side of a row.
#[derive(Clone, Copy, Debug)]
pub enum Peer {
    /// Rust code in the same process.
    Rust(Make),
    /// The npm package memfs in the same node process.
    Memfs,
}

/// One row: two works and what they are.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its name.
    pub id: &'static str,
    /// What one operation is.
    pub what: &'static str,
    /// The other side, in words.
    pub against: &'static str,
    /// What stands behind our side.
    pub measures: Measures,
    /// Whether our side records its events.
    pub recorded: bool,
    /// Calls that make up one sample; more than one where the caller is outside.
    pub calls: u32,
    /// Our side.
    pub ours: Make,
    /// The other side.
    pub peer: Peer,
}

/// A row without its code, for whoever runs the works from outside.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Listed {
    /// The row's name.
    pub id: &'static str,
    /// Its place in [`ROWS`].
    pub index: usize,
    /// Calls in a sample.
    pub calls: u32,
    /// Whether the other side is memfs.
    pub memfs: bool,
}

/// The list for node.
pub fn listed() -> Vec<Listed> {
    let row = |(index, row): (usize, &Row)| Listed {
        id: row.id,
        index,
        calls: row.calls,
        memfs: matches!(row.peer, Peer::Memfs),
    };
    ROWS.iter().enumerate().map(row).collect()
}

/// A row about the tree: nothing is recorded, one call.
const fn tree(
    id: &'static str,
    what: &'static str,
    against: &'static str,
    measures: Measures,
    works: (Make, Make),
) -> Row {
    Row { id, what, against, measures, recorded: false, calls: 1, ours: works.0, peer: Peer::Rust(works.1) }
}

/// A row about a run of [`replay::STEPS`] steps.
const fn run(id: &'static str, what: &'static str, against: &'static str, recorded: bool, works: (Make, Make)) -> Row {
    let measures = Measures::WholeEngine;
    Row { id, what, against, measures, recorded, calls: 1, ours: works.0, peer: Peer::Rust(works.1) }
}

/// A row about the page cache against memfs.
const fn cache(id: &'static str, what: &'static str, calls: u32, ours: Make) -> Row {
    let against = "memfs: 4 KiB of real bytes, from JavaScript";
    Row { id, what, against, measures: Measures::WholeEngine, recorded: false, calls, ours, peer: Peer::Memfs }
}

/// All rows, in the order of the report.
pub const ROWS: &[Row] = &[
    tree(
        "E1",
        "insert one of 100k extents, random order, merge tested",
        "BTreeMap: look left and right, put",
        Measures::BareMap,
        (extents::insert_tree, extents::insert_map),
    ),
    tree(
        "E1-locked",
        "the same through ExtentMap::update",
        "BTreeMap: look left and right, put",
        Measures::LockedTree,
        (extents::insert_locked, extents::insert_map),
    ),
    tree(
        "E2",
        "find the extent of a random block, 100k extents",
        "BTreeMap: range(..=block).next_back()",
        Measures::BareMap,
        (extents::lookup_tree, extents::lookup_map),
    ),
    tree(
        "E2-locked",
        "the same with read_lock",
        "BTreeMap: range(..=block).next_back()",
        Measures::LockedTree,
        (extents::lookup_locked, extents::lookup_map),
    ),
    tree(
        "E3",
        "walk 100k extents into 56-byte records, a record",
        "BTreeMap: iter()",
        Measures::BareMap,
        (extents::walk_tree, extents::walk_map),
    ),
    tree(
        "E3-locked",
        "FIEMAP of the running engine into 56-byte records",
        "BTreeMap: iter()",
        Measures::LockedTree,
        (extents::walk_locked, extents::walk_map),
    ),
    tree(
        "E3-own",
        "the bare walk of E3",
        "the engine's own locked walk",
        Measures::BareMap,
        (extents::walk_tree, extents::walk_locked),
    ),
    run(
        "R1-free",
        "replay 10,000 steps in free run, a step",
        "the same, stepped and recorded",
        false,
        (replay::free, replay::stepped_recorded),
    ),
    run(
        "R1-stepped",
        "replay 10,000 steps one by one, a step",
        "the same in free run",
        false,
        (replay::stepped, replay::free),
    ),
    run(
        "R4",
        "replay 10,000 steps one by one, recorded, a step",
        "the same without a recording",
        true,
        (replay::stepped_recorded, replay::stepped),
    ),
    Row {
        id: "R3",
        what: "Session::seek to a random one of 10,000 steps",
        against: "replaying the run up to that step",
        measures: Measures::Recording,
        recorded: true,
        calls: 1,
        ours: replay::seek_random,
        peer: Peer::Rust(replay::replay_to_random),
    },
    Row {
        id: "R3-back",
        what: "one step back, from the last of 10,000 steps on",
        against: "Session::seek to a random step",
        measures: Measures::Recording,
        recorded: true,
        calls: 1,
        ours: replay::step_back,
        peer: Peer::Rust(replay::seek_random),
    },
    cache("P1", "sequential 4 KiB write, new 64 MiB file, uniform blocks", 1, pages::write_fresh),
    cache("P1-js", "the same, one call from JavaScript each", pages::CALLS, pages::write_fresh_one),
    cache("P2", "random 4 KiB overwrite, 64 MiB file, uniform blocks", 1, pages::overwrite),
    cache("P2-js", "the same, one call from JavaScript each", pages::CALLS, pages::overwrite_one),
    cache("P3", "random cached 4 KiB read (found, not copied)", 1, pages::read),
    cache("P3-js", "the same, one call from JavaScript each", pages::CALLS, pages::read_one),
];
