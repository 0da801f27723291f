//! The engine against a flat file: after every operation of a random sequence both have the same bytes.
//!
//! `EXTENTSCOPE_SEED=N EXTENTSCOPE_CASES=M` runs M sequences from seed N on; a failure prints the line that runs it again
//! and the shortest sequence found that still fails.

use extentscope_core::scenario::machine::Machine;
use extentscope_core::scenario::parse::{parse, parse_line};
use extentscope_core::scenario::reply::CommandResult;
use extentscope_core::scenario::setup::Setup;
use extentscope_core::sim::cx::Recording;
use extentscope_core::sim::rng::Rng;
use extentscope_core::sim::{Chooser, Outcome};
use extentscope_tests::contents::{contents, current_inode, first_difference};
use extentscope_tests::explore::panic_text;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What is formatted, in turn by seed. The device holds other bytes than zeroes before, so that old ones are seen.
const SETUPS: [(&str, &str); 6] = [
    ("ext4", "#@ size 4m\n#@ prefill 0xee\n"),
    ("bcachefs", "#@ size 4m\n#@ prefill 0xee\n"),
    ("ext4", "#@ size 4m\n#@ prefill 0xee\n#@ mkfs.ext4 -b 1024\n"),
    ("bcachefs", "#@ size 4m\n#@ prefill 0xee\n#@ mkfs.bcachefs --block_size=512\n"),
    // So small that space runs out.
    ("ext4", "#@ blocks 40\n#@ prefill 0xee\n#@ fanout 4\n"),
    ("bcachefs", "#@ blocks 40\n#@ prefill 0xee\n#@ fanout 4\n"),
];
/// Operations of a sequence.
const OPERATIONS: u64 = 40;
/// No operation goes behind this byte.
const FILE_MAX: u64 = 200 << 10;

/// Operations that change what the file holds, and all others as their line.
#[derive(Clone, Debug)]
enum Op {
    Write { off: u64, len: u64, byte: u8, chunk: u64, direct: bool },
    Store { off: u64, len: u64, byte: u8 },
    Truncate { size: u64 },
    Allocate { off: u64, len: u64, keep: bool },
    Punch { off: u64, len: u64 },
    Zero { off: u64, len: u64, keep: bool },
    Empty,
    Other(String),
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flag = |set: bool, text: &'static str| if set { text } else { "" };
        match self {
            Self::Write { off, len, byte, chunk, direct } => {
                write!(f, "pwrite {}-S {byte} -b {chunk} {off} {len}", flag(*direct, "-d "))
            }
            Self::Store { off, len, byte } => write!(f, "mwrite -S {byte} {off} {len}"),
            Self::Truncate { size } => write!(f, "truncate {size}"),
            Self::Allocate { off, len, keep } => write!(f, "falloc {}{off} {len}", flag(*keep, "-k ")),
            Self::Punch { off, len } => write!(f, "fpunch {off} {len}"),
            Self::Zero { off, len, keep } => write!(f, "fzero {}{off} {len}", flag(*keep, "-k ")),
            Self::Empty => write!(f, "open -f -t a"),
            Self::Other(line) => f.write_str(line),
        }
    }
}

/// An offset, often at an edge of a page, of a sector, or anywhere.
fn offset(rng: &mut Rng) -> u64 {
    let at = rng.below(FILE_MAX);
    match rng.below(4) {
        0 => at,
        1 => at / 512 * 512,
        _ => at / 4096 * 4096,
    }
}

fn length(rng: &mut Rng, off: u64) -> u64 {
    let len = match rng.below(4) {
        0 => 1 + rng.below(300),
        1 => 1 + rng.below(40_000),
        2 => 4096 * (1 + rng.below(8)),
        _ => 512 * (1 + rng.below(40)),
    };
    len.min(FILE_MAX - off).max(1)
}

fn byte(rng: &mut Rng) -> u8 {
    u8::try_from(1 + rng.below(200)).expect("below 201")
}

fn operation(rng: &mut Rng) -> Op {
    let off = offset(rng);
    let len = length(rng, off);
    match rng.below(26) {
        0..6 => {
            let chunk = [4096, 4096, 65_536, 10_000, 512][usize::try_from(rng.below(5)).expect("small")];
            Op::Write { off, len, byte: byte(rng), chunk, direct: false }
        }
        6..8 => {
            let (off, len) = (off / 4096 * 4096, len.div_ceil(4096) * 4096);
            Op::Write { off, len, byte: byte(rng), chunk: [4096, 65_536][usize::from(len > 9000)], direct: true }
        }
        8..11 => Op::Store { off, len: len.min(30_000), byte: byte(rng) },
        11..13 => Op::Truncate { size: off },
        13 => Op::Allocate { off, len, keep: rng.below(2) == 0 },
        14..16 => Op::Punch { off, len },
        16..18 => Op::Zero { off, len, keep: rng.below(2) == 0 },
        18 if rng.below(4) == 0 => Op::Empty,
        _ => Op::Other(other(rng, off, len)),
    }
}

/// A line that changes nothing that a reader sees.
fn other(rng: &mut Rng, off: u64, len: u64) -> String {
    match rng.below(20) {
        0 => "fsync".to_owned(),
        1 => "fdatasync".to_owned(),
        2 => "syncfs".to_owned(),
        3 => format!("sync_range -w {off} {len}"),
        4 => format!("sync_range -b -w -a {off} {len}"),
        5 => "writeback".to_owned(),
        6 => format!("writeback {off} {len}"),
        7 => format!("fadvise -d {off} {len}"),
        8 => "fadvise -d 0 0".to_owned(),
        9 | 10 => format!("pread {off} {len}"),
        11 => format!("pread -d {} {}", off / 4096 * 4096, len.div_ceil(4096) * 4096),
        12 => format!("mread {off} {}", len.min(30_000)),
        13 => format!("msync {off} {len}"),
        14 => "fiemap -v".to_owned(),
        15 => "fiemap -N".to_owned(),
        16 => "seek -a -r 0".to_owned(),
        17 => "filefrag -v".to_owned(),
        18 => "open -f a".to_owned(),
        _ => "remount".to_owned(),
    }
}

/// The file as it should be.
#[derive(Default)]
struct Flat(Vec<u8>);

fn index(at: u64) -> usize {
    usize::try_from(at).expect("a file of a test fits memory")
}

impl Flat {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }
    fn grow(&mut self, size: u64) {
        self.0.resize(index(size).max(self.0.len()), 0);
    }
    /// Bytes inside the file.
    fn fill(&mut self, off: u64, end: u64, byte: u8) {
        let end = end.min(self.size());
        if off < end {
            self.0[index(off)..index(end)].fill(byte);
        }
    }

    /// What the operation does when it ends like this. False: how far it came cannot be told from its result.
    fn apply(&mut self, op: &Op, result: &CommandResult, tight: bool) -> bool {
        let failed = result.err.is_some();
        let done = result.ret.and_then(|done| u64::try_from(done).ok()).unwrap_or(0);
        match op {
            Op::Write { off, byte, .. } => {
                if done > 0 {
                    self.grow(off + done);
                    self.fill(*off, off + done, *byte);
                }
            }
            Op::Store { off, len, byte } => {
                // It is killed at the first page behind the end, after it has stored into those before.
                let pages = self.size().div_ceil(4096) * 4096;
                if failed && (tight || off + len <= pages) {
                    return false;
                }
                self.fill(*off, off + len, *byte);
            }
            Op::Truncate { .. } | Op::Allocate { .. } | Op::Punch { .. } | Op::Zero { .. } | Op::Empty if failed => {
                return false;
            }
            Op::Truncate { size } => self.0.resize(index(*size), 0),
            Op::Allocate { off, len, keep: false } => self.grow(off + len),
            Op::Allocate { .. } => {}
            Op::Punch { off, len } => self.fill(*off, off + len, 0),
            Op::Zero { off, len, keep } => {
                if !keep {
                    self.grow(off + len);
                }
                self.fill(*off, off + len, 0);
            }
            Op::Empty => self.0.clear(),
            Op::Other(_) => {}
        }
        true
    }
}

/// A machine and the flat file beside it.
struct Run {
    machine: Machine,
    flat: Flat,
    tight: bool,
}

impl Run {
    fn new(seed: u64) -> Self {
        let (personality, directives) = SETUPS[index(seed % SETUPS.len() as u64)];
        let script = parse(directives).expect("the directives parse");
        let setup = Setup::new(personality, &script.directives).expect("the setup is possible");
        // Background tasks that run at any time make other sequences of the same operations.
        let chooser =
            if (seed / SETUPS.len() as u64).is_multiple_of(2) { Chooser::Default } else { Chooser::random(seed) };
        let machine = Machine::with_chooser(&setup, Recording::Off, chooser);
        Self { machine, flat: Flat::default(), tight: directives.contains("blocks") }
    }

    fn line(&mut self, text: &str) -> Result<CommandResult, String> {
        let line = parse_line(text).map_err(|error| error.to_string())?.ok_or("an empty line")?;
        let (number, outcome) = self.machine.play_line(&line);
        if let Outcome::Deadlock { .. } = outcome {
            return Err(format!("{outcome:?}"));
        }
        let finished = self.machine.take_finished();
        let own = finished.into_iter().find(|finished| finished.number == number);
        own.map(|finished| finished.result).ok_or_else(|| "the command did not end".to_owned())
    }

    fn found(&self) -> Result<Vec<u8>, String> {
        let ino = current_inode(&self.machine).ok_or("no file is open")?;
        Ok(contents(&self.machine, ino))
    }

    fn check(&self) -> Result<(), String> {
        let found = self.found()?;
        first_difference(&self.flat.0, &found).map_or(Ok(()), Err)?;
        self.machine.verify()
    }

    fn operate(&mut self, op: &Op) -> Result<(), String> {
        let result = self.line(&op.to_string())?;
        let expected = [None, Some("SIGBUS"), Some("ENXIO")];
        let legal = self.tight || expected.contains(&result.err);
        if !legal {
            return Err(format!("failed with {}", result.err.unwrap_or_default()));
        }
        if !self.flat.apply(op, &result, self.tight) {
            self.flat.0 = self.found()?;
        }
        self.check()
    }
}

/// Runs a sequence; the error says after which operation what was wrong.
fn sequence(seed: u64, ops: &[Op]) -> Result<(), String> {
    let body = || {
        let mut run = Run::new(seed);
        run.line("open -f a")?;
        for (at, op) in ops.iter().enumerate() {
            let said = catch_unwind(AssertUnwindSafe(|| run.operate(op)));
            let said = said.unwrap_or_else(|panic| Err(panic_text(&*panic)));
            said.map_err(|error| format!("operation {}, `{op}`: {error}", at + 1))?;
        }
        for text in ["fsync", "remount", "pread 0 200k"] {
            let result = run.line(text)?;
            match result.err {
                None => {}
                // Copy on write of a full device: the error is told, and the data is gone.
                Some("ENOSPC") if run.tight => return run.machine.verify(),
                Some(error) => return Err(format!("`{text}` at the end: {error}")),
            }
            run.check().map_err(|error| format!("after `{text}` at the end: {error}"))?;
        }
        Ok(())
    };
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| Err(panic_text(&*panic)))
}

fn operations(seed: u64) -> Vec<Op> {
    let mut rng = Rng::stream(seed, "operations");
    (0..OPERATIONS).map(|_| operation(&mut rng)).collect()
}

/// Leaves out what is not needed to fail.
fn shortened(seed: u64, mut ops: Vec<Op>) -> Vec<Op> {
    let mut at = ops.len();
    while at > 0 {
        at -= 1;
        let mut fewer = ops.clone();
        fewer.remove(at);
        if sequence(seed, &fewer).is_err() {
            ops = fewer;
            at = at.min(ops.len());
        }
    }
    ops
}

fn number_of(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn report(seed: u64, error: &str) -> String {
    let ops = shortened(seed, operations(seed));
    let (personality, directives) = SETUPS[index(seed % SETUPS.len() as u64)];
    let lines: Vec<String> = ops.iter().map(Op::to_string).collect();
    format!(
        "seed {seed}: {error}\n  again: EXTENTSCOPE_SEED={seed} EXTENTSCOPE_CASES=1 cargo test -p extentscope-tests \
         --test suite reference\n  shortest found ({}):\n#@ personality {personality}\n{directives}open -f a\n{}",
        sequence(seed, &ops).err().unwrap_or_default(),
        lines.join("\n")
    )
}

#[test]
fn random_operations_leave_the_bytes_that_a_flat_file_would_hold() {
    let (first, cases) = (number_of("EXTENTSCOPE_SEED", 1), number_of("EXTENTSCOPE_CASES", 200));
    let mut wrong = Vec::new();
    for seed in first..first + cases {
        if let Err(error) = sequence(seed, &operations(seed)) {
            wrong.push(report(seed, &error));
        }
        if wrong.len() >= 5 {
            break;
        }
    }
    assert!(wrong.is_empty(), "{} failures:\n{}", wrong.len(), wrong.join("\n\n"));
}

/// The net has no hole: a flat file that is wrong by one byte is noticed, shortened and told.
#[test]
fn a_wrong_byte_would_be_noticed() {
    let mut run = Run::new(0);
    run.line("open -f a").expect("the file is made");
    let op = Op::Write { off: 100, len: 5000, byte: 7, chunk: 4096, direct: false };
    run.operate(&op).expect("a write is right");
    run.flat.0[4200] = 8;
    let error = run.check().expect_err("one byte differs");
    assert_eq!(error, "byte 4200 (block 1 of 4 KiB) is 0x07 and should be 0x08");
    let told = report(0, &error);
    assert!(told.contains("EXTENTSCOPE_SEED=0") && told.contains("#@ personality ext4"), "{told}");
}
