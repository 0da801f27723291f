//! Whole conversations with xfs_io 6.1 on loop-mounted filesystems, and the same commands given to the engine: every
//! command prints the same, addresses in `bmap` too. What depends on the machine was cut out (timing, inode numbers).

use extentscope_core::scenario::machine::Machine;
use extentscope_core::scenario::parse::{parse, parse_line};
use extentscope_core::scenario::setup::Setup;
use extentscope_core::sim::cx::Recording;
use extentscope_tests::goldens::MODELLED;
use extentscope_tests::here;
use serde_json::Value;

/// Without the inode's number.
fn cut(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix("stat.ino = ") {
        Some(_) => "stat.ino = 0\n".to_owned(),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// What the engine prints for each command.
fn conversation(fs: &str, commands: &[&str]) -> Vec<String> {
    let setup = Setup::new(fs, &parse("").expect("nothing parses").directives).expect("the setup is possible");
    let mut machine = Machine::new(&setup, Recording::Off);
    let mut told = Vec::new();
    for command in commands {
        let line = parse_line(command).expect("the command parses").expect("it is not empty");
        machine.play_line(&line);
        machine.run();
        told.push(machine.take_finished().iter().map(|finished| cut(&finished.text)).collect());
    }
    told
}

#[test]
fn conversations_with_the_tool_read_the_same() {
    let text = std::fs::read_to_string(here().join("fixtures/tools/sessions.txt")).expect("the fixture is there");
    let (mut compared, mut wrong) = (0, Vec::new());
    for case in text.split("=== ").skip(1) {
        let (head, rest) = case.split_once('\n').expect("a head line");
        let head: Value = serde_json::from_str(head).expect("the head is JSON");
        let (fs, name) = (head["fs"].as_str().expect("a name"), head["name"].as_str().expect("a name"));
        if !MODELLED.contains(&fs) {
            continue;
        }
        let parts: Vec<(&str, &str)> =
            rest.split(">>> ").skip(1).map(|part| part.split_once('\n').expect("a command line")).collect();
        let commands: Vec<&str> = parts.iter().map(|(command, _)| *command).collect();
        for ((command, expected), got) in parts.iter().zip(conversation(fs, &commands)) {
            compared += 1;
            let expected = cut(expected);
            if got != expected {
                wrong.push(format!("{fs} {name}: `{command}`\n--- the tool\n{expected}--- ours\n{got}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared >= 760, "only {compared} commands were compared");
}
