//! What large files cost: heap bytes, counted by an allocator of this test binary's own; never time.
//!
//! A world lives on one thread, so each test counts its own thread's bytes and the tests run side by side.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::Write;

use extentscope_core::base::limits::CALL_BYTES_MAX;
use extentscope_core::base::{Ino, PAGE_SIZE};
use extentscope_core::scenario::machine::Machine;
use extentscope_core::scenario::parse;
use extentscope_core::scenario::setup::Setup;
use extentscope_core::sim::Outcome;
use extentscope_core::sim::cx::Recording;

const FILESYSTEMS: [&str; 2] = ["ext4", "bcachefs"];
const MIB: usize = 1 << 20;
/// What a file of 1 GiB of uniform blocks may take, with everything around it.
const HEAP_MAX: usize = 64 * MIB;

thread_local! {
    static LIVE: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(taken: usize, given_back: usize) {
    // A thread that ends has no counters any more, and nobody asks for them.
    let live = LIVE.try_with(|live| {
        live.set((live.get() + taken).saturating_sub(given_back));
        live.get()
    });
    if let Ok(live) = live {
        PEAK.with(|peak| peak.set(peak.get().max(live)));
    }
}

// SAFETY: every call goes to the system's allocator unchanged; the counters are plain cells without destructors, which
// allocate nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller keeps the rules of `alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: the block came from `System` by `alloc` or `realloc` above.
        unsafe { System.dealloc(block, layout) }
    }
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both blocks may be there while the bytes move.
        count(size, 0);
        count(0, layout.size());
        // SAFETY: as for `dealloc`, and the caller keeps the rules of `realloc`.
        unsafe { System.realloc(block, layout, size) }
    }
}

/// A run without a recording, with a file open.
fn machine(filesystem: &str) -> Machine {
    let script = parse::parse(&format!("#@ personality {filesystem}\n#@ size 8g")).expect("the directives are right");
    let setup = Setup::new(filesystem, &script.directives).expect("the setup is right");
    let mut machine = Machine::new(&setup, Recording::Off);
    play(&mut machine, "open -f a");
    machine
}

/// Plays lines to their end; none may fail.
fn play(machine: &mut Machine, text: &str) {
    let script = parse::parse(text).expect("the script is right");
    assert_eq!(machine.play(&script), Outcome::Idle);
    let failed = machine.take_finished().into_iter().find(|finished| finished.result.err.is_some());
    assert!(failed.is_none(), "{failed:?}");
}

fn file(machine: &Machine) -> Ino {
    machine.fs().volume().inodes.lookup("a").expect("the file exists")
}

#[test]
fn a_gibibyte_of_uniform_blocks_stays_under_64_mib() {
    for filesystem in FILESYSTEMS {
        for write in ["pwrite 0 1g", "pwrite -b 1m 0 1g"] {
            let mut machine = machine(filesystem);
            let before = LIVE.get();
            PEAK.set(before);
            play(&mut machine, write);
            let (written, peak) = (LIVE.get() - before, PEAK.get() - before);
            assert!(peak <= HEAP_MAX, "{filesystem}, {write}: {peak} bytes before the fsync");
            play(&mut machine, "fsync");
            let (synced, peak) = (LIVE.get() - before, PEAK.get() - before);
            assert!(peak <= HEAP_MAX, "{filesystem}, {write}: {peak} bytes with the fsync");
            println!(
                "{filesystem}, {write}: {written} bytes before, {synced} after, {peak} at most ({} MiB)",
                peak / MIB
            );
            assert_eq!(machine.fs().volume().inodes.size(file(&machine)), 1 << 30);
            machine.verify().expect("every structure keeps its rules");
        }
    }
}

#[test]
fn a_hundred_thousand_extents_are_written_and_hold() {
    const EXTENTS: u64 = 100_000;
    for filesystem in FILESYSTEMS {
        let mut machine = machine(filesystem);
        let mut script = String::new();
        for block in 0..EXTENTS {
            writeln!(script, "pwrite -q {} {PAGE_SIZE}", block * 2 * PAGE_SIZE).expect("text can be written");
        }
        play(&mut machine, &script);
        play(&mut machine, "fsync\nfiemap -c");
        let volume = machine.fs().volume();
        let extents = volume.extents.extents(file(&machine));
        assert_eq!(extents.len() as u64, EXTENTS, "{filesystem}: a hole between any two keeps them apart");
        assert!(extents.iter().zip(0..).all(|(extent, at): (_, u64)| extent.start.0 == 2 * at && extent.len == 1));
        assert!(!volume.cache.is_dirty(file(&machine)));
        machine.verify().expect("every structure keeps its rules");
        // And away again, from the front, the middle and as a whole.
        play(&mut machine, "fpunch 0 64m\nfpunch 400m 64m\ntruncate 0\nfsync");
        assert!(machine.fs().volume().extents.extents(file(&machine)).is_empty());
        machine.verify().expect("every structure keeps its rules");
    }
}

#[test]
fn a_million_cached_pages_are_written_read_and_dropped() {
    const PAGES: u64 = 1 << 20;
    for filesystem in FILESYSTEMS {
        let mut machine = machine(filesystem);
        play(&mut machine, &format!("pwrite -q 0 {}", PAGES * PAGE_SIZE));
        assert_eq!(machine.fs().volume().cache.pages(), PAGES);
        machine.verify().expect("every structure keeps its rules");
        play(&mut machine, &format!("fsync\npread -q -b {CALL_BYTES_MAX} 0 {}", PAGES * PAGE_SIZE));
        assert_eq!(machine.fs().volume().cache.pages(), PAGES);
        machine.verify().expect("every structure keeps its rules");
        play(&mut machine, "fadvise -d");
        assert_eq!(machine.fs().volume().cache.pages(), 0);
    }
}
