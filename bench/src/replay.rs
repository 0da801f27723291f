//! Runs of ten thousand steps: made again, and looked back at.

use crate::Run;
use extentscope_core::scenario::machine::Machine;
use extentscope_core::scenario::parse;
use extentscope_core::scenario::script::Script;
use extentscope_core::scenario::setup::Setup;
use extentscope_core::session::Session;
use extentscope_core::sim::Outcome;
use extentscope_core::sim::cx::Recording;
use extentscope_core::sim::rng::Rng;
use std::fmt::Write;
use std::hint::black_box;

/// Steps of a run, at least.
pub const STEPS: u64 = 10_000;
/// Seeks in a sample.
const SEEKS: u64 = 64;
/// Replays in a sample of the peer.
const REPLAYS: u64 = 4;
const HEADER: &str = "#@ personality ext4\n#@ size 1g\nopen -f a\n";

fn script(lines: u64) -> Script {
    let mut rng = Rng::stream(3, "lines");
    let mut text = HEADER.to_owned();
    for line in 1..=lines {
        let pages = (rng.below(4_096), 1 + rng.below(4));
        writeln!(text, "pwrite -q {} {}", pages.0 << 12, pages.1 << 12).expect("text can be written");
        if line.is_multiple_of(50) {
            text.push_str("fsync\nfiemap -c\n");
        }
    }
    parse::parse(&text).expect("the script is right")
}

/// A machine with one empty file, open.
pub fn machine(recording: Recording) -> Machine {
    let mut machine = fresh(recording);
    let open = parse::parse("open -f a").expect("the line is right");
    assert!(machine.play(&open) == Outcome::Idle, "a file can be opened");
    machine
}

fn fresh(recording: Recording) -> Machine {
    let directives = parse::parse(HEADER).expect("the header is right").directives;
    let setup = Setup::new("ext4", &directives).expect("the setup is right");
    Machine::new(&setup, recording)
}

/// Plays line after line, step by step, until so many steps were taken.
fn play_stepped(machine: &mut Machine, script: &Script, steps: u64) {
    for line in &script.lines {
        machine.submit(line);
        while machine.step(None) == Outcome::Stepped {
            if machine.cx().steps() >= steps {
                return;
            }
        }
    }
}

/// The first lines whose steps are [`STEPS`], or a few more.
fn ten_thousand_steps() -> Script {
    let mut script = script(STEPS / 4);
    let mut machine = fresh(Recording::Off);
    let lines = script.lines.iter().take_while(|line| {
        let wanted = machine.cx().steps() < STEPS;
        if wanted {
            machine.play_line(line);
        }
        wanted
    });
    let count = lines.count();
    script.lines.truncate(count);
    script
}

fn stepped_run(recording: Recording) -> Run {
    let script = ten_thousand_steps();
    let mut machine = fresh(recording);
    Box::new(move || {
        play_stepped(&mut machine, &script, u64::MAX);
        machine.cx().steps()
    })
}

pub fn stepped() -> Run {
    stepped_run(Recording::Off)
}

pub fn stepped_recorded() -> Run {
    stepped_run(Recording::On)
}

pub fn free() -> Run {
    let script = ten_thousand_steps();
    let mut machine = fresh(Recording::Off);
    Box::new(move || {
        assert!(machine.play(&script) == Outcome::Idle, "the run ends");
        machine.cx().steps()
    })
}

fn session() -> Session {
    Session::play(&ten_thousand_steps(), None).expect("the script can be played")
}

pub fn seek_random() -> Run {
    let mut session = session();
    let mut rng = Rng::stream(4, "seeks");
    Box::new(move || {
        for _ in 0..SEEKS {
            let step = usize::try_from(rng.below(session.len() as u64 + 1)).expect("a step fits");
            black_box(session.seek(step));
        }
        SEEKS
    })
}

pub fn step_back() -> Run {
    let mut session = session();
    Box::new(move || {
        for _ in 0..SEEKS {
            black_box(session.step_back(1));
        }
        SEEKS
    })
}

pub fn replay_to_random() -> Run {
    let script = ten_thousand_steps();
    let mut rng = Rng::stream(4, "seeks");
    Box::new(move || {
        for _ in 0..REPLAYS {
            let mut machine = fresh(Recording::Off);
            play_stepped(&mut machine, &script, rng.below(STEPS));
            black_box(machine.cx().now());
        }
        REPLAYS
    })
}
