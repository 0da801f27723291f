//! What the picture says in words: a key, typed arguments, and the one place where both become a sentence.
//!
//! The engine makes no text for display. Whoever wants another language replaces [`ENGLISH`] and [`Arg`]'s words.

use crate::trace::{Counter, LockClass, LockId, Mode};
use std::fmt::Write;

/// A phrase about one thing that happened: what somebody did, without who did it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Which phrase; an entry of [`ENGLISH`].
    pub key: &'static str,
    /// What it is about, by the names that the phrase uses.
    pub args: Vec<(&'static str, Arg)>,
}

/// A value in a phrase.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Arg {
    /// A task's name.
    Task(String),
    /// A file's name.
    File(String),
    /// A name or text of the script, quoted as it is.
    Quoted(String),
    /// A word that is the same in every language: an errno, a kernel function, a counter.
    Word(&'static str),
    /// A plain number.
    Number(i64),
    /// A size in bytes.
    Bytes(u64),
    /// Blocks or pages: first and count.
    Run(u64, u64),
    /// Virtual time in nanoseconds.
    Time(u64),
    /// A lock, and the name of the file that it belongs to.
    Lock(LockId, String),
    /// How a lock is held.
    Mode(Mode),
}

/// Every phrase. `{name}` stands for the argument of that name.
pub const ENGLISH: &[(&str, &str)] = &[
    ("task.spawn", "starts the task {task}"),
    ("task.wake", "wakes {task}"),
    ("task.ready", "can go on"),
    ("task.done", "is done"),
    ("task.done.other", "ends the task {task}"),
    ("wait.lock", "waits until {lock} is handed over"),
    ("wait.io", "waits for the device"),
    ("wait.writeback", "waits for writeback of {file}"),
    ("wait.timer", "sleeps until {time}"),
    ("wait.work", "waits for work"),
    ("wait.command", "waits for its next command"),
    ("wait.other", "stops {task}"),
    ("frame.enter", "enters {frame}"),
    ("frame.enter.bytes", "enters {frame} at byte {pos}, {bytes}"),
    ("frame.leave", "leaves {frame}"),
    ("lock.wait", "queues for {lock} ({mode})"),
    ("lock.take", "takes {lock} ({mode})"),
    ("lock.hand", "hands {lock} ({mode}) to {task}"),
    ("lock.refused", "tries {lock} ({mode}) and does not get it"),
    ("lock.abandon", "no longer waits for {lock}"),
    ("lock.drop", "releases {lock}"),
    ("deadlock.edge", "waits for {lock} ({wants}), which {holder} has ({has})"),
    ("clock", "lets virtual time pass until {time}"),
    ("command.begin", "begins command {number}"),
    ("command.begin.text", "begins command {number}, `{text}`"),
    ("command.end", "ends command {number}"),
    ("command.fail", "ends command {number} with {errno}"),
    ("inode.create", "creates inode {number}"),
    ("inode.remove", "removes inode {number}"),
    ("name.set", "gives inode {number} the name {name}"),
    ("name.remove", "removes the name {name}"),
    ("size.set", "sets the size of {file} to {bytes}"),
    ("size.disk", "sets the size of {file} that a commit records to {bytes}"),
    ("inline.room", "sets {bytes} of the inode of {file} aside for data"),
    ("inline.gone", "gives the room for data in the inode of {file} back"),
    ("hints.set", "sets the hints of {file}: extents of {extsize}, copies of {cowextsize}"),
    ("hints.preallocated", "remembers that {file} has had blocks preallocated"),
    ("hints.nocow", "lets {file} be overwritten in place"),
    ("file.open", "opens {name}"),
    ("file.close", "closes {name}"),
    ("file.current", "makes {name} the current file"),
    ("file.none", "leaves no file current"),
    ("folio.add", "brings {pages} of {file} into the page cache"),
    ("folio.split", "splits the folio at {pages} of {file} so that a part of it can go"),
    ("folio.remove", "drops the folio at {pages} of {file} from the page cache"),
    ("folio.writeback", "puts the folio at {pages} of {file} under writeback"),
    ("folio.written", "ends writeback of the folio at {pages} of {file}"),
    ("blocks.dirty", "makes {blocks} of {file} dirty"),
    ("blocks.clean", "makes {blocks} of {file} clean"),
    ("blocks.stale", "has {blocks} of {file} cached but not read"),
    ("blocks.data", "copies data into {blocks} of {file}"),
    ("blocks.zero", "fills {blocks} of {file} with zeroes"),
    ("delayed.add", "promises {blocks} of {file} a place"),
    ("delayed.remove", "ends the promise for {blocks} of {file}"),
    ("delayed.unbacked", "needs no space for {blocks} of {file}: they stay where they are"),
    ("ordered.begin", "gives {blocks} of {file} a place, in flight until all of it is written"),
    ("ordered.arrive", "has {blocks} of {file} on the device"),
    ("ordered.end", "ends the flight of {blocks} of {file}"),
    ("staging.promise", "reserves a window beside the map for {blocks} of {file}"),
    ("staging.place", "gives {blocks} of {file} a place beside the map"),
    ("staging.send", "sends {blocks} of {file} to their place beside the map"),
    ("staging.end", "ends the waiting of {blocks} of {file} beside the map"),
    ("tree.root", "makes node {node} the root of the extent tree"),
    ("tree.remove", "removes an extent tree"),
    ("node.create", "creates B-tree node {node}"),
    ("node.free", "frees B-tree node {node}"),
    ("node.link", "links {number} children into B-tree node {node}"),
    ("node.change", "changes {number} records of B-tree node {node}"),
    ("node.remove", "takes {number} records out of B-tree node {node}"),
    ("map.written", "maps {blocks} of {file} to {device}"),
    ("map.unwritten", "maps {blocks} of {file} to {device}, unwritten"),
    ("map.reserved", "records a reservation for {blocks} of {file}"),
    ("map.inline", "keeps {blocks} of {file} inline in the metadata"),
    ("inline.set", "stores inline data"),
    ("inline.remove", "removes inline data"),
    ("space.take", "takes {device}"),
    ("space.pin", "frees {device}, to be reused after the next commit"),
    ("space.free", "makes {device} free"),
    ("piece.pack", "compresses {number} blocks into {device}"),
    ("sum.keep", "keeps the checksum of the data for {device}"),
    ("sum.gone", "keeps no checksums of {device} any more"),
    ("sum.wrong", "finds other data in {device} than its checksum is of"),
    ("piece.left", "leaves {number} blocks of a compressed piece in use"),
    ("piece.gone", "forgets a compressed piece that nobody uses"),
    ("space.point", "will write on at {device}"),
    ("blocks.shared", "counts {number} users of {device}"),
    ("blocks.alone", "leaves {device} to one user"),
    ("disk.make", "makes one extent of {device}"),
    ("disk.use", "counts {number} blocks of {file} that use the extent at {device}"),
    ("disk.unuse", "ends the use of the extent at {device} by {file}"),
    ("disk.gone", "forgets the extent at {device}, which nobody uses"),
    ("ledger", "sets the counter {counter} to {number} blocks"),
    ("request.write", "queues a write of {device}"),
    ("request.flush", "asks the device to flush"),
    ("request.read", "queues a read of {device}"),
    ("request.done", "completes request {number}"),
    ("request.fail", "fails request {number}"),
    ("power.cut", "loses power, and with it what was not flushed"),
    ("device.data", "writes {device}"),
    ("device.flush", "flushes the device"),
    ("place.free", "leaves {device} to other nodes"),
    ("place.new", "takes {device} for nodes of the next commit"),
    ("place.used", "keeps nodes in {device}"),
    ("place.retire", "gives up the nodes in {device} with the next commit"),
    ("commit", "commits the metadata (commit {number})"),
    ("shutdown", "shuts the filesystem down: nothing reaches the device any more"),
    ("memory.drop", "forgets everything that was only in memory"),
    ("step.mount", "The filesystem is freshly mounted"),
    ("resume.start", "starts"),
    ("resume.command", "takes up its next command"),
    ("resume.work", "wakes up to work"),
    ("resume.io", "goes on, the device is done"),
    ("resume.writeback", "goes on, writeback of {file} is done"),
    ("resume.timer", "wakes up, its time has come"),
    ("resume.lock", "goes on with {lock}"),
    ("step.nothing", "takes a step that changes nothing"),
];

impl Message {
    /// A phrase.
    pub fn new(key: &'static str, args: Vec<(&'static str, Arg)>) -> Self {
        Self { key, args }
    }
    /// The phrase in English, without who does it and without a full stop.
    ///
    /// # Panics
    /// When the key is not in [`ENGLISH`] or an argument is missing: a bug that a test finds for every event.
    pub fn text(&self) -> String {
        let (_, template) = ENGLISH.iter().find(|(key, _)| *key == self.key).expect("every key has a phrase");
        let mut text = String::new();
        let mut rest = *template;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').expect("a brace is closed");
            let (_, arg) = self.args.iter().find(|(arg, _)| *arg == name).expect("every argument is given");
            text.push_str(before);
            arg.append(name, &mut text);
            rest = after;
        }
        text + rest
    }
}

impl Arg {
    fn append(&self, name: &str, text: &mut String) {
        let written = match self {
            Self::Task(words) | Self::File(words) | Self::Quoted(words) => write!(text, "{words}"),
            Self::Word(word) => write!(text, "{word}"),
            Self::Number(number) => write!(text, "{number}"),
            Self::Bytes(bytes) => write!(text, "{}", bytes_text(*bytes)),
            Self::Run(first, count) => write!(text, "{}", run_text(unit_of(name), *first, *count)),
            Self::Time(nanoseconds) => write!(text, "{}", time_text(*nanoseconds)),
            Self::Lock(lock, file) => write!(text, "{}", lock_text(*lock, file)),
            Self::Mode(mode) => write!(text, "{}", mode_text(*mode)),
        };
        written.expect("a String takes every text");
    }
}

fn unit_of(name: &str) -> &'static str {
    match name {
        "pages" => "page",
        "device" => "device block",
        _ => "block",
    }
}

/// `block 3`, `blocks 0-15`.
pub fn run_text(unit: &str, first: u64, count: u64) -> String {
    if count == 1 {
        format!("{unit} {first}")
    } else {
        format!("{unit}s {first}-{}", (first + count).saturating_sub(1))
    }
}

/// `64 KiB`, `1 byte`, `4097 bytes`: exact, never rounded.
pub fn bytes_text(bytes: u64) -> String {
    const UNITS: [(u32, &str); 3] = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    if bytes == 1 {
        return "1 byte".to_owned();
    }
    let whole = UNITS.iter().find(|(shift, _)| bytes != 0 && bytes.trailing_zeros() >= *shift);
    whole.map_or_else(|| format!("{bytes} bytes"), |(shift, unit)| format!("{} {unit}", bytes >> shift))
}

/// `5 s`, `20 ms`, `3 us`, `100 ns`: exact.
pub fn time_text(nanoseconds: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")];
    let whole = UNITS.iter().find(|(size, _)| nanoseconds != 0 && nanoseconds.is_multiple_of(*size));
    whole.map_or_else(|| format!("{nanoseconds} ns"), |(size, unit)| format!("{} {unit}", nanoseconds / size))
}

/// `i_rwsem of a`, `folio lock of a at page 3`.
pub fn lock_text(lock: LockId, file: &str) -> String {
    let word = lock.class.kernel();
    match lock.class {
        LockClass::Inode | LockClass::Invalidate | LockClass::Mapping => format!("{word} of {file}"),
        LockClass::Folio => format!("{word} of {file} at page {}", lock.b),
        LockClass::Node => format!("{word} of node {}", lock.a),
        LockClass::Commit => word.to_owned(),
    }
}

/// The word for how a lock is held.
pub fn mode_text(mode: Mode) -> &'static str {
    match mode {
        Mode::Shared => "shared",
        Mode::Intent => "intent",
        Mode::Exclusive => "exclusive",
    }
}

/// The word for a counter of the space ledger.
pub fn counter_text(counter: Counter) -> &'static str {
    match counter {
        Counter::Used => "used",
        Counter::Delayed => "delayed",
        Counter::Reserved => "reserved",
        Counter::Pinned => "pinned",
        Counter::Metadata => "metadata",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_exact() {
        assert_eq!(bytes_text(0), "0 bytes");
        assert_eq!(bytes_text(65_536), "64 KiB");
        assert_eq!(bytes_text(65_537), "65537 bytes");
        assert_eq!(bytes_text(1 << 40), "1024 GiB");
        assert_eq!(time_text(5_000_000_000), "5 s");
        assert_eq!(time_text(1_500), "1500 ns");
        assert_eq!(time_text(0), "0 ns");
        assert_eq!(run_text("block", 3, 1), "block 3");
        assert_eq!(run_text("page", 0, 16), "pages 0-15");
    }

    #[test]
    fn keys_are_unique() {
        for (at, (key, _)) in ENGLISH.iter().enumerate() {
            assert!(ENGLISH[..at].iter().all(|(other, _)| other != key), "{key} is there once");
        }
    }
}
