//! What the running kernel (6.18) was asked about one rule at a time: short scripts, and what it said.

use extentscope_core::base::Errno;
use extentscope_core::dev::file::{FileMedium, Remember};
use extentscope_core::personality::NAMES;
use extentscope_core::scenario::devices::Start;
use extentscope_core::scenario::found;
use extentscope_core::scenario::machine::Machine;
use extentscope_core::scenario::parse::parse;
use extentscope_core::scenario::setup::Setup;
use extentscope_core::sim::cx::Recording;
use extentscope_tests::contents::contents;
use extentscope_tests::document::Document;
use extentscope_tests::goldens::model;

/// The engine's document of a script on ext4.
fn asked(script: &str) -> Document {
    let text = model("ext4", script, "asked").expect("the script is modelled");
    Document::read(&text).expect("the document can be read")
}

/// The last thing that was seen of a file's cache in the first `steps` steps.
fn cache(document: &Document, file: &str, steps: usize) -> String {
    let seen = document.steps[..steps].iter().rev().find_map(|step| step.files.get(file));
    seen.expect("the file was seen").norm.cs.clone()
}

#[test]
fn a_commit_for_one_file_writes_what_is_new_in_another_without_delayed_allocation() {
    let script = "open -f b\nopen -f a\npwrite 140k 24k\nfile b\npwrite 68k 24k\nfsync\n";
    let other = |mount: &str| cache(&asked(&format!("#@ mount.ext4 {mount}\n{script}")), "a", 6);
    assert_eq!(other("nodelalloc"), "35-6c");
    assert_eq!(other("delalloc"), "35-6D");
}

#[test]
fn a_commit_for_one_file_writes_what_was_zeroed_in_another() {
    let last = |command: &str| {
        let document =
            asked(&format!("open -f b\nopen -f a\npwrite 0 10000\nfsync\ntruncate 20000\n{command}\nfsync\n"));
        cache(&document, "a", document.steps.len() - 2)
    };
    assert_eq!(last("open -f c\npwrite 0 4k"), "3c2-");
    // Nothing of that file is to be committed.
    assert_eq!(last("file b"), "2c1D2-");
}

#[test]
fn fsync_of_a_file_that_did_not_change_commits_nothing() {
    let script = "#@ mount.ext4 nodelalloc\nopen -f b\nfsync\nopen -f a\npwrite 140k 24k\nfile b\nfsync\n";
    assert_eq!(cache(&asked(script), "a", 6), "35-6D");
}

#[test]
fn a_cut_inside_a_page_splits_its_folio() {
    let after = |command: &str| {
        let document = asked(&format!("open -f a\npwrite -b 64k 0 128k\nfsync\n{command}\n"));
        cache(&document, "a", document.steps.len() - 2)
    };
    assert_eq!(after("fpunch 5000 100"), "1c1D30c");
    assert_eq!(after("fzero 22000 20000"), "5c1D4-1D21c");
    assert_eq!(after("truncate 22000"), "5c1D");
    assert_eq!(after("fpunch 20k 20k\nmwrite 44k 1"), "5c5-1c1D20c");
}

#[test]
fn new_blocks_lie_in_windows_without_delayed_allocation() {
    let script = "#@ mount.ext4 nodelalloc\nopen -f a\npwrite 0 128k\npwrite 200k 4k\npwrite 400k 8k\n";
    let document = asked(script);
    let places: Vec<u64> = document.steps[3].files["a"].ext.iter().map(|record| record.2 / 4096).collect();
    assert_eq!(places, [33280, 32848, 32882, 32932]);
}

#[test]
fn data_behind_the_end_of_a_record_in_its_last_page_is_told_as_data_at_the_end() {
    let script = "#@ mkfs.ext4 -b 1024\nopen -f a\nfalloc 41k 20k\nfalloc 0 41k\npwrite 43k 3k\n";
    let seen = asked(script).steps[3].files["a"].seek.clone();
    assert_eq!(seen, Some(serde_json::json!([["H", 0, 41984], ["D", 41984, 41984]])));
}

/// What `xfs_io` was told on a mount with `-o ro`, call by call.
const READ_ONLY: [(&str, Option<Errno>); 13] = [
    ("open z", Some(Errno::EROFS)),
    ("open -f n", Some(Errno::EROFS)),
    ("open n", Some(Errno::ENOENT)),
    ("open -r z", None),
    ("pread 0 4k", None),
    ("pwrite 0 4k", Some(Errno::EBADF)),
    ("truncate 0", Some(Errno::EINVAL)),
    ("falloc 0 4k", Some(Errno::EBADF)),
    ("fiemap -v", None),
    ("fsync", None),
    ("syncfs", None),
    ("mv z y", Some(Errno::EROFS)),
    ("rm z", Some(Errno::EROFS)),
];

#[test]
fn a_mount_that_cannot_be_written_refuses_to_open_for_writing() {
    for personality in NAMES {
        let setup = Setup::new(personality, &parse("#@ blocks 64\nquit").expect("ours").directives).expect("modelled");
        let medium = FileMedium::new(Vec::new(), setup.block_size(), Remember::No);
        found::make(&medium, &setup).expect("there is room");
        let mut machine = Machine::on(&setup, &found::devices(&medium, &setup, Start::Format), Recording::Off);
        machine.play(&parse("open -f z\npwrite -S 0x61 0 8k\nfsync\n").expect("ours"));
        drop(machine);
        let before = medium.file(|file| file.clone());
        let mut machine = Machine::on(&setup, &found::devices(&medium, &setup, Start::ReadOnly), Recording::Off);
        for (line, errno) in READ_ONLY {
            machine.take_finished();
            machine.play(&parse(line).expect("ours"));
            let [finished] = &machine.take_finished()[..] else { panic!("{line}: one command ends") };
            assert_eq!(finished.result.err, errno.map(|errno| errno.name()), "{personality}: {line}");
        }
        drop(machine);
        assert!(medium.file(|file| *file == before), "{personality}: nothing was written");
    }
}

/// What each command said, of those that failed or were asked about.
fn said(fs: &str, script: &str) -> String {
    let script = parse(script).expect("the script parses");
    let setup = Setup::new(fs, &script.directives).expect("the setup is possible");
    let mut machine = Machine::new(&setup, Recording::Off);
    let mut told = Vec::new();
    for line in &script.lines {
        machine.play_line(line);
        machine.run();
        let asks =
            matches!(line.text.split(' ').next(), Some("fsync" | "fdatasync" | "syncfs" | "sync_range" | "close"));
        for finished in machine.take_finished().iter().filter(|finished| asks || finished.result.err.is_some()) {
            told.push(format!("{}={}", line.text, finished.result.err.unwrap_or("ok")));
        }
    }
    told.join(", ")
}

#[test]
fn an_error_of_writeback_is_told_once_to_each_who_listens() {
    // On a loop device over a file whose keeper refused what was written; two descriptors there are two files here.
    let cases = [
        ("fsync\nfsync\npwrite 0 4k\nfsync", "fsync=EIO, fsync=ok, fsync=ok"),
        ("fdatasync\nfsync", "fdatasync=EIO, fsync=ok"),
        ("fsync\nclose\nopen a\nfsync", "fsync=EIO, close=ok, fsync=ok"),
        (
            "sync_range -w 0 0\nsleep 1s\nclose\nopen a\nfsync\nfsync",
            "sync_range -w 0 0=ok, close=ok, fsync=EIO, fsync=ok",
        ),
        ("sync_range -w -a 0 0\nsync_range -a 0 0\nfsync", "sync_range -w -a 0 0=EIO, sync_range -a 0 0=ok, fsync=ok"),
        (
            "sync_range -w 0 0\nsleep 1s\nsync_range -b 0 0\nfsync",
            "sync_range -w 0 0=ok, sync_range -b 0 0=EIO, fsync=ok",
        ),
        ("syncfs\nsyncfs\nfsync\nfsync", "syncfs=EIO, syncfs=ok, fsync=EIO, fsync=ok"),
        (
            "sync_range -w 0 0\nsleep 1s\nsyncfs\nsyncfs\nfsync",
            "sync_range -w 0 0=ok, syncfs=EIO, syncfs=ok, fsync=EIO",
        ),
        ("fsync\nsyncfs\nsyncfs", "fsync=EIO, syncfs=EIO, syncfs=ok"),
        (
            "file b\nsyncfs\nfile a\nsyncfs\nopen -f c\nsyncfs\nfile b\nsyncfs",
            "syncfs=EIO, syncfs=EIO, syncfs=ok, syncfs=ok",
        ),
        (
            "sync_range -w 0 0\nsleep 1s\nopen -f c\nsyncfs\nfile a\nsyncfs\nopen -f d\nsyncfs",
            "sync_range -w 0 0=ok, syncfs=EIO, syncfs=EIO, syncfs=ok",
        ),
    ];
    for fs in ["ext4", "xfs", "btrfs"] {
        for (script, expected) in cases {
            let whole = format!("open -f b\nopen -f a\nsyncfs\ninject write-error\npwrite 0 16k\n{script}\n");
            let found = said(fs, &whole);
            assert_eq!(found.strip_prefix("syncfs=ok, "), Some(expected), "{fs}:\n{whole}");
        }
    }
}

#[test]
fn a_commit_for_one_file_needs_a_change_that_it_asks_for() {
    // Copies of mounted filesystems, right after the call. `b` is there where it was committed along.
    let before = "open -f a\npwrite 0 8k\nfsync\nclose\nopen -f b\nclose\nopen a\n";
    let cases = [
        ("fsync", ["a(8192 cd)", "a(8192 cd)", "a(8192 cd)"]),
        ("pwrite -S 1 0 4k\nfdatasync", ["a(8192 01)", "a(8192 01)", "a(8192 01)"]),
        ("pwrite -S 1 0 4k\nfsync", ["a(8192 01) b(0)", "a(8192 01) b(0)", "a(8192 01)"]),
        ("pwrite -S 1 4k 8k\nfdatasync", ["a(12288 cd) b(0)", "a(12288 cd) b(0)", "a(12288 cd)"]),
        ("falloc -k 0 4k\nfsync", ["a(8192 cd) b(0)", "a(8192 cd) b(0)", "a(8192 cd)"]),
        ("pread 0 4k\nfsync", ["a(8192 cd) b(0)", "a(8192 cd) b(0)", "a(8192 cd)"]),
        ("pread -d 0 4k\nfsync", ["a(8192 cd) b(0)", "a(8192 cd) b(0)", "a(8192 cd)"]),
        ("mmap -r 0 8k\nfsync", ["a(8192 cd) b(0)", "a(8192 cd) b(0)", "a(8192 cd)"]),
        ("pread 0 4k\nfdatasync", ["a(8192 cd)", "a(8192 cd)", "a(8192 cd)"]),
        ("mv a c\nfdatasync", ["a(8192 cd)", "b(0) c(8192 cd)", "b(0) c(8192 cd)"]),
        ("mv a c\nfsync", ["b(0) c(8192 cd)", "b(0) c(8192 cd)", "b(0) c(8192 cd)"]),
    ];
    for (script, expected) in cases {
        for (fs, expected) in ["ext4", "xfs", "btrfs"].into_iter().zip(expected) {
            assert_eq!(left(fs, &format!("{before}{script}\n")), expected, "{fs}: {script}");
        }
    }
}

/// Names, sizes and first bytes after a power cut that leaves all that was written.
fn left(fs: &str, script: &str) -> String {
    let script = parse(&format!("{script}\ncrash -a\n")).expect("the script parses");
    let setup = Setup::new(fs, &script.directives).expect("the setup is possible");
    let mut machine = Machine::new(&setup, Recording::Off);
    machine.play(&script);
    let names = machine.fs().volume().inodes.table(|table| table.names.clone());
    let file = |(name, ino): (String, _)| {
        let bytes = contents(&machine, ino);
        let first = bytes.first().map(|byte| format!(" {byte:02x}")).unwrap_or_default();
        format!("{name}({}{first})", bytes.len())
    };
    names.into_iter().map(file).collect::<Vec<_>>().join(" ")
}

#[test]
fn fsync_of_one_file_is_a_log_on_btrfs_and_all_there_was_elsewhere() {
    // The loop device's file was copied right after fsync, and the copy mounted.
    let file = |name: &str, write: &str| format!("open -f {name}\npwrite {write}\nclose\n");
    let synced = |name: &str| format!("open -f {name}\npwrite -S 1 0 8k\nfsync\n");
    let (a, b, x) = (file("a", "0 8k"), file("b", "0 8k"), file("x", "0 8k"));
    let cases = [
        (format!("{b}{}", synced("a")), "a(8192 01)", "a(8192 01) b(0)"),
        (
            format!("{a}{b}syncfs\nopen b\ntruncate 3000\nclose\n{}", synced("a")),
            "a(8192 01) b(8192 cd)",
            "a(8192 01) b(3000 cd)",
        ),
        (format!("{a}{x}syncfs\nmv x y\n{}", synced("a")), "a(8192 01) x(8192 cd)", "a(8192 01) y(8192 cd)"),
        (format!("{a}{x}syncfs\nrm x\n{}", synced("a")), "a(8192 01) x(8192 cd)", "a(8192 01)"),
        (format!("{x}syncfs\nmv x y\n{}", synced("y")), "y(8192 01)", "y(8192 01)"),
        (format!("{x}{}syncfs\nmv x y\n{}", file("y", "-S 2 0 4k"), synced("y")), "y(8192 01)", "y(8192 01)"),
        (format!("{a}syncfs\nrm a\n{}", synced("a")), "a(8192 01)", "a(8192 01)"),
    ];
    for (script, logged, whole) in cases {
        assert_eq!(left("btrfs", &script), logged, "btrfs:\n{script}");
        assert_eq!(left("ext4", &script), whole, "ext4:\n{script}");
        assert_eq!(left("xfs", &script), whole, "xfs:\n{script}");
    }
    let unchanged = format!(
        "{}close\n{}{}{}open b\nfsync\n",
        synced("a"),
        synced("b"),
        file("c", "-S 3 0 4k"),
        file("a", "-S 4 0 8k")
    );
    assert_eq!(left("btrfs", &unchanged), "a(8192 01) b(8192 01)");
    let reflinked = format!("{a}syncfs\nopen -f b\nreflink a\nfsync\n");
    assert_eq!(left("btrfs", &reflinked), "a(8192 cd) b(8192 cd)");
    assert_eq!(left("xfs", &reflinked), "a(8192 cd) b(8192 cd)");
}
