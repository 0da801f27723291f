//! What is tried: sequences of operations on two small files, each operation followed by a sync or by none.

use extentscope_core::sim::rng::Rng;

/// One operation, on files `a` and `b` that hold something already.
pub const OPERATIONS: [&str; 38] = [
    "pwrite -S 0x11 8k 4k",
    "pwrite -S 0x12 3k 3k",
    "pwrite -S 0x13 14k 8k",
    "pwrite -S 0x14 -b 64k 0 20k",
    "pwrite -d -S 0x15 4k 4k",
    "pwrite -d -S 0x16 16k 8k",
    "mwrite -S 0x17 5k 2k",
    "falloc 4k 8k",
    "falloc -k 16k 16k",
    "falloc 20k 8k",
    "fzero 4k 4k",
    "fzero -k 12k 12k",
    "fzero 14k 8k",
    "fpunch 4k 4k",
    "fpunch 5k 2k",
    "fpunch 8k 32k",
    "fcollapse 4k 4k",
    "finsert 4k 4k",
    "funshare 0 16k",
    "truncate 6k",
    "truncate 0",
    "truncate 24k",
    "reflink b 0 4k 8k",
    "reflink b 0 16k 8k",
    "dedupe b 0 0 4k",
    "copy_range -s 0 -d 16k -l 8k b",
    "mv b a",
    "rm b",
    "open -f c\npwrite -S 0x18 0 8k",
    "pwrite -S 0x19 0 8k\nsync_range -w 0 8k",
    // What one file gave up another one gets, and what one file has only in memory another one's sync commits around.
    "truncate 0\nopen -f c\npwrite -S 0x1a 0 8k\nsync_range -w -a 0 8k",
    "pwrite -S 0x1b 16k 4k\nopen -f c\npwrite -S 0x1c 0 4k",
    "truncate 0\nopen -f c\npwrite -S 0x1a -b 64k 0 336k\nsync_range -w -a 0 336k",
    "truncate 32k\npwrite -S 0x10 28k 4k\nopen -f c\npwrite -S 0x1c 0 4k",
    // Small enough for an inode.
    "open -f c\npwrite -S 0x1d 0 100",
    "snapshot s\npwrite -S 0x1e 4k 8k",
    "pwrite -W -S 0x1f 12k 8k",
    "mv a c",
];
/// What follows an operation.
pub const SYNCS: [&str; 4] = ["fsync", "fdatasync", "syncfs", ""];

/// What the files hold before. `a` ends in preallocation, behind its end too, that nothing may lose.
pub fn beginning() -> Vec<String> {
    let text = "open -f b\npwrite -S 0x0b 0 12k\nopen -f a\npwrite -S 0x0a 0 16k\nfalloc 16k 4k\nfalloc -k 20k 4k\nmmap 0 16k\nsyncfs";
    text.lines().map(str::to_owned).collect()
}

/// The lines of an operation at a place of a sequence: what it writes no other place does.
fn steps(operation: &str, sync: &str, place: u32) -> Vec<String> {
    let lines = operation.lines().chain([sync]).filter(|line| !line.is_empty());
    lines.map(|line| line.replace("-S 0x1", &format!("-S 0x{}", place + 1))).collect()
}

/// An operation by chance.
pub fn by_chance(rng: &mut Rng) -> Vec<String> {
    let one = usize::try_from(rng.below(OPERATIONS.len() as u64)).expect("small");
    steps(OPERATIONS[one], "", 3)
}

/// How many sequences of `depth` operations there are.
pub fn count(depth: u32) -> u64 {
    ((OPERATIONS.len() * SYNCS.len()) as u64).pow(depth)
}

/// The sequence of a number below [`count`]: the lines of a script.
pub fn sequence(depth: u32, number: u64) -> Vec<String> {
    let kinds = (OPERATIONS.len() * SYNCS.len()) as u64;
    let mut lines = beginning();
    let mut rest = number;
    for place in 0..depth {
        let one = usize::try_from(rest % kinds).expect("small");
        rest /= kinds;
        lines.extend(steps(OPERATIONS[one / SYNCS.len()], SYNCS[one % SYNCS.len()], place));
    }
    // Something to lose after the last one.
    lines.push("file a".to_owned());
    lines.push("fsync".to_owned());
    lines
}
