//! The files of a mounted filesystem that a script has open, and what each should hold.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;

use extentscope_core::scenario::script::Open;

use super::disk::Disk;
use super::look::segments;
use super::sys::{self, Mapping};
use crate::expected::Expected;
use crate::shadow::Shadow;

/// A file that is open.
#[derive(Debug)]
pub struct Opened {
    /// Its name.
    pub name: String,
    /// The descriptor that the script's commands use, and the recorder's looks too.
    pub file: File,
    /// The mapping that `mmap` keeps.
    pub mapping: Option<Mapping>,
    /// Which opening this is; `remount` and `crash` keep it.
    pub opening: u64,
}

/// A filesystem with open files.
#[derive(Debug)]
pub struct Mounted {
    /// Open files, in the order in which they were opened.
    pub files: Vec<Opened>,
    /// The file that commands mean.
    pub current: Option<String>,
    /// What files should hold, open or not.
    pub expected: Expected,
    openings: u64,
    was_shut_down: bool,
    /// The filesystem. It is the last field: it can only be unmounted when the files are closed.
    pub disk: Disk,
}

/// After `crash` the file is what the device says, not what the commands said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Contents {
    AsCommanded,
    AsFound,
}

impl Mounted {
    /// A fresh filesystem; nothing is open.
    pub fn new(disk: Disk) -> Self {
        let expected = Expected::default();
        Self { files: Vec::new(), current: None, expected, openings: 0, was_shut_down: false, disk }
    }

    /// The file that commands mean.
    pub fn current(&self) -> io::Result<&Opened> {
        let found = self.current.as_ref().and_then(|name| self.by_name(name));
        found.ok_or_else(|| io::Error::from_raw_os_error(libc::EBADF))
    }

    /// The same, to change it.
    pub fn current_mut(&mut self) -> io::Result<&mut Opened> {
        let current = self.current.clone();
        let found = self.files.iter_mut().find(|opened| Some(&opened.name) == current.as_ref());
        found.ok_or_else(|| io::Error::from_raw_os_error(libc::EBADF))
    }

    /// An open file.
    pub fn by_name(&self, name: &str) -> Option<&Opened> {
        self.files.iter().find(|opened| opened.name == name)
    }

    /// `open`. A file that is open already is closed first.
    pub fn open(&mut self, ask: &Open) -> io::Result<()> {
        if self.by_name(&ask.name).is_some() {
            self.current = Some(ask.name.clone());
            self.close();
        }
        let mut flags = 0;
        for (set, flag) in [(ask.sync, libc::O_SYNC), (ask.direct, libc::O_DIRECT), (ask.append, libc::O_APPEND)] {
            flags |= if set { flag } else { 0 };
        }
        let mut options = OpenOptions::new();
        options.read(true).write(!ask.read_only).create(ask.create && !ask.read_only).truncate(ask.truncate);
        let file = options.custom_flags(flags).mode(0o644).open(self.disk.root().join(&ask.name))?;
        if !self.expected.knows(&ask.name) && file.metadata()?.len() > 0 {
            self.expected.file(&ask.name).forget();
        }
        self.openings += 1;
        self.files.push(Opened { name: ask.name.clone(), file, mapping: None, opening: self.openings });
        self.current = Some(ask.name.clone());
        Ok(())
    }

    /// `close`: the file opened last among the others is current then.
    pub fn close(&mut self) {
        let current = self.current.take();
        self.files.retain(|opened| Some(&opened.name) != current.as_ref());
        self.current = self.files.last().map(|opened| opened.name.clone());
    }

    /// `rm`: a file that is open is closed first.
    pub fn remove(&mut self, name: &str) -> io::Result<()> {
        if self.by_name(name).is_some() {
            let keep = self.current.clone().filter(|current| current != name);
            self.current = Some(name.to_owned());
            self.close();
            self.current = keep.or(self.current.take());
        }
        std::fs::remove_file(self.disk.root().join(name))
    }

    /// `mv`: descriptors follow their file; one of the file that was replaced is closed.
    pub fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.disk.root().join(from), self.disk.root().join(to))?;
        if from == to {
            return Ok(());
        }
        self.files.retain(|opened| opened.name != to);
        if let Some(at) = self.files.iter().position(|opened| opened.name == from) {
            let mut opened = self.files.remove(at);
            opened.name = to.to_owned();
            self.files.push(opened);
        }
        let lost = self.current.as_ref().is_some_and(|current| self.by_name(current).is_none());
        if lost {
            let moved = self.by_name(to).or(self.files.last());
            self.current = moved.map(|opened| opened.name.clone());
        }
        Ok(())
    }

    /// `snapshot`: the whole tree as it is, below a new name.
    pub fn snapshot(&self, name: &str) -> io::Result<()> {
        sys::snapshot(&self.disk.root_folder()?, name)
    }

    /// `shutdown`: nothing reaches the device any more.
    pub fn shut_down(&mut self, flush_log: bool) -> io::Result<()> {
        sys::shutdown(&self.disk.root_folder()?, if flush_log { 1 } else { 2 })?;
        self.was_shut_down = true;
        Ok(())
    }

    /// `remount`: all open files are opened again.
    pub fn remount(&mut self) -> Result<(), String> {
        let open = self.close_all();
        self.disk.remount()?;
        let shut_down = std::mem::take(&mut self.was_shut_down);
        self.open_again(open, if shut_down { Contents::AsFound } else { Contents::AsCommanded })
    }

    /// `crash`: the power goes, and what had reached the device is mounted.
    pub fn crash(&mut self) -> Result<(), String> {
        let crashed = self.disk.snapshot_of_device()?;
        let open = self.close_all();
        self.disk.power_on(crashed)?;
        self.was_shut_down = false;
        self.open_again(open, Contents::AsFound)
    }

    /// Names and openings of what was open.
    fn close_all(&mut self) -> Vec<(String, u64)> {
        self.files.drain(..).map(|opened| (opened.name, opened.opening)).collect()
    }

    fn open_again(&mut self, names: Vec<(String, u64)>, contents: Contents) -> Result<(), String> {
        if contents == Contents::AsFound {
            self.expected.forget_all();
        }
        for (name, opening) in names {
            let path = self.disk.root().join(&name);
            let file = match OpenOptions::new().read(true).write(true).open(path) {
                Ok(file) => file,
                // It had not reached the device, or the filesystem came back broken.
                Err(error) if [Some(libc::ENOENT), Some(libc::EIO)].contains(&error.raw_os_error()) => {
                    self.expected.gone(&name);
                    continue;
                }
                Err(error) => return Err(format!("{name} cannot be opened again: {error}")),
            };
            if contents == Contents::AsFound {
                self.expected.found(&name, read(&file));
                // Clean pages would answer SEEK_DATA.
                sys::fadvise(&file, 0, 0, libc::POSIX_FADV_DONTNEED).ok();
            }
            self.files.push(Opened { name, file, mapping: None, opening });
        }
        let there = self.current.take().filter(|name| self.by_name(name).is_some());
        self.current = there.or(self.files.last().map(|opened| opened.name.clone()));
        Ok(())
    }
}

/// What a file holds, read. A file that cannot be read holds nothing.
pub fn read(file: &File) -> Shadow {
    let mut content = Shadow::default();
    let size = file.metadata().map_or(0, |stat| stat.len());
    content.grow(size);
    let mut buffer = vec![0; 1 << 20];
    for segment in segments(file, 0, size) {
        if segment.kind == extentscope_core::base::fiemap::SegmentKind::Hole {
            continue;
        }
        let mut at = segment.start / 4096 * 4096;
        while at < segment.end {
            let room = usize::try_from(segment.end - at).unwrap_or(usize::MAX).min(buffer.len());
            match sys::read_at(file, &mut buffer[..room], i64::try_from(at).unwrap_or(i64::MAX)) {
                Ok(0) | Err(_) => break,
                Ok(done) => {
                    content.write(at, &buffer[..usize::try_from(done).unwrap_or(room)]);
                    at += done;
                }
            }
        }
    }
    content
}
