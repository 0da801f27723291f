//! Runs a trace as the recorder does: after each command everything that a program can see from outside.

use super::machine::{Finished, Machine};
use super::script::{Command, Line, Script};
use super::setup::{RECORDED_SIZE, Setup, SetupError};
use crate::base::fiemap::SegmentKind;
use crate::base::{Errno, FileBlock, Ino, PAGE_SIZE, Payload, Range, SortedMap};
use crate::observe::{
    BlockBytes, CacheRun, ContentHasher, FileObservation, Head, Observer, Output, PageState, StepRecord,
};
use crate::query::fiemap::{Request, records};
use crate::query::{LiveFacts, seek};
use crate::sim::cx::Recording;
use crate::vfs::Fs;
use crate::vfs::shutdown::Wants;

/// The recordings' document of a trace on a personality.
pub fn observe(personality: &str, script: &Script, trace: &str) -> Result<String, SetupError> {
    let setup = Setup::sized(personality, &script.directives, RECORDED_SIZE)?;
    let mut machine = Machine::new(&setup, Recording::Off);
    let mut observer = Observer::new();
    let mut hasher = ContentHasher::new();
    let ends = [("syncfs", Command::Syncfs), ("remount", Command::Remount)];
    let lines = script.lines.iter().map(|line| (line.clone(), false));
    let ends =
        ends.into_iter().map(|(text, command)| (Line { number: 0, text: text.to_owned(), task: None, command }, true));
    for (n, (line, end)) in (1..).zip(lines.chain(ends)) {
        let reopened = matches!(line.command, Command::Remount | Command::Crash(_));
        machine.play_line(&line);
        // The recorder waits until everything that was started has arrived.
        machine.run();
        let finished = machine.take_finished().pop();
        let mut record = step_record(n, &line, end, finished);
        collect(machine.fs(), &mut record, &mut hasher, reopened);
        observer.step(record);
    }
    let directives = setup.directives();
    let options = |of: &SortedMap<String, String>| of.get(personality).cloned().unwrap_or_default();
    Ok(observer.document(&Head {
        fs: personality.to_owned(),
        trace: trace.to_owned(),
        kernel: format!("extentscope {}", setup.level_name()),
        size: setup.device_blocks() * setup.block_size(),
        mkfs: options(&directives.mkfs),
        mount: options(&directives.mount),
    }))
}

fn step_record(n: u64, line: &Line, end: bool, finished: Option<Finished>) -> StepRecord {
    let mut record = StepRecord { n, cmd: line.text.clone(), end, ..StepRecord::default() };
    if end {
        record.verified = Some(Vec::new());
    }
    if let Some(finished) = finished {
        let result = finished.result;
        record.ret = result.ret;
        record.err = result.err.map(str::to_owned);
        let records = result.records.map(Output::Extents);
        record.out = records.or(result.segments.map(Output::Segments));
    }
    record
}

fn collect(fs: &Fs, record: &mut StepRecord, hasher: &mut ContentHasher, reopened: bool) {
    record.bfree = Some(Ok(fs.volume().free_blocks()));
    let files = fs.open_files(|open| {
        record.file.clone_from(&open.current);
        open.files.clone()
    });
    for file in files {
        if let Err(error) = fs.answers(Wants::Look) {
            record.stat_err.insert(file.name, error.name().to_owned());
            continue;
        }
        let seen = observe_file(fs, file.ino, file.opening, hasher);
        record.files.insert(file.name, FileObservation { reopened, ..seen });
    }
}

/// One file from outside, content included.
fn observe_file(fs: &Fs, ino: Ino, opening: u64, hasher: &mut ContentHasher) -> FileObservation {
    let outside = seen_from_outside(fs, ino);
    FileObservation { opening, sha: content(fs, ino, outside.size, hasher), ..outside }
}

/// What programs can see of a file, content aside, without disturbing it.
pub fn seen_from_outside(fs: &Fs, ino: Ino) -> FileObservation {
    let volume = fs.volume();
    let facts = LiveFacts::new(volume, ino);
    let all = records(&facts, &volume.profile.fiemap, &Request::ALL);
    FileObservation {
        size: volume.inodes.size(ino),
        blocks: volume.stat_blocks(ino),
        fiemap_error: all.as_ref().err().map(|errno| errno.name().to_owned()),
        ext: all.unwrap_or_default(),
        seek: seek::segments(&facts, volume.profile.seek),
        cache: cache_runs(fs, ino),
        ..FileObservation::default()
    }
}

fn cache_runs(fs: &Fs, ino: Ino) -> Vec<CacheRun> {
    let mut runs = Vec::new();
    let mut at = 0;
    fs.volume().cache.each_folio(ino, |folio| {
        if at < folio.index.0 {
            runs.push(CacheRun { pages: folio.index.0 - at, state: PageState::Absent });
        }
        let dirty = folio.states(folio.range()).iter().any(|(_, state)| state.dirty);
        let state = match (dirty, folio.writeback) {
            (false, false) => PageState::Clean,
            (true, false) => PageState::Dirty,
            (false, true) => PageState::Writeback,
            (true, true) => PageState::DirtyWriteback,
        };
        runs.push(CacheRun { pages: u64::from(folio.pages), state });
        at = folio.index.0 + u64::from(folio.pages);
    });
    runs
}

/// The digest of the content, from the data alone: holes are found by asking for data, as a reader would.
fn content(fs: &Fs, ino: Ino, size: u64, hasher: &mut ContentHasher) -> String {
    let volume = fs.volume();
    let pages = size.div_ceil(PAGE_SIZE);
    let mut bytes: Vec<(u64, Page)> = Vec::new();
    let facts = LiveFacts::new(volume, ino);
    let mut at = 0;
    while at < pages {
        // Whole pages that no data touches are zeroes.
        at = match seek::seek(&facts, volume.profile.seek, at * PAGE_SIZE, SegmentKind::Data) {
            Ok(data) => data / PAGE_SIZE,
            Err(Errno::ENXIO) => break,
            // The filesystem does not say: a reader would look.
            Err(_) => at,
        };
        if let Some(page) = page_bytes(fs, ino, at, size) {
            bytes.push((at, page));
        }
        at += 1;
    }
    let borrowed = bytes.iter().map(|(at, page)| {
        let bytes = match page {
            Page::Fill(byte) => BlockBytes::Fill(*byte),
            Page::Bytes(bytes) => BlockBytes::Bytes(bytes),
        };
        (*at, bytes)
    });
    hasher.hash(borrowed, size)
}

enum Page {
    Fill(u8),
    Bytes(Box<[u8; 4096]>),
}

/// One page's bytes, zero behind the end of the file.
fn page_bytes(fs: &Fs, ino: Ino, page: u64, size: u64) -> Option<Page> {
    let volume = fs.volume();
    let block = volume.profile.block;
    let range: Range<FileBlock> = block.covering(page * PAGE_SIZE, PAGE_SIZE);
    let runs = volume.peek(ino, range);
    let inside = usize::try_from((size - page * PAGE_SIZE).min(PAGE_SIZE)).expect("a page is small");
    if let [(run, stamped)] = runs.as_slice()
        && let Payload::Fill(byte) = stamped.data
        && *run == range
        && inside == 4096
    {
        return (byte != 0).then_some(Page::Fill(byte));
    }
    let mut bytes = Box::new([0; 4096]);
    for (run, stamped) in runs {
        for at in run.iter() {
            let from = usize::try_from(block.pos(at) - page * PAGE_SIZE).expect("inside a page");
            let len = usize::try_from(block.bytes()).expect("a block is small");
            stamped.data.copy_to(0, &mut bytes[from..from + len]);
        }
    }
    bytes[inside..].fill(0);
    Some(Page::Bytes(bytes))
}
