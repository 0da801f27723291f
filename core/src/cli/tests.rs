//! The commands as a shell sees them: output, complaints, status.

use super::*;
use clap::CommandFactory;
use std::path::PathBuf;

/// A script in a file of its own, gone at the end.
struct Script(PathBuf);

impl Script {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("extentscope-{}-{name}.xio", std::process::id()));
        std::fs::write(&path, text).expect("the folder for temporary files can be written");
        Self(path)
    }
    fn call(&self, arguments: &[&str]) -> (String, Result<(), (u8, String)>) {
        let path = self.0.to_str().expect("the path is text");
        call(&[arguments, &[path]].concat())
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

pub fn call(arguments: &[&str]) -> (String, Result<(), (u8, String)>) {
    let all = [&["extentscope"], arguments].concat();
    let cli = Cli::try_parse_from(all).unwrap_or_else(|error| panic!("{error}"));
    let mut out = Vec::new();
    let result = cli.command.run(&mut out).map_err(|failure| match failure {
        Failure::Input(text) => (2, text),
        Failure::Finding(text) => (1, text),
        Failure::Output(error) => panic!("{error}"),
    });
    (String::from_utf8(out).expect("text"), result)
}

const WRITES: &str = "open -f a\npwrite 0 64k\nfalloc 128k 64k\npwrite 256k 16k\nfsync\npwrite 20k 8k\n";

#[test]
fn the_arguments_are_consistent_and_every_command_has_an_example() {
    let mut cli = Cli::command();
    cli.build();
    cli.clone().debug_assert();
    for command in cli.get_subcommands().filter(|command| command.get_name() != "help") {
        let help = command.clone().render_long_help().to_string();
        assert!(help.contains("Example"), "{help}");
    }
}

#[test]
fn run_prints_what_the_tool_prints() {
    let script = Script::new("run", WRITES);
    let (out, result) = script.call(&["run"]);
    assert_eq!(result, Ok(()));
    assert!(out.starts_with("wrote 65536/65536 bytes at offset 0\n64 KiB, 16 ops"), "{out}");
    let (out, result) = script.call(&["run", "--json"]);
    assert_eq!(result, Ok(()));
    assert_eq!(out.lines().count(), 6);
    assert!(out.starts_with(r#"{"number":1,"text":"open -f a","output":""}"#), "{out}");
}

#[test]
fn the_map_is_the_session_s_map_at_every_step() {
    let script = Script::new("map", WRITES);
    for personality in crate::personality::NAMES {
        let session = crate::session::Session::load(WRITES, Some(personality)).expect("the script is good");
        let (whole, result) = script.call(&["map", "-p", personality]);
        assert_eq!(result, Ok(()));
        assert_eq!(whole, session.map().to_text(), "{personality}");
        let last = session.len().to_string();
        assert_eq!(script.call(&["map", "-p", personality, "--step", &last]).0, whole, "{personality}");
        let none = script.call(&["map", "-p", personality, "--step", "0"]).0;
        assert!(none.contains("\"files\": []"), "{none}");
    }
    let (_, result) = script.call(&["map", "--step", "99999"]);
    assert_eq!(result.expect_err("too far").0, 2);
    for format in ["fiemap", "filefrag", "qemu-map"] {
        let (out, result) = script.call(&["map", "--format", format]);
        assert_eq!(result, Ok(()), "{format}");
        assert!(!out.is_empty(), "{format}");
    }
    let (_, result) = script.call(&["map", "--format", "fiemap", "--file", "b"]);
    assert_eq!(result, Err((2, "extentscope: --file: there is no file `b`; there are: a".to_owned())));
}

#[test]
fn the_trace_is_json_in_both_forms() {
    let script = Script::new("trace", WRITES);
    let (out, result) = script.call(&["trace"]);
    assert_eq!(result, Ok(()));
    assert!(out.lines().count() > 10);
    assert!(out.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    let (out, _) = script.call(&["trace", "--format", "perfetto"]);
    assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok());
}

#[test]
fn bad_input_is_2_and_a_false_claim_is_1() {
    let (out, result) = Script::new("parse", "open -f a\npwrit 0 4k\n").call(&["run"]);
    let (status, text) = result.expect_err("it does not parse");
    assert_eq!((out.as_str(), status), ("", 2));
    assert!(text.contains("line 2, column 1") && text.contains("^^^^^") && text.contains("`pwrite`"), "{text}");
    let (_, result) = Script::new("claim", "open -f a\npwrite 0 4k\nexpect error ENOSPC\n").call(&["run"]);
    let claim = "line 3: `expect error ENOSPC`: expected ENOSPC, got success".to_owned();
    assert_eq!(result, Err((1, claim)));
    let unmodelled = Script::new("option", "#@ mkfs.ext4 -O quota_of_dreams\nopen -f a\n");
    for command in ["run", "map", "trace", "observe"] {
        let (out, result) = unmodelled.call(&[command]);
        let (status, text) = result.expect_err("the option is not modelled");
        assert_eq!((out.as_str(), status), ("", 2), "{command}");
        assert!(text.contains("quota_of_dreams"), "{text}");
    }
    let (_, result) = call(&["run", "/nowhere/at/all.xio"]);
    assert_eq!(result.expect_err("there is no such file").0, 2);
    let (_, result) = Script::new("name", "open -f a\n").call(&["map", "-p", "fat"]);
    assert!(result.expect_err("not modelled").1.contains("`fat`"));
    assert!(Cli::try_parse_from(["extentscope", "run", "--device-size", "big", "x"]).is_err());
}

#[test]
fn a_small_device_runs_out_of_space_and_says_so_as_the_tool_does() {
    let script = Script::new("space", "open -f a\npwrite 0 1m\nexpect error ENOSPC\n");
    let (out, result) = script.call(&["run", "--device-size", "256k"]);
    assert_eq!(result, Ok(()), "{out}");
    assert!(out.contains("No space left on device"), "{out}");
}

#[test]
fn observe_is_the_recordings_document() {
    let (out, result) = Script::new("observe", WRITES).call(&["observe"]);
    assert_eq!(result, Ok(()));
    let document: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(document["format"], "fsoracle-1");
    assert_eq!(document["steps"].as_array().map(Vec::len), Some(8));
}

#[test]
fn compare_marks_where_filesystems_differ() {
    let script = Script::new("compare", "open -f a\npwrite 0 8k\nfsync\nfalloc 0 16k\n");
    let (out, result) = script.call(&["compare"]);
    assert_eq!(result, Ok(()));
    assert!(out.starts_with("after 4: falloc 0 16k\n"), "{out}");
    assert!(out.contains("DDuu") && out.contains("DDdd") && out.contains("  differ      ^^\n"), "{out}");
    let (out, result) = script.call(&["compare", "--after", "3"]);
    assert_eq!(result, Ok(()));
    assert!(!out.contains('^'), "{out}");
    let (_, result) = script.call(&["compare", "--after", "5"]);
    assert_eq!(result, Err((2, "extentscope: --after: there are 4 lines".to_owned())));
}
