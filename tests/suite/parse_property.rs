//! Any bytes are read without a panic, and what is printed is read back as the same script.

use extentscope_core::base::{DevBlock, Range};
use extentscope_core::dev::Survivor;
use extentscope_core::scenario::parse::{parse, parse_bytes};
use extentscope_core::scenario::script::*;
use proptest::prelude::*;

fn range() -> impl Strategy<Value = ByteRange> {
    (any::<i64>(), any::<i64>()).prop_map(|(off, len)| ByteRange { off, len })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z]{1,6}",
        1 => "[a-z]{1,3}/[a-z]{1,3}",
        1 => "[ -.0-~é]{1,8}".prop_filter("dots", |name| name != "." && name != ".."),
    ]
}

fn word() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9_]{0,7}"
}

fn data() -> impl Strategy<Value = Command> {
    let open = (name(), any::<[bool; 6]>()).prop_map(|(name, [create, truncate, sync, direct, read_only, append])| {
        Command::Open(Open { name, create, truncate, sync, direct, read_only, append })
    });
    let write =
        (range(), any::<u8>(), 1..=0x7fff_f000u64, any::<[bool; 7]>()).prop_map(|(range, fill, chunk, flags)| {
            let [direct, dsync, fdatasync, fsync, nowait, once, quiet] = flags;
            Command::Pwrite(Pwrite { range, fill, chunk, direct, dsync, fdatasync, fsync, nowait, once, quiet })
        });
    let read =
        (range(), 1..=0x7fff_f000u64, any::<[bool; 3]>()).prop_map(|(range, chunk, [direct, verbose, quiet])| {
            Command::Pread(Pread { range, chunk, direct, verbose, quiet })
        });
    let sync = (range(), any::<[bool; 3]>()).prop_map(|(range, [wait_before, write, wait_after])| {
        let write = write || !(wait_before || wait_after);
        Command::SyncRange(SyncRange { range, wait_before, write, wait_after })
    });
    prop_oneof![open, write, read, sync, proptest::option::of(name()).prop_map(Command::File)]
}

fn mapped() -> impl Strategy<Value = Command> {
    let some = || proptest::option::of(range());
    let mmap = (some(), 1..8u8).prop_map(|(range, bits)| {
        Command::Mmap(Mmap { range, read: bits & 1 != 0, write: bits & 2 != 0, exec: bits & 4 != 0 })
    });
    let mwrite = (some(), any::<u8>(), any::<bool>());
    let dump = prop_oneof![Just(None), Just(Some(MreadDump::FromFile)), Just(Some(MreadDump::FromMapping))];
    let mode = prop_oneof![Just(MsyncMode::Sync), Just(MsyncMode::Async), Just(MsyncMode::Invalidate)];
    let advice = prop_oneof![
        Just(Advice::Normal),
        Just(Advice::DontNeed),
        Just(Advice::NoReuse),
        Just(Advice::Random),
        Just(Advice::Sequential),
        Just(Advice::WillNeed),
    ];
    prop_oneof![
        mmap,
        mwrite.prop_map(|(range, fill, reverse)| Command::Mwrite(Mwrite { range, fill, reverse })),
        (some(), any::<bool>(), dump).prop_map(|(range, reverse, dump)| Command::Mread(Mread { range, reverse, dump })),
        (some(), mode).prop_map(|(range, mode)| Command::Msync(Msync { range, mode })),
        (some(), advice).prop_map(|(range, advice)| Command::Fadvise(Fadvise { advice, range })),
        some().prop_map(Command::Writeback),
    ]
}

fn space() -> impl Strategy<Value = Command> {
    use FallocMode::*;
    let part = (any::<i64>(), any::<i64>(), any::<i64>()).prop_map(|(source_off, dest_off, len)| ClonePart {
        source_off,
        dest_off,
        len,
    });
    let modes = proptest::sample::select(vec![Allocate, Punch, Zero, Collapse, Insert, Unshare, WriteZeroes]);
    let falloc = (modes, any::<bool>(), range()).prop_map(|(mode, keep, range)| {
        let keep_size = mode == Punch || (keep && !matches!(mode, Collapse | Insert));
        Command::Fallocate(Fallocate { mode, keep_size, range })
    });
    let clone = (name(), part.clone()).prop_map(|(source, part)| CloneFrom { source, part: Some(part) });
    let copy = (name(), any::<i64>(), any::<i64>(), any::<Option<i64>>());
    prop_oneof![
        any::<i64>().prop_map(Command::Truncate),
        falloc,
        (name(), proptest::option::of(part)).prop_map(|(source, part)| Command::Reflink(CloneFrom { source, part })),
        clone.prop_map(Command::Dedupe),
        copy.prop_map(|(source, source_off, dest_off, len)| {
            Command::CopyRange(CopyRange { source, source_off, dest_off, len })
        }),
        any::<Option<i64>>().prop_map(Command::Extsize),
        any::<Option<i64>>().prop_map(Command::Cowextsize),
    ]
}

fn maps() -> impl Strategy<Value = Command> {
    let fiemap = (any::<(u64, Option<u64>)>(), any::<[bool; 5]>(), any::<(Option<u32>, Option<u32>)>()).prop_map(
        |((off, len), [attributes, lengths, verbose, no_sync, count_only], (limit, raw_flags))| {
            Command::Fiemap(Fiemap { off, len, attributes, lengths, verbose, limit, no_sync, count_only, raw_flags })
        },
    );
    let filefrag = (proptest::option::of(name()), any::<[bool; 2]>(), proptest::option::of(1..=1u64 << 30))
        .prop_map(|(name, [verbose, sync], unit)| Command::Filefrag(Filefrag { name, verbose, sync, unit }));
    let what = proptest::sample::select(vec![SeekWhat::All, SeekWhat::Data, SeekWhat::Hole]);
    let style = proptest::sample::select(vec![StatStyle::Plain, StatStyle::Verbose, StatStyle::Raw]);
    let bmap = (any::<[bool; 5]>(), 0..=2u8, any::<Option<u32>>()).prop_map(|(flags, verbose, limit)| {
        let [attributes, cow_fork, delayed, lengths, unwritten] = flags;
        Command::Bmap(Bmap { attributes, cow_fork, delayed, lengths, unwritten, verbose, limit })
    });
    prop_oneof![
        fiemap,
        filefrag,
        (what, any::<[bool; 2]>(), any::<i64>()).prop_map(|(what, [repeat, show_start], off)| Command::Seek(Seek {
            what,
            repeat,
            show_start,
            off
        })),
        style.prop_map(Command::Stat),
        (1..8u8).prop_map(|bits| {
            Command::Statfs(Statfs { counts: bits & 1 != 0, geometry: bits & 2 != 0, statfs: bits & 4 != 0 })
        }),
        bmap,
    ]
}

fn plain() -> impl Strategy<Value = Command> {
    use Command::*;
    let words = vec![Close, Fsync, Fdatasync, Syncfs, Munmap, Nocow];
    prop_oneof![
        proptest::sample::select(words),
        name().prop_map(Command::Snapshot),
        name().prop_map(Command::Remove),
        (name(), name()).prop_map(|(from, to)| Command::Rename { from, to }),
        any::<bool>().prop_map(|flush_log| Command::Shutdown { flush_log }),
        (0..=u64::MAX / 1_000_000_000).prop_map(|n| Command::Sleep(n.wrapping_mul(1_000_003))),
    ]
}

/// A command that any task can run.
fn call() -> impl Strategy<Value = Command> {
    prop_oneof![data(), mapped(), space(), maps(), plain()]
}

fn steering() -> impl Strategy<Value = Command> {
    let until = prop_oneof![word().prop_map(Until::Lock), Just(Until::Exit), (1..=1_000_000u64).prop_map(Until::Steps)];
    let fault = proptest::sample::select(vec![
        Fault::ReadError,
        Fault::WriteError,
        Fault::NoSpace,
        Fault::FlushError,
        Fault::TornWrite,
        Fault::LostFlush,
        Fault::BitFlip,
        Fault::PowerCut,
    ]);
    let text = (call(), "([ -~é]{0,9}\n){0,3}").prop_map(|(command, expected)| {
        Command::Expect(Expect::Output { command: Box::new(command), end_mark: "END_OF_TEXT".into(), expected })
    });
    let claims = vec![
        Expect::Success,
        Expect::Deadlock,
        Expect::Livelock,
        Expect::Error("EIO".into()),
        Expect::Finding("lost-data".into()),
    ];
    prop_oneof![
        (word(), until).prop_map(|(task, until)| Command::Run { task, until }),
        (1..=1_000_000_000u64).prop_map(Command::Step),
        proptest::collection::vec(word(), 1..4).prop_map(Command::Schedule),
        (fault, 1..=1_000_000_000u64).prop_map(|(fault, nth)| Command::Inject { fault, nth }),
        text,
        proptest::sample::select(claims).prop_map(Command::Expect),
        power_cut().prop_map(Command::Crash),
        proptest::sample::select(vec![Command::Remount, Command::Quit, Command::Help(None)]),
    ]
}

fn power_cut() -> impl Strategy<Value = PowerCut> {
    let number = 0..1_000_000_000u64;
    let blocks = (number.clone(), 1..1_000u64).prop_map(|(start, count)| Range::sized(DevBlock(start), count));
    let survivor = (number.clone(), proptest::option::of(blocks), proptest::option::of(number))
        .prop_map(|(request, blocks, bytes)| Survivor { request, blocks, bytes });
    prop_oneof![
        proptest::sample::select(vec![PowerCut::Settled, PowerCut::All, PowerCut::Nothing]),
        any::<u64>().prop_map(PowerCut::Random),
        proptest::collection::vec(survivor, 1..5).prop_map(PowerCut::Keep),
    ]
}

fn line(task: Option<String>, command: Command) -> Line {
    Line { number: 0, text: String::new(), task, command }
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let leaf = prop_oneof![
        3 => (proptest::option::of(word()), call()).prop_map(|(task, command)| line(task, command)),
        1 => steering().prop_map(|command| line(None, command)),
    ];
    let nested = leaf.prop_recursive(4, 24, 4, |inner| {
        (1..=1_000_000_000u64, proptest::collection::vec(inner, 0..4))
            .prop_map(|(count, lines)| line(None, Command::Repeat { count, lines }))
    });
    let on_task = (word(), 1..9u64, proptest::collection::vec(call(), 0..3)).prop_map(|(task, count, calls)| {
        let lines = calls.into_iter().map(|command| line(None, command)).collect();
        line(Some(task), Command::Repeat { count, lines })
    });
    proptest::collection::vec(prop_oneof![9 => nested, 1 => on_task], 0..6)
}

fn directives() -> impl Strategy<Value = Directives> {
    let text = || proptest::option::of("[a-z]([ -~]{0,9}[a-z])?");
    let sizes = proptest::collection::btree_map(word(), 1..=1u64 << 40, 0..3);
    let options = || proptest::collection::btree_map(word(), "-[a-z]( [a-z=]{1,5})?", 0..3);
    let numbers = (any::<Option<u64>>(), proptest::option::of(3..=4096u32), proptest::option::of(1..=1u64 << 50));
    (numbers, sizes, options(), options(), text(), text(), any::<Option<u8>>()).prop_map(
        |((seed, fanout, size), size_of, mkfs, mount, title, description, prefill)| Directives {
            patches: seed.map(|seed| ("key".to_string(), seed.to_string())).into_iter().collect(),
            device_blocks: fanout.map(u64::from),
            ..Directives {
                seed,
                fanout,
                size,
                size_of: size_of.into_iter().collect(),
                mkfs: mkfs.into_iter().collect(),
                mount: mount.into_iter().collect(),
                title,
                description,
                prefill,
                ..Directives::default()
            }
        },
    )
}

/// Numbers and texts come from the source; the rest must survive a round trip.
fn bare(lines: &[Line]) -> Vec<Line> {
    let strip = |each: &Line| {
        let command = match &each.command {
            Command::Repeat { count, lines } => Command::Repeat { count: *count, lines: bare(lines) },
            other => other.clone(),
        };
        line(each.task.clone(), command)
    };
    lines.iter().map(strip).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse_bytes(&bytes);
    }

    #[test]
    fn near_scripts_never_panic(text in "(@?[a-z#{}<@;\"'\\\\ ]{0,12}|pwrite|repeat 3 \\{|expect|fiemap|<<E|E|\\}|-[a-zA-Z]|[0-9]{1,30}[kmgq]?|#@|size|\n| ){0,40}") {
        if let Err(errors) = parse(&text) {
            prop_assert!(!errors.is_empty() && errors.len() <= 20);
            for error in errors {
                prop_assert!(error.line >= 1 && error.column >= 1 && error.token_len >= 1);
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }

    #[test]
    fn printing_and_reading_give_the_same(directives in directives(), lines in lines()) {
        let script = Script { directives, lines };
        let text = script.to_string();
        let again = parse(&text).map_err(|errors| TestCaseError::fail(format!("{}\n{text}", errors[0])))?;
        prop_assert_eq!(&again.directives, &script.directives);
        prop_assert_eq!(bare(&again.lines), bare(&script.lines), "{}", text);
        prop_assert_eq!(parse(&again.to_string()), Ok(again));
    }
}
