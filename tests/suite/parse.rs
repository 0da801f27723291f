//! The script language: what each command means, and what a wrong line is told.

use extentscope_core::scenario::help;
use extentscope_core::scenario::parse::{ParseError, Rule, parse, parse_bytes, parse_line};
use extentscope_core::scenario::script::*;

fn command(text: &str) -> Command {
    match parse_line(text) {
        Ok(Some(line)) => line.command,
        other => panic!("{text}: {other:?}"),
    }
}

fn error(text: &str) -> ParseError {
    parse_line(text).expect_err(text)
}

fn range(off: i64, len: i64) -> ByteRange {
    ByteRange { off, len }
}

#[test]
fn a_write_has_the_tools_defaults() {
    let Command::Pwrite(write) = command("pwrite 0 64k") else { panic!() };
    assert_eq!((write.range, write.fill, write.chunk), (range(0, 65536), 0xcd, 4096));
    let Command::Pwrite(write) = command("pwrite -d -b 128k -S 0x1aa -W 1m 2b") else { panic!() };
    assert_eq!((write.range, write.fill, write.chunk), (range(1 << 20, 8192), 0xaa, 128 << 10));
    assert!(write.direct && write.fsync && !write.fdatasync && !write.dsync);
    assert_eq!(command("pwrite -b4k -dS1 0 1"), command("pwrite 0 -S 1 1 -d"));
}

#[test]
fn numbers_are_read_as_the_tool_reads_them() {
    let truncate = |text: &str| match command(&format!("truncate {text}")) {
        Command::Truncate(size) => size,
        other => panic!("{other:?}"),
    };
    let cases = [
        ("0", 0),
        ("010", 8),
        ("0x10", 16),
        ("0x1b", 27),
        ("0x10k", 16384),
        ("1k", 1024),
        ("1K", 1024),
        ("3b", 12288),
        ("2s", 1024),
        ("1t", 1 << 40),
        ("1p", 1 << 50),
        ("7e", 7 << 60),
        ("-4096", -4096),
        ("+5", 5),
        ("0x7fffffffffffffff", i64::MAX),
        ("-9223372036854775808", i64::MIN),
    ];
    for (text, value) in cases {
        assert_eq!(truncate(text), value, "{text}");
    }
    for text in ["4q", "k", "0x", "09", "4kk", "1.5k", "", "4 k", "--", "४"] {
        let error = error(&format!("truncate '{text}'"));
        assert_eq!(error.rule, Rule::BadNumber, "{text}: {error}");
    }
    for text in ["8e", "0x8000000000000000", "99999999999999999999999999999999999999999999"] {
        assert_eq!(error(&format!("truncate {text}")).rule, Rule::OutOfRange, "{text}");
    }
}

#[test]
fn fallocate_has_many_names() {
    let fallocate = |mode, keep_size| Command::Fallocate(Fallocate { mode, keep_size, range: range(0, 4096) });
    assert_eq!(command("falloc 0 4k"), fallocate(FallocMode::Allocate, false));
    assert_eq!(command("falloc -k 0 4k"), fallocate(FallocMode::Allocate, true));
    assert_eq!(command("falloc -p 0 4k"), command("fpunch 0 4k"));
    assert_eq!(command("falloc -c 0 4k"), command("fcollapse 0 4k"));
    assert_eq!(command("fzero -k 0 4k"), fallocate(FallocMode::Zero, true));
    assert_eq!(command("fwzero 0 4k"), fallocate(FallocMode::WriteZeroes, false));
    assert_eq!(error("fpunch -k 0 4k").rule, Rule::UnknownFlag);
}

#[test]
fn questions_keep_their_flags() {
    let Command::Fiemap(map) = command("fiemap -N -n 1 4k 8k") else { panic!() };
    assert_eq!((map.off, map.len, map.limit, map.no_sync), (4096, Some(8192), Some(1), true));
    let Command::Fiemap(map) = command("fiemap -F 2 -c") else { panic!() };
    assert_eq!((map.raw_flags, map.count_only, map.len), (Some(2), true, None));
    let Command::Fiemap(map) = command("fiemap 0 0xffffffffffffffff") else { panic!() };
    assert_eq!(map.len, Some(u64::MAX));
    let Command::Seek(seek) = command("seek -a -r 512") else { panic!() };
    assert_eq!((seek.what, seek.repeat, seek.off), (SeekWhat::All, true, 512));
    assert_eq!(error("seek 0").rule, Rule::MissingArgument);
    let Command::Bmap(bmap) = command("bmap -vvp") else { panic!() };
    assert_eq!((bmap.verbose, bmap.unwritten), (2, true));
}

#[test]
fn tasks_and_schedules() {
    let line = parse_line("  @w1 pwrite 0 4k  # the first writer").unwrap().unwrap();
    assert_eq!((line.task.as_deref(), line.text.as_str()), (Some("w1"), "pwrite 0 4k"));
    let until = |text: &str| match command(text) {
        Command::Run { until, .. } => until,
        other => panic!("{other:?}"),
    };
    assert_eq!(until("run w1 until lock folio"), Until::Lock("folio".into()));
    assert_eq!(until("run w1 until exit"), Until::Exit);
    assert_eq!(until("run w1 until 3 steps"), Until::Steps(3));
    assert_eq!(until("run w1"), Until::Exit);
    assert_eq!(command("schedule w1 wb w1"), Command::Schedule(vec!["w1".into(), "wb".into(), "w1".into()]));
    assert_eq!(command("sleep 20ms"), Command::Sleep(20_000_000));
    assert_eq!(command("inject torn-write 3"), Command::Inject { fault: Fault::TornWrite, nth: 3 });
    assert_eq!(error("@w1 step 3").rule, Rule::BadTask);
    assert_eq!(error("@w1").rule, Rule::BadTask);
    assert_eq!(error("@1w fsync").rule, Rule::BadName);
    assert_eq!(error("run w1 until luck folio").nearest.as_deref(), Some("lock"));
}

#[test]
fn blocks_on_one_line_and_on_many() {
    let one = parse("@w1 repeat 3 { pwrite 0 4k; repeat 2 { fsync } }\n").unwrap();
    let many = parse("@w1 repeat 3 {\n  pwrite 0 4k\n  repeat 2 {\n fsync\n }\n}\n").unwrap();
    assert_eq!(one.to_string(), many.to_string());
    let Command::Repeat { count: 3, lines } = &many.lines[0].command else { panic!() };
    assert_eq!((lines[0].number, lines[0].text.as_str()), (2, "pwrite 0 4k"));
    assert_eq!(many.lines[0].task.as_deref(), Some("w1"));
    for (text, rule, line) in [
        ("repeat 3 {\nfsync\n", Rule::Block, 1),
        ("fsync\n}\n", Rule::Block, 2),
        ("repeat 3 { fsync\n}\n", Rule::Block, 1),
        ("repeat 0 { fsync }", Rule::OutOfRange, 1),
        ("repeat { fsync }", Rule::BadNumber, 1),
        ("@a repeat 3 {\n @b fsync\n}", Rule::BadTask, 2),
        ("@a repeat 3 {\n crash\n}", Rule::BadTask, 2),
    ] {
        let errors = parse(text).expect_err(text);
        assert_eq!((errors[0].rule, errors[0].line), (rule, line), "{text}: {}", errors[0]);
    }
    let deep = format!("{}fsync{}", "repeat 2 { ".repeat(40), " }".repeat(40));
    assert_eq!(parse(&deep).unwrap_err()[0].rule, Rule::TooLarge);
    let deep = "repeat 2 {\n".repeat(100_000);
    assert_eq!(parse(&deep).unwrap_err()[0].rule, Rule::TooLarge);
}

#[test]
fn expectations() {
    let script = parse("open -f a\nexpect fiemap -v <<END\n EXT: x \n\nEND\nexpect error ENOSPC\n").unwrap();
    let Command::Expect(Expect::Output { command, end_mark, expected }) = &script.lines[1].command else { panic!() };
    assert_eq!((command.name(), end_mark.as_str(), expected.as_str()), ("fiemap", "END", " EXT: x \n\n"));
    assert_eq!(script.lines[1].text, "expect fiemap -v <<END");
    assert_eq!(script.lines[2].command, Command::Expect(Expect::Error("ENOSPC".into())));
    assert_eq!(parse("expect stat <<X\nabc\n").unwrap_err()[0].rule, Rule::Block);
    assert_eq!(error("expect fiemap").rule, Rule::Block);
    assert_eq!(error("expect deadlok").nearest.as_deref(), Some("deadlock"));
    assert_eq!(error("expect error nospace").rule, Rule::BadName);
    // The text of a claim that is wrong is not read as commands.
    assert_eq!(parse("expect fiemap -y <<E\nnonsense\nE\nfsink\n").unwrap_err().len(), 2);
}

#[test]
fn directives() {
    let text = "#@ fs xfs btrfs\n#@ size 1g\n#@ size.ext4 24m\n#@ mkfs.ext4 -O inline_data\n#@patch a=b\n#@ seed 7\n\
                #@ prefill 0xaa\n#@ description one\n#@ description two\n#@\n#@ level 6.16\nfsync\n#@ size 2g\n";
    let script = parse(text).unwrap();
    let d = &script.directives;
    assert_eq!(d.fs, ["xfs", "btrfs"]);
    assert_eq!((d.size, d.size_of.get("ext4")), (Some(2 << 30), Some(&(24 << 20))));
    assert_eq!(d.mkfs.get("ext4").map(String::as_str), Some("-O inline_data"));
    assert_eq!((d.seed, d.prefill, d.level.as_deref()), (Some(7), Some(0xaa), Some("6.16")));
    assert_eq!(d.patches, [("a".to_string(), "b".to_string())]);
    assert_eq!(d.description.as_deref(), Some("one\ntwo"));
    for (text, rule, near) in [
        ("#@ sise 1g", Rule::UnknownDirective, Some("size")),
        ("#@ mkfz.ext4 -O x", Rule::UnknownDirective, Some("mkfs.ext4")),
        ("#@ mkfs -O x", Rule::UnknownDirective, Some("mkfs.NAME")),
        ("#@ size", Rule::MissingArgument, None),
        ("#@ size 4q", Rule::BadNumber, None),
        ("#@ fanout 2", Rule::OutOfRange, None),
        ("#@ block-size 1000", Rule::OutOfRange, None),
    ] {
        let error = parse(text).expect_err(text).remove(0);
        assert_eq!((error.rule, error.nearest.as_deref()), (rule, near), "{error}");
    }
}

#[test]
fn a_wrong_line_is_shown_with_a_caret_and_a_suggestion() {
    let shown = |text: &str| parse(text).expect_err(text).iter().map(|e| format!("{e}\n")).collect::<String>();
    assert_eq!(
        shown("open -f a\n  pwrit 0 4k\npwrite 0 64q # why\n"),
        "line 2, column 3: `pwrit` is not a command (unknown-command)\n 2 |   pwrit 0 4k\n   |   ^^^^^\n did you mean `pwrite`?\n\
         line 3, column 10: `64q` is not a number: the units are k m g t p e, b (4096) and s (512) (bad-number)\n \
         3 | pwrite 0 64q # why\n   |          ^^^\n usage: pwrite [-S byte] [-b bs] [-d] [-D] [-w] [-W] [-N] [-O] [-q] off len\n"
    );
    let error = error("pwrite 0");
    assert_eq!((error.column, error.token_len, error.rule), (9, 1, Rule::MissingArgument));
    let wide = parse(&format!("{}fsink", " ".repeat(1000))).unwrap_err().remove(0);
    assert_eq!(wide.column, 1001);
    assert!(wide.to_string().len() < 400, "{wide}");
}

#[test]
fn near_misses() {
    for (text, near) in [
        ("fsnc", "fsync"),
        ("PWRITE 0 4k", "pwrite"),
        ("fpunsh 0 4k", "fpunch"),
        ("fallocate 0 4k", "falloc"),
        ("syncrange 0 4k", "sync_range"),
        ("pwrite -X 0 4k", ""),
        ("fiemap -V", "-v"),
        ("xyzzy", ""),
    ] {
        assert_eq!(error(text).nearest.as_deref().unwrap_or(""), near, "{text}");
    }
    assert!(error("statx").message.contains("not modelled"));
    assert!(error("pwrite -R 0 4k").message.contains("not modelled"));
}

#[test]
fn names() {
    assert_eq!(command("rm 'a b'"), Command::Remove("a b".into()));
    assert_eq!(command("rm snap/a"), Command::Remove("snap/a".into()));
    assert_eq!(command(r#"rm "-a\"b\\" "#), Command::Remove("-a\"b\\".into()));
    for text in ["rm /a", "rm ../a", "rm a//b", "rm ''", "rm a/b/c"] {
        assert_eq!(error(text).rule, Rule::BadName, "{text}");
    }
    assert_eq!(error(&format!("rm {}", "n".repeat(256))).rule, Rule::BadName);
    assert_eq!(error("rm 'a").rule, Rule::Quote);
}

#[test]
fn bounds_are_errors() {
    let many = "nonsense\n".repeat(1000);
    assert_eq!(parse(&many).unwrap_err().len(), 20);
    let long = "fsync\n".repeat(200_001);
    let errors = parse(&long).unwrap_err();
    assert_eq!((errors.len(), errors[0].rule, errors[0].line), (1, Rule::TooLarge, 200_001));
    assert_eq!(parse(&"#".repeat((16 << 20) + 1)).unwrap_err()[0].rule, Rule::TooLarge);
    assert_eq!(parse(&"x".repeat(70_000)).unwrap_err()[0].rule, Rule::TooLarge);
    let broken = parse_bytes(b"fsync\nopen \xff\n").unwrap_err().remove(0);
    assert_eq!((broken.line, broken.column, broken.rule), (2, 6, Rule::Encoding));
}

#[test]
fn the_console_takes_one_command() {
    assert_eq!(parse_line("  # nothing"), Ok(None));
    assert_eq!(parse_line(""), Ok(None));
    assert_eq!(error("fsync\nfsync").rule, Rule::Block);
    assert_eq!(error("#@ seed 3").rule, Rule::Block);
    assert!(matches!(command("expect fiemap <<E\nx\nE"), Command::Expect(_)));
}

#[test]
fn the_help_table_covers_the_language() {
    for entry in help::COMMANDS {
        assert!(entry.usage.starts_with(entry.name), "{}", entry.name);
        assert!(!entry.meaning.ends_with('.') && !entry.meaning.is_empty(), "{}", entry.name);
        // Each is known to the parser: with no argument it is read or told what it needs, never unknown.
        if let Err(error) = parse_line(entry.name) {
            assert_eq!(error.rule, Rule::MissingArgument, "{error}");
            assert_eq!(error.usage, Some(entry.usage));
        }
    }
    assert!(help::text(Some("pwrite")).unwrap().starts_with("pwrite [-S byte]"));
    assert_eq!(help::text(Some("nope")), None);
}

#[test]
fn every_trace_of_the_recordings_parses() {
    for (name, text) in extentscope_tests::traces() {
        let script = parse(&text).unwrap_or_else(|errors| panic!("{name}: {}", errors[0]));
        assert!(!script.lines.is_empty(), "{name}");
        let plain = text.lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with('#')).count();
        assert_eq!(script.lines.len(), plain, "{name}");
        let again = parse(&script.to_string()).unwrap();
        assert_eq!(again.to_string(), script.to_string(), "{name}");
        assert_eq!(again.directives, script.directives, "{name}");
    }
}
