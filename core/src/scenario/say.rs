//! The text that the tools print, from what the engine answered. The forms are those of `text`.

use super::help::COMMANDS;
use super::script::{Bmap, ByteRange, Command, Fiemap, Filefrag, MreadDump, Seek, SeekWhat, StatStyle};
use crate::base::fiemap::{FiemapRecord, SegmentKind};
use crate::base::{Errno, FileBlock, FsError, Ino, PAGE_SIZE, Payload, Range};
use crate::personality::plan::GoalPlan;
use crate::query::{LiveFacts, bmap, seek};
use crate::text::{self, errors, stat as stats, transfer};
use crate::vfs::Fs;
use crate::vfs::open::{OpenFile, OpenFlags};

/// What xfs_io says to a command without a file.
pub const NO_FILE: &str = "no files are open, try 'help open'\n";

/// A failed call of a command on the file `name`.
pub fn error(command: &Command, name: &str, error: FsError) -> String {
    match (command.call(), error) {
        (Some(errors::Call::Open), FsError::Errno(errno)) => match command {
            Command::Open(open) => errors::failed(errors::Call::Open, &open.name, errno),
            _ => errors::failed(errors::Call::Open, name, errno),
        },
        (Some(call), FsError::Errno(errno)) => errors::failed(call, name, errno),
        (None, FsError::Errno(errno)) => format!("{name}: {}\n", errno.text()),
        // The shell's word for a tool that was killed by the signal.
        (_, FsError::SigBus) => "Bus error\n".to_owned(),
    }
}

/// The result lines of pwrite and pread, without the timing.
pub fn moved(what: transfer::Transfer, done: u64, range: ByteRange, calls: u64) -> String {
    let asked = u64::try_from(range.len).unwrap_or(0);
    let off = u64::try_from(range.off).unwrap_or(0);
    transfer::summary(what, done, asked, off, calls)
}

/// The bytes that a read saw, as `-v` dumps them. `chunk` bytes a call.
pub fn dump(fs: &Fs, ino: Ino, pos: i64, len: u64, chunk: u64) -> String {
    let mut at = u64::try_from(pos).unwrap_or(0);
    let end = at + len;
    let mut all = String::new();
    while at < end {
        let part = chunk.min(end - at);
        all += &transfer::hex_dump(at, &bytes(fs, ino, at, part));
        at += part;
    }
    all
}

/// What a load through a mapping saw. `place` is position and length in bytes; `-v` counts from the start of the
/// mapping, which without a kept one is the first page.
pub fn mapped_dump(fs: &Fs, file: &OpenFile, dump: MreadDump, place: (u64, u64)) -> String {
    let (pos, len) = place;
    let kept = file.mapping.filter(|(start, size)| *start <= pos && pos + len <= start + size);
    let start = match dump {
        MreadDump::FromFile => 0,
        MreadDump::FromMapping => kept.map_or(pos / PAGE_SIZE * PAGE_SIZE, |(start, _)| start),
    };
    transfer::hex_dump(pos - start, &bytes(fs, file.ino, pos, len))
}

/// What `file` says of something that is not open.
pub fn no_such_file(fs: &Fs, wanted: Option<&str>) -> String {
    let last = fs.open_files(|open| open.files.len().checked_sub(1));
    match (last, wanted.and_then(|wanted| wanted.parse::<u64>().ok())) {
        (Some(last), Some(index)) => format!("value {index} is out of range (0-{last})\n"),
        _ => NO_FILE.to_owned(),
    }
}

/// What a listing says of a filesystem that does not answer; `None` for commands that only name the error.
pub fn unanswered(command: &Command, error: FsError) -> Option<String> {
    match (command, error) {
        (Command::Seek(ask), FsError::Errno(errno)) => Some(text::seek::listing(asked(ask), |_, _| Err(errno))),
        _ => None,
    }
}

/// Bytes of a file as a reader sees them.
fn bytes(fs: &Fs, ino: Ino, pos: u64, len: u64) -> Vec<u8> {
    let volume = fs.volume();
    let block = volume.profile.block;
    let index = |at: u64| usize::try_from(at).expect("a dump fits into memory");
    let mut found = vec![0; index(len)];
    for (run, stamped) in volume.peek(ino, block.covering(pos, len)) {
        for at in run.iter() {
            let from = block.pos(at).max(pos);
            let to = block.pos(at + 1).min(pos + len);
            let out = &mut found[index(from - pos)..index(to - pos)];
            match &stamped.data {
                Payload::Fill(byte) => out.fill(*byte),
                Payload::Bytes(_) => stamped.data.copy_to(index(from - block.pos(at)), out),
            }
        }
    }
    found
}

fn flags(flags: OpenFlags) -> stats::OpenFlags {
    stats::OpenFlags { sync: flags.sync, direct: flags.direct, read_only: flags.read_only, append: flags.append }
}

/// `file`: the open files.
pub fn files(fs: &Fs) -> String {
    let kind = fs.volume().profile.native_tool.unwrap_or("foreign");
    fs.open_files(|open| {
        let all: Vec<stats::OpenFile<'_>> = open
            .files
            .iter()
            .map(|file| stats::OpenFile { name: &file.name, flags: flags(file.flags), kind })
            .collect();
        let current = open.files.iter().position(|file| Some(&file.name) == open.current.as_ref());
        stats::open_files(&all, current.unwrap_or(usize::MAX))
    })
}

/// `help`.
pub fn help(name: Option<&str>) -> String {
    let wanted = COMMANDS.iter().filter(|help| name.is_none_or(|name| name == help.name));
    wanted.map(|help| format!("{} -- {}\n", help.usage, help.meaning)).collect()
}

/// `extsize` and `cowextsize` without a value.
pub fn size_hint(fs: &Fs, name: &str, command: &Command, bytes: u32) -> String {
    refused_by_the_tool(fs, command).unwrap_or_else(|| stats::size_hint(name, bytes))
}

/// What the tool says instead of asking a filesystem that is not its own.
pub fn refused_by_the_tool(fs: &Fs, command: &Command) -> Option<String> {
    let own_only = matches!(command, Command::Extsize(_) | Command::Cowextsize(_) | Command::Bmap(_));
    (own_only && fs.volume().profile.native_tool.is_none()).then(|| stats::foreign(command.name()))
}

/// `statfs`.
pub fn statfs(fs: &Fs) -> String {
    let volume = fs.volume();
    let name = fs.open_files(|open| open.current.clone()).unwrap_or_default();
    let inodes = volume.inodes.table(|table| table.inodes.len() as u64);
    let facts = stats::StatfsFacts {
        block: volume.profile.block.bytes(),
        blocks: volume.profile.data_area.len(),
        available: volume.free_blocks(),
        files: inodes,
        files_free: 0,
        flags: 0x1020,
    };
    stats::statfs(&name, &facts)
}

/// `stat`.
pub fn stat(fs: &Fs, file: &OpenFile, style: StatStyle) -> String {
    let volume = fs.volume();
    let facts = stats::StatFacts {
        name: &file.name,
        flags: flags(file.flags),
        ino: u64::from(file.ino.0),
        size: volume.inodes.size(file.ino),
        blocks: volume.stat_blocks(file.ino),
        links: u64::from(volume.inodes.get(file.ino, |inode| inode.linked)),
        io_block: volume.profile.block.bytes().max(volume.profile.least_io_block),
        native: native(fs, file),
    };
    match style {
        StatStyle::Plain => stats::stat(&facts, stats::XflagsStyle::Letters),
        StatStyle::Verbose => stats::stat(&facts, stats::XflagsStyle::Words),
        StatStyle::Raw => stats::raw(&facts),
    }
}

/// Bytes in a sector of the device.
const SECTOR: u32 = 512;

/// What the tool adds for its own filesystem. The attribute fork is there from the start and empty.
fn native(fs: &Fs, file: &OpenFile) -> Option<stats::NativeAttributes> {
    let volume = fs.volume();
    volume.profile.native_tool?;
    let hints = fs.hints(file.ino);
    let flag = |set: bool, bit: u32| if set { bit } else { 0 };
    let (preallocated, shares) = volume.inodes.get(file.ino, |inode| (flag(inode.preallocated, 0x2), inode.shares));
    let delayed = volume.delalloc.index(file.ino).iter().count();
    Some(stats::NativeAttributes {
        xflags: 0x8000_0000 | preallocated | flag(hints.extsize > 0, 0x800) | flag(hints.cowextsize > 0, 0x1_0000),
        extsize: hints.extsize,
        cowextsize: hints.cowextsize,
        extents: (volume.extents.extents(file.ino).len() + delayed) as u64,
        attribute_extents: 0,
        memory: SECTOR,
        // A direct write of a part of a shared block would have to copy the rest (`xfs_ioc_dioinfo`).
        least_direct: if shares { u32::try_from(volume.profile.block.bytes()).unwrap_or(u32::MAX) } else { SECTOR },
    })
}

/// `fiemap`.
pub fn fiemap(fs: &Fs, file: &OpenFile, ask: &Fiemap, records: &[FiemapRecord]) -> String {
    if ask.count_only {
        return format!("{}: {} extents\n", file.name, records.len());
    }
    text::fiemap::listing(&text::fiemap::FiemapListing {
        name: &file.name,
        size: fs.volume().inodes.size(file.ino),
        start: ask.off,
        end: ask.len.map(|len| ask.off.saturating_add(len)),
        records,
        verbose: ask.verbose,
        lengths: ask.lengths,
        limit: ask.limit,
    })
}

/// What `bmap -a` finds: the attribute fork is empty, and an empty fork is one hole as long as the file for those who ask
/// for promised blocks.
pub fn attribute_map(fs: &Fs, ino: Ino, ask: &Bmap) -> Vec<bmap::Record> {
    let volume = fs.volume();
    let end = volume.profile.block.block_after(volume.inodes.size(ino));
    if ask.delayed { vec![(Range::new(FileBlock(0), end), bmap::Place::Hole)] } else { Vec::new() }
}

/// `bmap`, in units of 512 bytes.
pub fn bmap(fs: &Fs, file: &OpenFile, ask: &Bmap, records: &[bmap::Record]) -> String {
    let profile = &fs.volume().profile;
    let sectors = profile.block.bytes() / 512;
    let (group, groups) = match profile.space.goal {
        GoalPlan::Near(plan) => (plan.group, plan.groups),
        _ => (profile.data_area.end.0, 1),
    };
    let record = |(range, place): &bmap::Record| text::bmap::BmapRecord {
        offset: range.start.0 * sectors,
        length: range.len() * sectors,
        place: match place {
            bmap::Place::Hole => text::bmap::BmapPlace::Hole,
            bmap::Place::Delayed => text::bmap::BmapPlace::Delayed,
            bmap::Place::At { addr, .. } => text::bmap::BmapPlace::Block(addr.0 * sectors),
        },
        unwritten: ask.unwritten && matches!(place, bmap::Place::At { unwritten: true, .. }),
        shared: matches!(place, bmap::Place::At { shared: true, .. }),
    };
    let records: Vec<_> = records.iter().map(record).collect();
    text::bmap::listing(&text::bmap::BmapListing {
        name: &file.name,
        records: &records,
        group: group * sectors,
        groups,
        verbose: ask.verbose,
        lengths: ask.lengths,
        unwritten: ask.unwritten,
        limit: ask.limit,
    })
}

/// `filefrag`.
pub fn filefrag(fs: &Fs, name: &str, ino: Ino, ask: &Filefrag, records: &[FiemapRecord]) -> String {
    let volume = fs.volume();
    text::filefrag::listing(&text::filefrag::FilefragListing {
        name,
        size: volume.inodes.size(ino),
        block: volume.profile.block.bytes(),
        fs_blocks: volume.profile.data_area.len(),
        magic: volume.profile.magic,
        records,
        verbose: ask.verbose,
        unit: ask.unit,
        groups: None,
    })
}

/// `seek`.
pub fn seek(fs: &Fs, ino: Ino, ask: &Seek) -> String {
    let volume = fs.volume();
    let facts = LiveFacts::new(volume, ino);
    let answer = |kind: SegmentKind, at: u64| seek::seek(&facts, volume.profile.seek, at, kind);
    text::seek::listing(asked(ask), answer)
}

fn asked(ask: &Seek) -> text::seek::SeekAsk {
    text::seek::SeekAsk {
        data: ask.what != SeekWhat::Hole,
        holes: ask.what != SeekWhat::Data,
        repeat: ask.repeat,
        show_start: ask.show_start,
        off: u64::try_from(ask.off).unwrap_or(u64::MAX),
    }
}

/// What FIEMAP says to a file that it cannot map.
pub fn filefrag_failed(name: &str, error: FsError) -> String {
    match error {
        FsError::Errno(Errno::EOPNOTSUPP) => format!("{name}: FIBMAP/FIEMAP unsupported\n"),
        FsError::Errno(errno) => format!("{name}: FIEMAP: {}\n", errno.text()),
        FsError::SigBus => String::new(),
    }
}
