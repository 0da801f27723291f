//! Complete and deterministic: the events alone give the picture, at every step of every trace and scenario; a run
//! made twice is the same run, stepped or not.

use extentscope_core::personality::NAMES;
use extentscope_core::scenario::machine::Machine;
use extentscope_core::scenario::parse::parse;
use extentscope_core::scenario::script::{Command, Line, Script};
use extentscope_core::scenario::setup::{RECORDED_SIZE, Setup};
use extentscope_core::session::Session;
use extentscope_core::sim::Outcome;
use extentscope_core::sim::cx::Recording;
use extentscope_core::trace::Event;
use extentscope_core::view::World;
use extentscope_core::view::fold::Folder;
use extentscope_core::view::{digest, trace_json};
use extentscope_tests::{scenarios, traces};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A script that can be played on a personality.
struct Case {
    name: String,
    personality: &'static str,
    script: Script,
}

impl Case {
    fn setup(&self) -> Setup {
        Setup::sized(self.personality, &self.script.directives, RECORDED_SIZE).expect("a case has a setup")
    }
}

/// Every trace and shipped scenario on every personality that models its options. A trace gets the two commands that
/// end every recording.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, text) in traces().into_iter().chain(scenarios()) {
        let mut script = parse(&text).unwrap_or_else(|errors| panic!("{name}: {}", errors[0]));
        for (text, command) in [("syncfs", Command::Syncfs), ("remount", Command::Remount)] {
            script.lines.push(Line { number: 0, text: text.to_owned(), task: None, command });
        }
        for personality in NAMES {
            if Setup::sized(personality, &script.directives, RECORDED_SIZE).is_ok() {
                cases.push(Case { name: name.clone(), personality, script: script.clone() });
            }
        }
    }
    cases
}

/// Runs the check on every case, on all cores, and fails with what went wrong in each.
fn for_every_case(check: impl Fn(&Case) -> Result<(), String> + Sync) {
    let cases = cases();
    assert!(cases.len() > 300, "{} cases", cases.len());
    let next = std::sync::atomic::AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(2, |count| count.get());
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let work = || {
            let mut wrong = Vec::new();
            while let Some(case) = cases.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                let result = catch_unwind(AssertUnwindSafe(|| check(case)));
                let said = match result {
                    Ok(said) => said,
                    Err(panic) => Err(panic_text(&*panic)),
                };
                wrong.extend(said.err().map(|text| format!("{} on {}: {text}", case.name, case.personality)));
            }
            wrong
        };
        let handles: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        handles.into_iter().flat_map(|handle| handle.join().expect("a worker catches what it runs")).collect()
    });
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("panicked: {}", text.unwrap_or("without a text"))
}

/// Lets the machine run a line to its end, one step at a time; calls `after` after each, and once more at the end.
fn step_through(
    machine: &mut Machine,
    line: &Line,
    mut after: impl FnMut(&Machine, bool) -> Result<(), String>,
) -> Result<(), String> {
    machine.submit(line);
    after(machine, false)?;
    machine.pull_plug(&line.command);
    loop {
        match machine.step(None) {
            Outcome::Stepped => after(machine, false)?,
            Outcome::Idle => return after(machine, true),
            Outcome::Deadlock { cycle, .. } => return Err(format!("`{}`: deadlock: {cycle:?}", line.text)),
        }
    }
}

/// The part of the world that differs, as short as it can be said.
fn difference(folded: &World, walked: &World) -> String {
    macro_rules! first {
        ($($part:ident)*) => {
            $(if folded.$part != walked.$part {
                let short = |text: String| text.chars().take(600).collect::<String>();
                let (folded, walked) = (format!("{:?}", folded.$part), format!("{:?}", walked.$part));
                let same = folded.bytes().zip(walked.bytes()).take_while(|(a, b)| a == b).count().saturating_sub(80);
                let from = |text: &str| short(text.chars().skip(same).collect());
                return format!("{}:\n  folded ..{}\n  walked ..{}", stringify!($part), from(&folded), from(&walked));
            })*
        };
    }
    first!(now tasks locks names open current trees ledger space requests unflushed flushes commits inline files nodes device);
    "nothing".to_owned()
}

/// Cached folios from which on a look at everything is too dear for every step of a run: then every 16th step and the
/// end of every command are looked at. With `EXTENTSCOPE_EVERY_STEP` set it is every step all the same.
const FOLIOS_MANY: usize = 1_000;

fn is_looked_at(world: &World, step: u64) -> bool {
    let folios: usize = world.files.values().map(|file| file.folios.len()).sum();
    folios < FOLIOS_MANY || step.is_multiple_of(16) || std::env::var_os("EXTENTSCOPE_EVERY_STEP").is_some()
}

#[test]
fn the_events_give_the_picture_at_every_step() {
    for_every_case(|case| {
        let mut machine = Machine::new(&case.setup(), Recording::On);
        let mut folder = Folder::new(case.setup().block_size());
        let mut applied = 0;
        for line in &case.script.lines {
            step_through(&mut machine, line, |machine, ended| {
                machine.cx().record(|recorder| {
                    folder.apply_all(&recorder.events[applied..]);
                    applied = recorder.events.len();
                });
                let step = machine.cx().steps();
                if !ended && !is_looked_at(folder.world(), step) {
                    return Ok(());
                }
                let walked = machine.walk();
                if *folder.world() != walked {
                    return Err(format!("step {step}, `{}`: {}", line.text, difference(folder.world(), &walked)));
                }
                machine.verify().map_err(|rule| format!("step {step}, `{}`: {rule}", line.text))
            })?;
        }
        Ok(())
    });
}

/// The trace of a case and the digest of its last world.
fn played(case: &Case, play: impl Fn(&mut Machine, &Line)) -> (Vec<u8>, u64) {
    let mut machine = Machine::new(&case.setup(), Recording::On);
    for line in &case.script.lines {
        play(&mut machine, line);
    }
    let mut trace = Vec::new();
    machine.cx().record(|recorder| {
        trace_json::write_steps(&mut trace, recorder, 0..=recorder.steps.len()).expect("memory takes every byte");
    });
    (trace, digest::of_world(&machine.walk()))
}

fn free(machine: &mut Machine, line: &Line) {
    machine.submit(line);
    machine.run();
}

fn stepped(machine: &mut Machine, line: &Line) {
    machine.submit(line);
    while machine.step(None) == Outcome::Stepped {}
}

fn first_different_line(a: &[u8], b: &[u8]) -> String {
    let (a, b) = (String::from_utf8_lossy(a), String::from_utf8_lossy(b));
    let at = a.lines().zip(b.lines()).take_while(|(a, b)| a == b).count();
    let line = |text: &str| text.lines().nth(at).unwrap_or("nothing").chars().take(400).collect::<String>();
    format!("line {}:\n  {}\n  {}", at + 1, line(&a), line(&b))
}

#[test]
fn a_run_made_twice_or_stepped_is_the_same_run() {
    for_every_case(|case| {
        let once = played(case, free);
        for (how, again) in [("twice", played(case, free)), ("stepped", played(case, stepped))] {
            if once.0 != again.0 {
                return Err(format!("{how}: {}", first_different_line(&once.0, &again.0)));
            }
            if once.1 != again.1 {
                return Err(format!("{how}: equal traces, different states"));
            }
        }
        Ok(())
    });
}

/// The cursor shows at each step what folding shows, in both directions, and the digests do not depend on the way.
#[test]
fn a_session_shows_every_step_backward_as_forward() {
    for_every_case(|case| {
        let mut session = Session::new(case.setup());
        for line in &case.script.lines {
            session.run_line(&line.to_string()).map_err(|error| format!("`{}`: {error}", line.text))?;
        }
        let mut folder = Folder::new(case.setup().block_size());
        let mut forward = Vec::new();
        for step in 0..=session.len() {
            session.events(step, |events: &[Event]| folder.apply_all(events));
            let number = u64::try_from(step).expect("a step's number");
            forward.push(is_looked_at(folder.world(), number).then(|| digest::of_world(folder.world())));
        }
        for (step, expected) in forward.iter().enumerate().rev() {
            let Some(expected) = expected else { continue };
            session.seek(step);
            if session.state_digest() != *expected {
                return Err(format!("step {step}: {}", difference(session.world(), folder.world())));
            }
        }
        Ok(())
    });
}
