//! Runs a script on the running kernel, and looks at everything after each command.

use std::time::{Duration, Instant};

use extentscope_core::observe::{ContentHasher, FileObservation, Head, Observer, StepRecord};
use extentscope_core::scenario::parse::parse;
use extentscope_core::scenario::script::{Command, Directives, Line};
use extentscope_core::scenario::setup::RECORDED_SIZE;

use super::calls::{self, Answer, Failure};
use super::canary::Canary;
use super::disk::{Disk, Geometry, Namespace};
use super::errors::name;
use super::look::{self, Seen};
use super::mount::{Mounted, read};
use super::{sys, unsure};
use crate::document::Document;

/// How often a recording is made again because somebody synced the system.
const ATTEMPTS: u32 = 12;
/// How long it may take until everything that was started has arrived.
const PATIENCE: Duration = Duration::from_secs(3);

/// Makes recordings on this thread.
#[derive(Debug)]
pub struct Recorder {
    mounts: Namespace,
    canary: Canary,
}

/// A recording: the document `fsoracle-1`.
#[derive(Clone, Debug)]
pub struct Recording {
    /// As text, one step a line.
    pub text: String,
    /// As the comparer takes it.
    pub document: Document,
}

/// How a script's directives make a filesystem of this kind.
pub fn geometry(fs: &str, directives: &Directives) -> Geometry {
    let own = directives.size_of.get(fs).copied();
    let blocks = directives.device_blocks.map(|blocks| blocks.saturating_mul(directives.block_size.unwrap_or(4096)));
    Geometry {
        fs: fs.to_owned(),
        size: own.or(directives.size).or(blocks).unwrap_or(RECORDED_SIZE),
        mkfs: directives.mkfs.get(fs).cloned().unwrap_or_default(),
        mount: directives.mount.get(fs).cloned().unwrap_or_default(),
    }
}

impl Recorder {
    /// Gives this thread mounts of its own. `folder` lies on a disk: what is dirty there must be written at some time.
    pub fn new(folder: &std::path::Path) -> Result<Self, String> {
        Ok(Self { canary: Canary::new(folder)?, mounts: Namespace::enter()? })
    }

    /// Records a script on a fresh filesystem. The error says why that is not possible.
    pub fn record(&mut self, fs: &str, script: &str, trace: &str) -> Result<Recording, String> {
        let script = parse(script).map_err(|errors| errors[0].to_string())?;
        let geometry = geometry(fs, &script.directives);
        for _ in 0..ATTEMPTS {
            self.canary.arm()?;
            let run = Run::new(Disk::new(&self.mounts, geometry.clone())?);
            let steps = run.play(&script.lines)?;
            if self.canary.lives() {
                let head = Head {
                    fs: fs.to_owned(),
                    trace: trace.to_owned(),
                    kernel: sys::kernel_release().split('-').next().unwrap_or_default().to_owned(),
                    size: geometry.size,
                    mkfs: geometry.mkfs,
                    mount: geometry.mount,
                };
                let text = unsure::marked(&steps.document(&head))?;
                return Ok(Recording { document: Document::read(&text)?, text });
            }
        }
        Err(format!("somebody synced the system during each of {ATTEMPTS} recordings"))
    }
}

/// One run of a script.
struct Run {
    at: Mounted,
    observer: Observer,
    hasher: ContentHasher,
}

impl Run {
    fn new(disk: Disk) -> Self {
        Self { at: Mounted::new(disk), observer: Observer::new(), hasher: ContentHasher::new() }
    }

    fn play(mut self, lines: &[Line]) -> Result<Observer, String> {
        for (n, line) in (1..).zip(lines) {
            let record = self.command(n, &line.text, &line.command)?;
            self.observer.step(record);
        }
        let ends = [("syncfs", Command::Syncfs), ("remount", Command::Remount)];
        for (n, (text, command)) in (lines.len() as u64 + 1..).zip(ends) {
            let mut record = self.command(n, text, &command)?;
            record.end = true;
            record.verified = Some(self.wrong_files());
            self.observer.step(record);
        }
        Ok(self.observer)
    }

    /// Executes a command, waits until it has settled, and looks.
    fn command(&mut self, n: u64, text: &str, command: &Command) -> Result<StepRecord, String> {
        let mut record = StepRecord { n, cmd: text.to_owned(), ..StepRecord::default() };
        let current = self.at.current.clone();
        match calls::execute(&mut self.at, command) {
            Ok(Answer { ret, err, out, mismatch }) => {
                record = StepRecord { ret, err, out, mismatch, ..record };
            }
            Err(Failure::Call(error)) => record.err = Some(name(&error)),
            Err(Failure::Stop(reason)) => return Err(format!("`{text}`: {reason}")),
        }
        self.at.expected.apply(current.as_deref(), command, record.ret, record.err.as_deref());
        self.settle(settles_late(command));
        let reopened = matches!(command, Command::Remount | Command::Crash(_));
        self.observe(&mut record, reopened)?;
        Ok(record)
    }

    /// Waits until nothing is being written, and for what settles late until three looks agree.
    fn settle(&self, late: bool) {
        let start = Instant::now();
        let waits = || start.elapsed() < PATIENCE;
        let writes =
            || self.at.files.iter().any(|file| sys::cachestat(&file.file, 0, 0).is_ok_and(|found| found.writeback > 0));
        while waits() && writes() {
            std::thread::sleep(Duration::from_millis(1));
        }
        let looks = || self.at.files.iter().map(|file| look::look(&file.file).ok()).collect::<Vec<Option<Seen>>>();
        let mut before = if late { Some(looks()) } else { None };
        let mut agree = 0;
        while let Some(seen) = before.take().filter(|_| waits() && agree < 3) {
            std::thread::sleep(Duration::from_millis(4));
            let now = looks();
            agree = if now == seen { agree + 1 } else { 0 };
            before = Some(now);
        }
    }

    fn observe(&mut self, record: &mut StepRecord, reopened: bool) -> Result<(), String> {
        record.file.clone_from(&self.at.current);
        for opened in &self.at.files {
            let seen = match look::look(&opened.file) {
                Ok(seen) => seen,
                Err(error) => {
                    record.stat_err.insert(opened.name.clone(), name(&error));
                    continue;
                }
            };
            let content = self.at.expected.file(&opened.name);
            if content.is_unknown() {
                *content = read(&opened.file);
            }
            // After a command that failed half way the size says what it did.
            if content.size() != seen.size {
                content.truncate(seen.size);
            }
            let observation = FileObservation {
                opening: opened.opening,
                reopened,
                size: seen.size,
                blocks: seen.blocks,
                ext: seen.records,
                fiemap_error: seen.fiemap_error,
                seek: seen.seek,
                cache: seen.cache,
                sha: content.digest(&mut self.hasher),
            };
            record.files.insert(opened.name.clone(), observation);
        }
        record.bfree = Some(sys::free_blocks(self.at.disk.root()).map_err(|error| name(&error)));
        Ok(())
    }

    /// Files that do not hold what they should.
    fn wrong_files(&mut self) -> Vec<String> {
        let mut wrong = Vec::new();
        for opened in &self.at.files {
            let found = read(&opened.file).digest(&mut self.hasher);
            let expected = self.at.expected.file(&opened.name).digest(&mut self.hasher);
            if found != expected {
                wrong.push(opened.name.clone());
            }
        }
        wrong
    }
}

/// Commands that only start I/O, and direct I/O, whose mapping may change after the call has returned.
fn settles_late(command: &Command) -> bool {
    match command {
        // They start writeback of the whole source, which compression does in the background (`filemap_flush`).
        Command::Reflink(_) | Command::Dedupe(_) | Command::CopyRange(_) => true,
        Command::SyncRange(_) | Command::Fadvise(_) | Command::Close | Command::Rename { .. } | Command::Open(_) => {
            true
        }
        Command::Pwrite(ask) => ask.direct,
        Command::Pread(ask) => ask.direct,
        _ => false,
    }
}
