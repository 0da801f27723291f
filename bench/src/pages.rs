//! The page cache: system calls of 4 KiB on one file of 64 MiB.

use crate::Run;
use crate::extents::in_task;
use crate::replay::machine;
use extentscope_core::base::{Ino, PAGE_SIZE, Prov};
use extentscope_core::io::Fill;
use extentscope_core::scenario::machine::Machine;
use extentscope_core::scenario::parse;
use extentscope_core::scenario::script::{Command, Line};
use extentscope_core::sim::Outcome;
use extentscope_core::sim::cx::Recording;
use extentscope_core::sim::rng::Rng;
use extentscope_core::vfs::rw::Path;
use std::hint::black_box;

/// Pages of the file, and calls in a sample.
pub const CALLS: u32 = 16_384;
const PAGES: u64 = CALLS as u64;
const INO: Ino = Ino(1);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    Write,
    Read,
}

fn in_order() -> Vec<u64> {
    (0..PAGES).collect()
}

fn at_random() -> Vec<u64> {
    let mut rng = Rng::stream(5, "pages");
    (0..PAGES).map(|_| rng.below(PAGES)).collect()
}

fn play(machine: &mut Machine, text: &str) {
    let script = parse::parse(text).expect("the line is right");
    assert!(machine.play(&script) == Outcome::Idle, "the line ends");
}

fn full() -> Machine {
    let mut machine = machine(Recording::Off);
    play(&mut machine, "pwrite -q 0 64m");
    machine
}

/// The caller is a task inside the module.
fn inside(mut machine: Machine, pages: Vec<u64>, call: Call) -> Run {
    Box::new(move || {
        let pages = pages.clone();
        in_task(&mut machine, |fs| async move {
            for page in pages {
                let pos = i64::try_from(page * PAGE_SIZE).expect("the file is small");
                let done = match call {
                    Call::Write => {
                        fs.pwrite(INO, pos, PAGE_SIZE, Fill { byte: 7, prov: Prov(1) }, Path::Buffered).await
                    }
                    Call::Read => fs.pread(INO, pos, PAGE_SIZE, Path::Buffered).await,
                };
                assert!(black_box(done).done == PAGE_SIZE, "the whole page");
            }
        });
        PAGES
    })
}

/// The caller is outside: each run is one line of a script, as the page of this project hands them in.
fn outside(mut machine: Machine, pages: Vec<u64>, call: Call) -> Run {
    let text = match call {
        Call::Write => "pwrite -q 0 4k",
        Call::Read => "pread -q 0 4k",
    };
    let mut line: Line = parse::parse_line(text).expect("the line is right").expect("the line says something");
    let mut at = 0;
    Box::new(move || {
        let pos = i64::try_from(pages[at % pages.len()] * PAGE_SIZE).expect("the file is small");
        match &mut line.command {
            Command::Pwrite(write) => write.range.off = pos,
            Command::Pread(read) => read.range.off = pos,
            _ => unreachable!("the line is one of the two"),
        }
        at += 1;
        black_box(machine.play_line(&line));
        black_box(machine.take_finished());
        1
    })
}

pub fn write_fresh() -> Run {
    inside(machine(Recording::Off), in_order(), Call::Write)
}

pub fn write_fresh_one() -> Run {
    outside(machine(Recording::Off), in_order(), Call::Write)
}

pub fn overwrite() -> Run {
    inside(full(), at_random(), Call::Write)
}

pub fn overwrite_one() -> Run {
    outside(full(), at_random(), Call::Write)
}

pub fn read() -> Run {
    inside(full(), at_random(), Call::Read)
}

pub fn read_one() -> Run {
    outside(full(), at_random(), Call::Read)
}
