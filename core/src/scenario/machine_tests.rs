//! The machine's own rules: virtual time, background work, calls of one command.

use super::machine::Machine;
use super::parse::parse;
use super::setup::Setup;
use crate::sim::Outcome;
use crate::sim::cx::Recording;
use crate::trace::Mark;

fn play(text: &str) -> (Machine, Vec<String>) {
    let script = parse(text).expect("the script parses");
    let setup = Setup::new("ext4", &script.directives).expect("the setup is modelled");
    let mut machine = Machine::new(&setup, Recording::On);
    assert_eq!(machine.play(&script), Outcome::Idle);
    let texts = machine.take_finished().into_iter().map(|finished| finished.text).collect();
    (machine, texts)
}

#[test]
fn a_script_goes_on_after_a_sleep_and_the_flusher_wakes_in_between() {
    let (machine, texts) =
        play("#@ writeback 5s\nopen -f a\npwrite 0 4k\nsleep 4s\nfiemap -N\nsleep 2s\nfiemap -N -v\n");
    assert!(machine.cx().now() >= 6_000_000_000, "six seconds have passed");
    assert!(texts[3].contains("0..7"), "after four seconds the block has no address: {}", texts[3]);
    assert!(texts[5].contains("0x1\n"), "after six the flusher has placed it: {}", texts[5]);
}

#[test]
fn each_system_call_of_a_command_is_a_place_to_stop() {
    let (machine, _) = play("open -f a\npwrite 0 64k\n");
    let calls = machine.cx().record(|record| record.steps.iter().filter(|step| step.mark == Mark::Call).count());
    assert_eq!(calls, 15, "sixteen calls have fifteen places between them");
}
