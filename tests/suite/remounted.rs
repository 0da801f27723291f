//! Every trace with a remount after each command: whoever mounts again finds what was there.

use std::collections::BTreeMap;

use extentscope_core::base::{FileBlock, Payload, Range, RangeMap};
use extentscope_core::personality::NAMES;
use extentscope_core::scenario::machine::Machine;
use extentscope_core::scenario::parse::parse;
use extentscope_core::scenario::script::{Command, Line, Script};
use extentscope_core::scenario::setup::{RECORDED_SIZE, Setup};
use extentscope_core::sim::cx::Recording;
use extentscope_tests::traces;

/// Commands after which both runs may differ by right: what was not synced is lost in one of them, and space that only
/// memory knows of is not there after a mount.
fn is_comparable(script: &Script) -> bool {
    let loses = |line: &Line| matches!(line.command, Command::Crash(_) | Command::Shutdown { .. });
    !script.lines.iter().any(loses)
}

/// The size and the bytes of a file, in runs of equal blocks: some are far larger than memory.
type File = (u64, RangeMap<FileBlock, Payload>);

fn files(machine: &Machine) -> BTreeMap<String, File> {
    let volume = machine.fs().volume();
    let file = |ino| {
        let size = volume.inodes.size(ino);
        let mut runs = RangeMap::default();
        for (range, stamped) in volume.peek(ino, Range::new(FileBlock(0), volume.profile.block.block_after(size))) {
            runs.insert(range, stamped.data);
        }
        // What lies behind the end in its block is nobody's.
        let (block, bytes) = (volume.profile.block, volume.profile.block.bytes());
        let last = Range::sized(block.block_of(size), 1);
        if let (false, Some((_, data))) = (block.aligned(size), runs.get(last.start)) {
            let [size, bytes] = [size % bytes, bytes].map(|count| usize::try_from(count).expect("small"));
            let cut = Payload::ZERO.patched(0, size, data, bytes);
            runs.insert(last, cut);
        }
        (size, runs)
    };
    let names = volume.inodes.table(|table| table.names.clone());
    names.into_iter().map(|(name, ino)| (name, file(ino))).collect()
}

fn differs(personality: &str, script: &Script) -> Result<(), String> {
    let setup = Setup::sized(personality, &script.directives, RECORDED_SIZE).map_err(|error| error.to_string())?;
    let (mut plain, mut again) = (Machine::new(&setup, Recording::Off), Machine::new(&setup, Recording::Off));
    for line in &script.lines {
        plain.play_line(line);
        again.play_line(line);
        let results = [plain.take_finished(), again.take_finished()].map(|all| all.last().map(|one| one.result.err));
        // A call that fails for want of space, or of a mapping, in one of them only.
        if results[0] != results[1] {
            return Ok(());
        }
        let remount = Line { number: 0, text: "remount".to_owned(), task: None, command: Command::Remount };
        again.play_line(&remount);
        if let Some(finding) = again.findings().first() {
            return Err(format!("after `{}`: {finding}", line.text));
        }
        if again.fs().volume().is_shut_down() {
            return Err(format!("after `{}` there is no mount", line.text));
        }
        let (plain, again) = (files(&plain), files(&again));
        if plain != again {
            let other = |name: &&String| plain.get(*name) != again.get(*name);
            let name = plain.keys().chain(again.keys()).find(other);
            return Err(format!("after `{}`: {name:?} is another after a remount", line.text));
        }
    }
    Ok(())
}

#[test]
fn a_mount_after_every_command_finds_the_same_files() {
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let one = |personality: &'static str| {
            let mut wrong = Vec::new();
            for (name, text) in traces() {
                let script = parse(&text).unwrap_or_else(|errors| panic!("{name}: {}", errors[0]));
                let modelled = Setup::sized(personality, &script.directives, RECORDED_SIZE).is_ok();
                // Dirty data that has no space is lost when it is to be written: at the mount, or later.
                let full = name.contains("enospc");
                if modelled && !full && is_comparable(&script) {
                    wrong.extend(
                        differs(personality, &script).err().map(|text| format!("{name} on {personality}: {text}")),
                    );
                }
            }
            wrong
        };
        let handles: Vec<_> = NAMES.into_iter().map(|personality| scope.spawn(move || one(personality))).collect();
        handles.into_iter().flat_map(|handle| handle.join().expect("no trace panics")).collect()
    });
    assert!(wrong.is_empty(), "{} traces:\n{}", wrong.len(), wrong.join("\n"));
}
