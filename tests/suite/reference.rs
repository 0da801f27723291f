//! The engine against flat files: after every line of a random script all open files have the bytes and the size that they
//! should, and every rule holds.
//!
//! The scripts are those of the live differential (`live/recipes.rs`), and what files should hold is told by what its
//! recorder uses (`expected.rs`); so one reference watches the kernel and the engine.
//!
//! `EXTENTSCOPE_SEED=N EXTENTSCOPE_CASES=M` runs M scripts from seed N on; a failure prints the line that runs it again
//! and the shortest script found that still fails.

use extentscope_core::base::Ino;
use extentscope_core::scenario::machine::Machine;
use extentscope_core::scenario::parse::{parse, parse_line};
use extentscope_core::scenario::reply::CommandResult;
use extentscope_core::scenario::script::Command;
use extentscope_core::scenario::setup::Setup;
use extentscope_core::sim::cx::Recording;
use extentscope_core::sim::{Chooser, Outcome};
use extentscope_tests::contents::{contents, first_difference};
use extentscope_tests::expected::Expected;
use extentscope_tests::explore::panic_text;
use extentscope_tests::live::generate::generate;
use extentscope_tests::live::recipes::{ENGINE, Recipe, recipes};
use extentscope_tests::live::shrink::shrink;
use extentscope_tests::shadow::Shadow;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What is formatted, in turn by seed, and the bytes in a block. The device holds other bytes than zeroes before, so that
/// old ones are seen.
const SETUPS: [(&str, u64, &str); 13] = [
    ("ext4", 4096, "#@ size 8m\n#@ prefill 0xee\n"),
    ("bcachefs", 4096, "#@ size 8m\n#@ prefill 0xee\n"),
    ("xfs", 4096, "#@ size 8m\n#@ prefill 0xee\n"),
    ("btrfs", 4096, "#@ size 8m\n#@ prefill 0xee\n"),
    ("ext4", 1024, "#@ size 8m\n#@ prefill 0xee\n#@ mkfs.ext4 -b 1024\n"),
    ("bcachefs", 512, "#@ size 8m\n#@ prefill 0xee\n#@ mkfs.bcachefs --block_size=512\n"),
    ("xfs", 1024, "#@ size 8m\n#@ prefill 0xee\n#@ mkfs.xfs -b size=1024\n"),
    ("btrfs", 4096, "#@ size 8m\n#@ prefill 0xee\n#@ mount.btrfs nodatacow\n"),
    ("ext4", 4096, "#@ size 8m\n#@ prefill 0xee\n#@ mkfs.ext4 -O inline_data\n"),
    // So small that space runs out.
    ("ext4", 4096, "#@ blocks 60\n#@ prefill 0xee\n#@ fanout 4\n"),
    ("bcachefs", 4096, "#@ blocks 60\n#@ prefill 0xee\n#@ fanout 4\n"),
    ("xfs", 4096, "#@ blocks 60\n#@ prefill 0xee\n#@ fanout 4\n"),
    ("btrfs", 4096, "#@ blocks 60\n#@ prefill 0xee\n#@ fanout 4\n"),
];
/// Operations of a script.
const OPERATIONS: u64 = 40;

/// What follows from a seed.
struct Case {
    seed: u64,
    personality: &'static str,
    directives: &'static str,
    script: String,
}

/// The `at`-th of some, counted round and round.
fn in_turn<T>(of: &[T], at: u64) -> &T {
    &of[usize::try_from(at % of.len() as u64).expect("below a length")]
}

impl Case {
    fn new(seed: u64) -> Self {
        let (personality, block, directives) = *in_turn(&SETUPS, seed);
        let mut kinds: Vec<&'static Recipe> = recipes(personality);
        // What only the engine can do comes as often as all the others of its kind.
        kinds.extend(ENGINE);
        let recipe = in_turn(&kinds, seed / SETUPS.len() as u64);
        let lines = generate(recipe, seed, OPERATIONS, block);
        Self { seed, personality, directives, script: lines.join("\n") + "\n" }
    }

    fn is_tight(&self) -> bool {
        self.directives.contains("blocks")
    }

    /// Background tasks that run at any time make other sequences of the same operations.
    fn chooser(&self) -> Chooser {
        if (self.seed / 7).is_multiple_of(2) { Chooser::Default } else { Chooser::random(self.seed) }
    }
}

/// A machine and the flat files beside it.
struct Run {
    machine: Machine,
    expected: Expected,
    tight: bool,
    shut_down: bool,
}

impl Run {
    fn new(case: &Case) -> Self {
        let script = parse(case.directives).expect("the directives parse");
        let setup = Setup::new(case.personality, &script.directives).expect("the setup is possible");
        let machine = Machine::with_chooser(&setup, Recording::Off, case.chooser());
        Self { machine, expected: Expected::default(), tight: case.is_tight(), shut_down: false }
    }

    /// Executes a line, and has the flat files do the same.
    fn line(&mut self, text: &str) -> Result<CommandResult, String> {
        let line = parse_line(text).map_err(|error| error.to_string())?.ok_or("an empty line")?;
        let current = self.machine.fs().open_files(|open| open.current.clone());
        let (number, outcome) = self.machine.play_line(&line);
        if let Outcome::Deadlock { .. } = outcome {
            return Err(format!("{outcome:?}"));
        }
        let finished = self.machine.take_finished();
        let own = finished.into_iter().find(|finished| finished.number == number);
        let result = own.map(|finished| finished.result).ok_or_else(|| "the command did not end".to_owned())?;
        self.expected.apply(current.as_deref(), &line.command, result.ret, result.err);
        self.unknown_after(&line.command, &result);
        Ok(result)
    }

    /// What commands leave unknown: a loss of power, and what failed half way for want of space.
    fn unknown_after(&mut self, command: &Command, result: &CommandResult) {
        let failed = result.err.is_some();
        match command {
            Command::Crash(_) => self.expected.forget_all(),
            Command::Shutdown { .. } => self.shut_down = !failed,
            Command::Remount if self.shut_down => {
                self.shut_down = false;
                self.expected.forget_all();
            }
            _ if failed && self.tight => self.expected.forget_all(),
            _ => {}
        }
    }

    fn check(&mut self) -> Result<(), String> {
        let files: Vec<(String, Ino)> =
            self.machine.fs().open_files(|open| open.files.iter().map(|file| (file.name.clone(), file.ino)).collect());
        for (name, ino) in files {
            let found = contents(&self.machine, ino);
            let content = self.expected.file(&name);
            if content.is_unknown() {
                let mut known = Shadow::default();
                known.write(0, &found);
                known.grow(found.len() as u64);
                self.expected.found(&name, known);
            } else if !content.holds(0, &found) || content.size() != found.len() as u64 {
                let difference = first_difference(&content.bytes(), &found);
                return Err(format!("{name}: {}", difference.unwrap_or_default()));
            }
        }
        self.machine.verify()
    }

    fn operate(&mut self, text: &str) -> Result<(), String> {
        let result = self.line(text)?;
        let broken = ["EIO", "EUCLEAN", "ENOMEM"];
        match result.err {
            Some(error) if broken.contains(&error) && !self.shut_down => return Err(format!("failed with {error}")),
            Some("ENOSPC") if !self.tight => return Err("failed with ENOSPC, and there is space".to_owned()),
            _ => {}
        }
        self.check()
    }
}

/// Runs a script; the error says after which line what was wrong.
fn sequence(case: &Case, script: &str) -> Result<(), String> {
    let body = || {
        let mut run = Run::new(case);
        for (at, line) in script.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
            let said = catch_unwind(AssertUnwindSafe(|| run.operate(line)));
            let said = said.unwrap_or_else(|panic| Err(panic_text(&*panic)));
            said.map_err(|error| format!("line {}, `{line}`: {error}", at + 1))?;
        }
        for text in ["syncfs", "remount"] {
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

/// Tries for a shorter script are bounded: one that fails late in a long script takes long each time.
const TRIES: usize = 2000;

fn report(case: &Case, error: &str, fails: impl Fn(&str) -> Option<String>) -> String {
    let short = shrink(&case.script, TRIES, |script| fails(script).is_some());
    let Case { seed, personality, directives, .. } = case;
    format!(
        "seed {seed}: {error}\n  again: EXTENTSCOPE_SEED={seed} EXTENTSCOPE_CASES=1 cargo test -p extentscope-tests \
         --test suite reference\n  shortest found ({}):\n#@ personality {personality}\n{directives}{short}",
        fails(&short).unwrap_or_default(),
    )
}

fn number_of(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn random_operations_leave_the_bytes_that_a_flat_file_would_hold() {
    let (first, cases) = (number_of("EXTENTSCOPE_SEED", 1), number_of("EXTENTSCOPE_CASES", 400));
    let mut wrong = Vec::new();
    for case in (first..first + cases).map(Case::new) {
        if let Err(error) = sequence(&case, &case.script) {
            wrong.push(report(&case, &error, |script| sequence(&case, script).err()));
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
    let case = Case { script: "open -f a\npwrite 8k 4k\npwrite -S 7 100 5000\nfsync\n".to_owned(), ..Case::new(0) };
    let wrong = |script: &str| {
        let mut run = Run::new(&case);
        script
            .lines()
            .filter(|line| !line.is_empty())
            .try_for_each(|line| run.operate(line))
            .expect("the engine is right");
        // As if the engine had lost one byte of the write that it knows.
        if run.expected.file("a").size() > 4200 {
            run.expected.file("a").fill(4200, 1, 8);
        }
        run.check().err()
    };
    let error = wrong(&case.script).expect("one byte differs");
    assert_eq!(error, "a: byte 4200 (block 1 of 4 KiB) is 0x07 and should be 0x08");
    let told = report(&case, &error, wrong);
    assert!(told.contains("EXTENTSCOPE_SEED=0") && told.contains("#@ personality ext4"), "{told}");
    assert!(!told.contains("fsync"), "{told}");
}
