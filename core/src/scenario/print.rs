//! Writes a script back, in one spelling: reading the result gives the same directives, tasks and commands.

use super::parse::control::FAULTS;
use super::script::*;
use crate::dev::Survivor;
use std::fmt::{self, Display, Formatter, Write};

impl Display for Script {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.directives)?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl Display for Line {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(task) = &self.task {
            write!(f, "@{task} ")?;
        }
        write!(f, "{}", self.command)
    }
}

impl Display for Directives {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut key = |key: &str, value: Option<String>| match value {
            Some(value) => writeln!(f, "#@ {key} {value}"),
            None => Ok(()),
        };
        key("title", self.title.clone())?;
        for line in self.description.iter().flat_map(|text| text.split('\n')) {
            key("description", Some(line.to_string()))?;
        }
        key("fs", (!self.fs.is_empty()).then(|| self.fs.join(" ")))?;
        key("personality", self.personality.clone())?;
        key("level", self.level.clone())?;
        for (name, value) in &self.patches {
            key("patch", Some(format!("{name}={value}")))?;
        }
        key("seed", self.seed.map(|n| n.to_string()))?;
        key("fanout", self.fanout.map(|n| n.to_string()))?;
        key("size", self.size.map(|n| n.to_string()))?;
        for (name, size) in &self.size_of {
            key(&format!("size.{name}"), Some(size.to_string()))?;
        }
        for (name, options) in &self.mkfs {
            key(&format!("mkfs.{name}"), Some(options.clone()))?;
        }
        for (name, options) in &self.mount {
            key(&format!("mount.{name}"), Some(options.clone()))?;
        }
        key("prefill", self.prefill.map(|byte| format!("{byte:#04x}")))?;
        key("device-blocks", self.device_blocks.map(|n| n.to_string()))?;
        key("block-size", self.block_size.map(|n| n.to_string()))?;
        key("writeback", self.writeback.map(duration))
    }
}

/// Builds one command from words.
struct Words<'a, 'f> {
    to: &'a mut Formatter<'f>,
}

impl Words<'_, '_> {
    fn start(&mut self, name: &str) -> Result<&mut Self, fmt::Error> {
        self.to.write_str(name)?;
        Ok(self)
    }
    fn flag(&mut self, letter: char, set: bool) -> Result<&mut Self, fmt::Error> {
        if set {
            write!(self.to, " -{letter}")?;
        }
        Ok(self)
    }
    fn value(&mut self, letter: char, value: Option<impl Display>) -> Result<&mut Self, fmt::Error> {
        if let Some(value) = value {
            write!(self.to, " -{letter} {value}")?;
        }
        Ok(self)
    }
    fn word(&mut self, word: impl Display) -> Result<&mut Self, fmt::Error> {
        write!(self.to, " {word}")?;
        Ok(self)
    }
    fn range(&mut self, range: ByteRange) -> fmt::Result {
        write!(self.to, " {} {}", range.off, range.len)
    }
    fn optional_range(&mut self, range: Option<ByteRange>) -> fmt::Result {
        range.map_or(Ok(()), |range| self.range(range))
    }
    fn optional(&mut self, word: Option<impl Display>) -> fmt::Result {
        word.map_or(Ok(()), |word| self.word(word).map(|_| ()))
    }
}

impl Display for Command {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut words = Words { to: f };
        match self {
            Self::Open(_) | Self::File(_) | Self::Pwrite(_) | Self::Pread(_) | Self::SyncRange(_) => {
                data(&mut words, self)
            }
            Self::Mmap(_) | Self::Mwrite(_) | Self::Mread(_) | Self::Msync(_) | Self::Fadvise(_) => {
                mapped(&mut words, self)
            }
            Self::Truncate(_) | Self::Fallocate(_) | Self::Reflink(_) | Self::Dedupe(_) | Self::CopyRange(_) => {
                space(&mut words, self)
            }
            Self::Fiemap(_) | Self::Filefrag(_) | Self::Seek(_) | Self::Stat(_) | Self::Statfs(_) | Self::Bmap(_) => {
                maps(&mut words, self)
            }
            Self::Run { .. } | Self::Step(_) | Self::Schedule(_) | Self::Repeat { .. } | Self::Expect(_) => {
                steering(&mut words, self)
            }
            other => rest(&mut words, other),
        }
    }
}

fn data(words: &mut Words, command: &Command) -> fmt::Result {
    match command {
        Command::Open(open) => {
            words.start("open")?.flag('f', open.create)?.flag('t', open.truncate)?.flag('s', open.sync)?;
            words.flag('d', open.direct)?.flag('r', open.read_only)?.flag('a', open.append)?;
            words.word(name(&open.name)).map(|_| ())
        }
        Command::File(which) => words.start("file")?.optional(which.as_deref().map(name)),
        Command::Pwrite(write) => {
            words.start("pwrite")?.value('S', (write.fill != 0xcd).then(|| byte(write.fill)))?;
            words.value('b', (write.chunk != 4096).then_some(write.chunk))?.flag('d', write.direct)?;
            words.flag('D', write.dsync)?.flag('w', write.fdatasync)?.flag('W', write.fsync)?;
            words.flag('N', write.nowait)?.flag('O', write.once)?.flag('q', write.quiet)?.range(write.range)
        }
        Command::Pread(read) => {
            words.start("pread")?.value('b', (read.chunk != 4096).then_some(read.chunk))?.flag('d', read.direct)?;
            words.flag('q', read.quiet)?.flag('v', read.verbose)?.range(read.range)
        }
        Command::SyncRange(sync) => {
            words.start("sync_range")?.flag('b', sync.wait_before)?.flag('w', sync.write)?;
            words.flag('a', sync.wait_after)?.range(sync.range)
        }
        _ => Ok(()),
    }
}

fn mapped(words: &mut Words, command: &Command) -> fmt::Result {
    match command {
        Command::Mmap(map) => {
            let all = map.read && map.write && map.exec;
            words.start("mmap")?.flag('r', map.read && !all)?.flag('w', map.write && !all)?;
            words.flag('x', map.exec && !all)?.optional_range(map.range)
        }
        Command::Mwrite(write) => {
            words.start("mwrite")?.flag('r', write.reverse)?;
            words.value('S', (write.fill != b'X').then(|| byte(write.fill)))?.optional_range(write.range)
        }
        Command::Mread(read) => {
            words.start("mread")?.flag('r', read.reverse)?.flag('f', read.dump == Some(MreadDump::FromFile))?;
            words.flag('v', read.dump == Some(MreadDump::FromMapping))?.optional_range(read.range)
        }
        Command::Msync(sync) => {
            words.start("msync")?.flag('a', sync.mode == MsyncMode::Async)?;
            words.flag('i', sync.mode == MsyncMode::Invalidate)?.optional_range(sync.range)
        }
        Command::Fadvise(advise) => {
            let letter = match advise.advice {
                Advice::Normal => None,
                Advice::DontNeed => Some('d'),
                Advice::NoReuse => Some('n'),
                Advice::Random => Some('r'),
                Advice::Sequential => Some('s'),
                Advice::WillNeed => Some('w'),
            };
            words.start("fadvise")?.flag(letter.unwrap_or(' '), letter.is_some())?.optional_range(advise.range)
        }
        _ => Ok(()),
    }
}

fn space(words: &mut Words, command: &Command) -> fmt::Result {
    match command {
        Command::Truncate(size) => words.start("truncate")?.word(size).map(|_| ()),
        Command::Fallocate(call) => {
            let (name, keeps) = match call.mode {
                FallocMode::Allocate => ("falloc", true),
                FallocMode::Punch => ("fpunch", false),
                FallocMode::Zero => ("fzero", true),
                FallocMode::Collapse => ("fcollapse", false),
                FallocMode::Insert => ("finsert", false),
                FallocMode::Unshare if call.keep_size => ("falloc -u", true),
                FallocMode::Unshare => ("funshare", false),
                FallocMode::WriteZeroes => ("fwzero", true),
            };
            words.start(name)?.flag('k', keeps && call.keep_size)?.range(call.range)
        }
        Command::Reflink(clone) => words.start("reflink")?.word(name(&clone.source))?.optional(clone.part),
        Command::Dedupe(clone) => words.start("dedupe")?.word(name(&clone.source))?.optional(clone.part),
        Command::CopyRange(copy) => {
            words.start("copy_range")?.value('s', (copy.source_off != 0).then_some(copy.source_off))?;
            words.value('d', (copy.dest_off != 0).then_some(copy.dest_off))?.value('l', copy.len)?;
            words.word(name(&copy.source)).map(|_| ())
        }
        _ => Ok(()),
    }
}

impl Display for ClonePart {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.source_off, self.dest_off, self.len)
    }
}

fn maps(words: &mut Words, command: &Command) -> fmt::Result {
    match command {
        Command::Fiemap(map) => {
            words.start("fiemap")?.flag('a', map.attributes)?.flag('l', map.lengths)?.flag('v', map.verbose)?;
            words.value('n', map.limit)?.flag('N', map.no_sync)?.flag('c', map.count_only)?;
            words.value('F', map.raw_flags.map(|flags| format!("{flags:#x}")))?;
            words.optional((map.off != 0 || map.len.is_some()).then_some(map.off))?;
            words.optional(map.len)
        }
        Command::Filefrag(frag) => {
            words.start("filefrag")?.flag('v', frag.verbose)?.flag('s', frag.sync)?.value('b', frag.unit)?;
            words.optional(frag.name.as_deref().map(name))
        }
        Command::Seek(seek) => {
            let letter = match seek.what {
                SeekWhat::All => 'a',
                SeekWhat::Data => 'd',
                SeekWhat::Hole => 'h',
            };
            words.start("seek")?.flag(letter, true)?.flag('r', seek.repeat)?.flag('s', seek.show_start)?;
            words.word(seek.off).map(|_| ())
        }
        Command::Stat(style) => words
            .start("stat")?
            .flag('v', *style == StatStyle::Verbose)?
            .flag('r', *style == StatStyle::Raw)
            .map(|_| ()),
        Command::Statfs(parts) => {
            let all = parts.counts && parts.geometry && parts.statfs;
            words.start("statfs")?.flag('c', parts.counts && !all)?.flag('g', parts.geometry && !all)?;
            words.flag('s', parts.statfs && !all).map(|_| ())
        }
        Command::Bmap(bmap) => {
            words.start("bmap")?.flag('a', bmap.attributes)?.flag('c', bmap.cow_fork)?.flag('e', bmap.delayed)?;
            words.flag('l', bmap.lengths)?.flag('p', bmap.unwritten)?;
            (0..bmap.verbose).try_for_each(|_| words.flag('v', true).map(|_| ()))?;
            words.value('n', bmap.limit).map(|_| ())
        }
        _ => Ok(()),
    }
}

fn steering(words: &mut Words, command: &Command) -> fmt::Result {
    match command {
        Command::Run { task, until } => {
            words.start("run")?.word(task)?.word("until")?;
            match until {
                Until::Lock(class) => words.word("lock")?.word(class),
                Until::Exit => words.word("exit"),
                Until::Steps(count) => words.word(count)?.word("steps"),
            }?;
            Ok(())
        }
        Command::Step(count) => words.start("step")?.word(count).map(|_| ()),
        Command::Schedule(tasks) => {
            words.start("schedule")?;
            tasks.iter().try_for_each(|task| words.word(task).map(|_| ()))
        }
        Command::Repeat { count, lines } => {
            words.start("repeat")?.word(count)?.word("{\n")?;
            lines.iter().try_for_each(|line| writeln!(words.to, "{line}"))?;
            words.to.write_char('}')
        }
        Command::Expect(claim) => {
            words.start("expect")?;
            match claim {
                Expect::Output { command, end_mark, expected } => {
                    write!(words.to, " {command} <<{end_mark}\n{expected}{end_mark}")
                }
                Expect::Success => words.to.write_str(" ok"),
                Expect::Error(name) => write!(words.to, " error {name}"),
                Expect::Deadlock => words.to.write_str(" deadlock"),
                Expect::Livelock => words.to.write_str(" livelock"),
                Expect::Finding(name) => write!(words.to, " finding {name}"),
            }
        }
        _ => Ok(()),
    }
}

fn rest(words: &mut Words, command: &Command) -> fmt::Result {
    match command {
        Command::Extsize(value) => words.start("extsize")?.optional(*value),
        Command::Cowextsize(value) => words.start("cowextsize")?.optional(*value),
        Command::Snapshot(to) => words.start("snapshot")?.optional(Some(name(to))),
        Command::Remove(file) => words.start("rm")?.optional(Some(name(file))),
        Command::Rename { from, to } => words.start("mv")?.word(name(from))?.optional(Some(name(to))),
        Command::Shutdown { flush_log } => words.start("shutdown")?.flag('f', *flush_log).map(|_| ()),
        Command::Writeback(range) => words.start("writeback")?.optional_range(*range),
        Command::Sleep(nanoseconds) => words.start("sleep")?.optional(Some(duration(*nanoseconds))),
        Command::Help(about) => words.start("help")?.optional(about.as_ref()),
        Command::Inject { fault, nth } => {
            let name = FAULTS.iter().find(|(_, known)| known == fault).map_or("", |(name, _)| name);
            words.start("inject")?.word(name)?.optional(Some(nth))
        }
        Command::Close => words.to.write_str("close"),
        Command::Fsync => words.to.write_str("fsync"),
        Command::Fdatasync => words.to.write_str("fdatasync"),
        Command::Syncfs => words.to.write_str("syncfs"),
        Command::Munmap => words.to.write_str("munmap"),
        Command::Nocow => words.to.write_str("nocow"),
        Command::Remount => words.to.write_str("remount"),
        Command::Crash(cut) => power_cut(words.start("crash")?, cut),
        Command::Quit => words.to.write_str("quit"),
        _ => Ok(()),
    }
}

fn power_cut(words: &mut Words, cut: &PowerCut) -> fmt::Result {
    match cut {
        PowerCut::Settled => Ok(()),
        PowerCut::All => words.flag('a', true).map(|_| ()),
        PowerCut::Nothing => words.flag('n', true).map(|_| ()),
        PowerCut::Random(seed) => words.value('r', Some(seed)).map(|_| ()),
        PowerCut::Keep(survivors) => {
            let list: Vec<String> = survivors.iter().map(survivor).collect();
            words.value('k', Some(list.join(","))).map(|_| ())
        }
    }
}

/// `REQUEST[:FIRST[-LAST]][/BYTES]`.
fn survivor(survivor: &Survivor) -> String {
    let blocks = survivor.blocks.map_or_else(String::new, |blocks| format!(":{}-{}", blocks.start, blocks.end - 1));
    let bytes = survivor.bytes.map_or_else(String::new, |bytes| format!("/{bytes}"));
    format!("{}{blocks}{bytes}", survivor.request)
}

fn byte(value: u8) -> String {
    format!("{value:#04x}")
}

/// The largest unit that says it exactly.
fn duration(nanoseconds: u64) -> String {
    let units = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")];
    let unit = units.into_iter().find(|(size, _)| nanoseconds.is_multiple_of(*size));
    unit.map_or_else(|| format!("{nanoseconds}ns"), |(size, name)| format!("{}{name}", nanoseconds / size))
}

/// A file's name, quoted where a bare word would be read otherwise.
fn name(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '+' | ',' | '=' | ':');
    if text.chars().all(plain) && !text.starts_with('-') && !text.is_empty() {
        return text.to_string();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
