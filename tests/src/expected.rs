//! What files should hold after commands that ended as they say: the reference for the engine and for the kernel alike.

use std::collections::{BTreeMap, BTreeSet};

use extentscope_core::scenario::script::{CloneFrom, Command, FallocMode, Fallocate, Mwrite, Open, Pwrite};

use crate::shadow::Shadow;

const PAGE: u64 = 4096;

/// The contents of files by name, open or not.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    files: BTreeMap<String, Shadow>,
    /// Files whose writes go to the end.
    appended: BTreeSet<String>,
}

/// Bytes as calls take them; negative ones become numbers that no file reaches.
fn unsigned(number: i64) -> u64 {
    number.cast_unsigned()
}

impl Expected {
    /// What a file should hold; an empty one if nobody has named it yet.
    pub fn file(&mut self, name: &str) -> &mut Shadow {
        self.files.entry(name.to_owned()).or_default()
    }

    /// Whether a file was named before.
    pub fn knows(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// What was found is what should be.
    pub fn found(&mut self, name: &str, content: Shadow) {
        self.files.insert(name.to_owned(), content);
    }

    /// The file is gone.
    pub fn gone(&mut self, name: &str) {
        self.files.remove(name);
        self.appended.remove(name);
    }

    /// After a loss of power nobody can tell what any file holds.
    pub fn forget_all(&mut self) {
        self.files.values_mut().for_each(Shadow::forget);
    }

    /// Takes in a command that was given while `current` was the current file, and how it ended: its number, and the name
    /// of its error. What cannot be told from that becomes unknown.
    pub fn apply(&mut self, current: Option<&str>, command: &Command, ret: Option<i64>, err: Option<&str>) {
        let done = ret.and_then(|ret| u64::try_from(ret).ok()).unwrap_or(0);
        // A command that needs a current file and has none fails.
        let name = current.unwrap_or_default();
        match command {
            // These may end with an error and have done something.
            Command::Pwrite(ask) => self.write(name, ask, done),
            Command::Mwrite(ask) => self.store(name, ask, done, err),
            Command::CopyRange(ask) => {
                // The tool asks again for what is left, and a copy inside one file has made the source longer.
                let (mut from, mut to, mut left) = (unsigned(ask.source_off), unsigned(ask.dest_off), done);
                while left > 0 {
                    let there = self.files.get(&ask.source).map_or(left, |source| source.size().saturating_sub(from));
                    let part = left.min(if there == 0 { left } else { there });
                    self.take(name, &ask.source, from, to, part);
                    (from, to, left) = (from + part, to + part, left - part);
                }
            }
            _ if err.is_some() => {}
            Command::Open(ask) => self.open(ask),
            Command::Truncate(size) => self.file(name).truncate(unsigned(*size)),
            Command::Fallocate(ask) => fallocate(self.file(name), ask),
            Command::Reflink(ask) => self.reflink(name, ask),
            Command::Snapshot(to) => self.snapshot(to),
            Command::Remove(gone) => self.gone(gone),
            Command::Rename { from, to } if from != to => {
                let content = self.files.remove(from).unwrap_or_default();
                self.found(to, content);
            }
            _ => {}
        }
    }

    fn open(&mut self, ask: &Open) {
        if ask.truncate {
            self.files.insert(ask.name.clone(), Shadow::default());
        } else {
            self.files.entry(ask.name.clone()).or_default();
        }
        if ask.append {
            self.appended.insert(ask.name.clone());
        } else {
            self.appended.remove(&ask.name);
        }
    }

    fn write(&mut self, name: &str, ask: &Pwrite, done: u64) {
        if done == 0 {
            return;
        }
        let appends = self.appended.contains(name);
        let content = self.file(name);
        let off = if appends { content.size() } else { unsigned(ask.range.off) };
        content.fill(off, done, ask.fill);
        content.grow(off + done);
    }

    fn store(&mut self, name: &str, ask: &Mwrite, done: u64, err: Option<&str>) {
        let content = self.file(name);
        let Some(range) = ask.range else {
            // The range is that of the mapping, which this does not know.
            content.forget();
            return;
        };
        let (off, len) = (unsigned(range.off), unsigned(range.len));
        let pages = content.size().div_ceil(PAGE) * PAGE;
        let behind = off.saturating_add(len) > pages;
        match err {
            None => content.fill_inside(off, done, ask.fill),
            // It is killed at the first page behind the end, after it has stored into those before.
            Some("SIGBUS") if behind && !ask.reverse => content.fill_inside(off, len, ask.fill),
            Some("SIGBUS") => content.forget(),
            Some(_) => {}
        }
    }

    /// Takes a part of another file, or of the same.
    fn take(&mut self, name: &str, source: &str, source_off: u64, dest_off: u64, len: u64) {
        if len == 0 {
            return;
        }
        let mut from = self.files.get(source).cloned().unwrap_or_default();
        if !self.files.contains_key(source) {
            from.forget();
        }
        self.file(name).copy_from(&from, source_off, dest_off, len);
    }

    fn reflink(&mut self, name: &str, ask: &CloneFrom) {
        match ask.part {
            None => self.take(name, &ask.source, 0, 0, u64::MAX),
            Some(part) => {
                let len = if part.len == 0 { u64::MAX } else { unsigned(part.len) };
                self.take(name, &ask.source, unsigned(part.source_off), unsigned(part.dest_off), len);
            }
        }
    }

    fn snapshot(&mut self, to: &str) {
        let plain: Vec<(String, Shadow)> =
            self.files.iter().filter(|(name, _)| !name.contains('/')).map(|(n, c)| (n.clone(), c.clone())).collect();
        self.files.extend(plain.into_iter().map(|(name, content)| (format!("{to}/{name}"), content)));
    }
}

/// A call that succeeded had a range that a file can have.
fn fallocate(content: &mut Shadow, ask: &Fallocate) {
    let (off, len) = (unsigned(ask.range.off), unsigned(ask.range.len));
    match ask.mode {
        FallocMode::Allocate | FallocMode::Unshare => {}
        FallocMode::Punch | FallocMode::Zero | FallocMode::WriteZeroes => content.fill_inside(off, len, 0),
        FallocMode::Collapse => content.collapse(off, len),
        FallocMode::Insert => content.insert(off, len),
    }
    // UNSHARE_RANGE too (xfs_falloc_unshare_range).
    let grows = !matches!(ask.mode, FallocMode::Punch | FallocMode::Collapse | FallocMode::Insert);
    if grows && !ask.keep_size {
        content.grow(off + len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use extentscope_core::scenario::parse::parse_line;

    #[test]
    fn commands_change_what_files_should_hold() {
        let mut expected = Expected::default();
        let mut give = |line: &str, ret: Option<i64>, err: Option<&str>| {
            let line = parse_line(line).expect("it parses").expect("it is a command");
            expected.apply(Some("a"), &line.command, ret, err);
            let a = expected.file("a");
            (a.size(), a.is_unknown())
        };
        assert_eq!(give("open -f a", None, None), (0, false));
        // What a write did counts, also when it failed then.
        assert_eq!(give("pwrite -S 5 0 64k", Some(20_480), Some("ENOSPC")), (20_480, false));
        assert_eq!(give("fcollapse 0 4k", None, None), (16_384, false));
        assert_eq!(give("falloc 0 1m", None, Some("ENOSPC")), (16_384, false));
        assert_eq!(give("reflink a 0 64k 8k", None, None), (73_728, false));
        assert_eq!(give("mwrite 72k 8k", Some(0), Some("SIGBUS")), (73_728, false));
        assert_eq!(give("mwrite 0 8k", Some(0), Some("SIGBUS")), (73_728, true));
    }
}
