//! Random scripts: what they may do is data (`recipes`), what they do follows from a seed.
//!
//! A script keeps its files small and their ends known, so that most commands meet something: mapped stores lie inside
//! the file, ranges are shifted where there is data, sources of a clone exist. `misuse` is the exception.

use extentscope_core::sim::rng::Rng;

use super::recipes::Kind::{self, *};
use super::recipes::Recipe;

/// A page, whatever the filesystem's block is.
const PAGE: u64 = 4096;

#[derive(Debug)]
struct File {
    name: String,
    /// Where it ends, as far as the commands tell.
    end: u64,
}

/// Writes one script.
struct Writer {
    rng: Rng,
    /// Bytes in a block of the filesystem.
    block: u64,
    /// No file grows much beyond this.
    limit: u64,
    files: Vec<File>,
    current: usize,
    fill: u64,
    snapshots: u64,
    lines: Vec<String>,
}

/// A script of `ops` operations as lines, without directives. Equal arguments give equal scripts.
pub fn generate(recipe: &Recipe, seed: u64, ops: u64, block: u64) -> Vec<String> {
    let mut writer = Writer {
        rng: Rng::stream(seed, recipe.name),
        block,
        limit: 64 * PAGE,
        files: Vec::new(),
        current: 0,
        fill: 0,
        snapshots: 0,
        lines: Vec::new(),
    };
    writer.open("b");
    writer.open("a");
    let total: u64 = recipe.weights.iter().map(|(_, weight)| weight).sum();
    for _ in 0..ops {
        let mut at = writer.rng.below(total);
        for (kind, weight) in recipe.weights {
            if at < *weight {
                writer.operation(*kind);
                break;
            }
            at -= weight;
        }
    }
    for at in 0..writer.files.len() {
        writer.choose(at);
        writer.say("fsync");
    }
    writer.lines
}

/// A number as a person would write it.
fn size(bytes: u64) -> String {
    if bytes > 0 && bytes.is_multiple_of(1024) { format!("{}k", bytes / 1024) } else { bytes.to_string() }
}

impl Writer {
    fn say(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    fn open(&mut self, name: &str) {
        self.say(format!("open -f {name}"));
        self.files.retain(|file| file.name != name);
        self.files.push(File { name: name.to_owned(), end: 0 });
        self.current = self.files.len() - 1;
    }

    fn choose(&mut self, at: usize) {
        self.current = at;
        let name = self.files[at].name.clone();
        self.say(format!("file {name}"));
    }

    fn end(&self) -> u64 {
        self.files[self.current].end
    }

    fn reaches(&mut self, end: u64) {
        let file = &mut self.files[self.current];
        file.end = file.end.max(end);
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.rng.below(n) == 0
    }

    fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.rng.below(len as u64)).expect("below a length")
    }

    fn any<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.index(of.len())]
    }

    /// The next byte to write, never zero.
    fn fill(&mut self) -> String {
        self.fill = self.fill % 250 + 1;
        format!("-S {:#04x}", self.fill)
    }

    /// Whole pages, at most so many.
    fn pages(&mut self, most: u64) -> (u64, u64) {
        let at = self.rng.below(self.limit / PAGE);
        let count = 1 + self.rng.below(most.min(self.limit / PAGE - at));
        (at * PAGE, count * PAGE)
    }

    /// Any bytes, at most so many.
    fn bytes(&mut self, most: u64) -> (u64, u64) {
        let at = self.rng.below(self.limit - 1);
        (at, 1 + self.rng.below(most.min(self.limit - at)))
    }

    /// Whole pages, sometimes whole blocks, sometimes any bytes.
    fn range(&mut self, most_pages: u64) -> (u64, u64) {
        match self.rng.below(6) {
            0 => self.bytes(most_pages * PAGE),
            1 if self.block < PAGE => {
                let (at, len) = self.bytes(most_pages * PAGE);
                (at / self.block * self.block, len.div_ceil(self.block) * self.block)
            }
            _ => self.pages(most_pages),
        }
    }

    fn operation(&mut self, kind: Kind) {
        match kind {
            Write | SmallWrite | Append | LargeWrite | DirectWrite | SyncWrite => self.write(kind),
            Read | DirectRead | Store | Load | Msync | Map => self.access(kind),
            Fsync | Syncfs | SyncRange | Drop | DropDirty => self.flush(kind),
            Truncate | Allocate | Punch | Zero | WriteZeroes | Collapse | Insert | Unshare => self.space(kind),
            Reflink | Dedupe | Copy => self.share(kind),
            Fiemap | Seek | Flusher => self.ask(kind),
            Misuse => self.misuse(),
            _ => self.name_or_mount(kind),
        }
    }

    fn write(&mut self, kind: Kind) {
        let fill = self.fill();
        let (flags, (at, len)) = match kind {
            Write => (self.any(&["", " -b 64k"]), self.pages(16)),
            SmallWrite => ("", self.bytes(9000)),
            Append => {
                let len = 1 + self.rng.below(12_000);
                ("", (self.end(), len))
            }
            LargeWrite => {
                let pages = 32 + self.rng.below(96);
                (self.any(&[" -b 64k", " -b 1m", " -b 256k"]), (self.rng.below(16) * PAGE, pages * PAGE))
            }
            DirectWrite => (self.any(&[" -d -b 64k", " -d"]), self.pages(16)),
            _ => (self.any(&[" -D", " -w", " -W", " -W -b 64k"]), self.range(8)),
        };
        if kind == Append && at + len > self.limit {
            return;
        }
        self.say(format!("pwrite {fill}{flags} {} {}", size(at), size(len)));
        self.reaches(at + len);
    }

    fn access(&mut self, kind: Kind) {
        let end = self.end();
        if end < PAGE {
            return;
        }
        let at = self.rng.below(end);
        match kind {
            Read => {
                let (flags, len) = (self.any(&["", "", "-b 64k "]), 1 + self.rng.below(20_000));
                self.say(format!("pread {flags}{at} {len}"));
            }
            DirectRead => {
                let len = (1 + self.rng.below(8)) * PAGE;
                self.say(format!("pread -d -b 64k {} {}", size(at / PAGE * PAGE), size(len)));
            }
            Msync => {
                let how = self.any(&["", "", "-a ", "-i "]);
                self.say(format!("msync {how}0 {}", size(end / PAGE * PAGE)));
            }
            Map => {
                let line = if self.one_in(3) { "munmap".to_owned() } else { format!("mmap 0 {}", size(end)) };
                self.say(line);
            }
            _ => {
                let page = self.rng.below(end / PAGE) * PAGE;
                let at = if self.one_in(3) { at } else { page };
                let wanted = if self.one_in(2) { 1 + self.rng.below(PAGE) } else { (1 + self.rng.below(3)) * PAGE };
                let len = wanted.min(end - at);
                let fill = self.fill();
                let line = if kind == Store {
                    format!("mwrite {fill} {} {}", size(at), size(len))
                } else {
                    format!("mread {} {}", size(at), size(len))
                };
                self.say(line);
            }
        }
    }

    fn flush(&mut self, kind: Kind) {
        match kind {
            Fsync => {
                let line = self.any(&["fsync", "fsync", "fsync", "fdatasync"]);
                self.say(line);
            }
            Syncfs => self.say("syncfs"),
            SyncRange => {
                let (at, len) = self.range(16);
                let flags = self.any(&["-b -w -a", "-b -w -a", "-w", "-b -w", "-a"]);
                self.say(format!("sync_range {flags} {} {}", size(at), size(len)));
            }
            _ => {
                let (at, len) = self.range(32);
                if kind == Drop {
                    self.say("fsync");
                }
                self.say(format!("fadvise -d {} {}", size(at), size(len)));
            }
        }
    }

    fn space(&mut self, kind: Kind) {
        let end = self.end();
        let unit = if self.one_in(3) { self.block } else { PAGE };
        match kind {
            Truncate => {
                let to = self.rng.below(self.limit);
                let to = if self.one_in(2) { to } else { to / PAGE * PAGE };
                self.say(format!("truncate {}", size(to)));
                self.files[self.current].end = to;
            }
            Allocate | Zero | WriteZeroes => {
                let name = match kind {
                    Allocate => "falloc",
                    Zero => "fzero",
                    _ => "fwzero",
                };
                let (at, len) = self.range(24);
                let keep = self.one_in(3);
                self.say(format!("{name} {}{} {}", if keep { "-k " } else { "" }, size(at), size(len)));
                if !keep {
                    self.reaches(at + len);
                }
            }
            Punch => {
                let (at, len) = if self.one_in(3) { self.bytes(20_000) } else { self.pages(16) };
                self.say(format!("fpunch {} {}", size(at), size(len)));
            }
            Collapse => {
                let (blocks, most) = (end / unit, 8 * (PAGE / unit));
                if blocks < 4 {
                    return;
                }
                let len = 1 + self.rng.below(most.min(blocks - 2));
                let at = self.rng.below(blocks - len);
                if (at + len) * unit < end {
                    self.say(format!("fcollapse {} {}", size(at * unit), size(len * unit)));
                    self.files[self.current].end -= len * unit;
                }
            }
            Insert => {
                let len = (1 + self.rng.below(8)) * unit;
                if end < 2 * unit || end + len > self.limit {
                    return;
                }
                let at = self.rng.below(end / unit) * unit;
                self.say(format!("finsert {} {}", size(at), size(len)));
                self.files[self.current].end += len;
            }
            _ => {
                let (at, len) = self.pages(16);
                if at + len <= end {
                    self.say(format!("funshare {} {}", size(at), size(len)));
                }
            }
        }
    }

    fn share(&mut self, kind: Kind) {
        let source = self.index(self.files.len());
        let (name, blocks) = (self.files[source].name.clone(), self.files[source].end / PAGE);
        if blocks == 0 {
            return;
        }
        if kind == Reflink && source != self.current && self.one_in(8) {
            let end = self.files[source].end;
            self.say(format!("reflink {name}"));
            self.reaches(end);
            return;
        }
        let from = self.rng.below(blocks);
        let len = 1 + self.rng.below(16.min(blocks - from));
        // Ranges that are alike are where they were copied to, mostly the same place of the other file.
        let to = if self.one_in(3) { from } else { self.rng.below(self.limit / PAGE - len + 1) };
        let overlap = source == self.current && from < to + len && to < from + len;
        if overlap || (kind == Dedupe && (to + len) * PAGE > self.end()) {
            return;
        }
        let [from, to, len] = [from, to, len].map(|blocks| size(blocks * PAGE));
        match kind {
            Dedupe => self.say(format!("dedupe {name} {from} {to} {len}")),
            Copy => self.say(format!("copy_range -s {from} -d {to} -l {len} {name}")),
            _ => self.say(format!("reflink {name} {from} {to} {len}")),
        }
        if kind != Dedupe {
            let bytes = |text: &str| text.trim_end_matches('k').parse::<u64>().unwrap_or(0) * 1024;
            self.reaches(bytes(&to) + bytes(&len));
        }
    }

    fn ask(&mut self, kind: Kind) {
        let (at, len) = self.range(32);
        if kind == Flusher {
            let range = format!("writeback {} {}", size(at), size(len));
            let line = self.any(&["writeback", &range, &range, "filefrag -v", "filefrag -s"]).to_owned();
            self.say(line);
            return;
        }
        let line = if kind == Seek {
            format!("seek {} {}", self.any(&["-d", "-h", "-d", "-h", "-a"]), size(at))
        } else {
            match self.rng.below(6) {
                0 => "fiemap".to_owned(),
                1 => "fiemap -N".to_owned(),
                2 => format!("fiemap -N -n {}", 1 + self.rng.below(4)),
                3 => format!("fiemap {} {}", size(at), size(len)),
                _ => format!("fiemap -N {} {}", size(at), size(len)),
            }
        };
        // What `seek -a` says from the middle of a file is the rest of what it says from the start.
        let line = if line.starts_with("seek -a") { "seek -a 0".to_owned() } else { line };
        self.say(line);
    }

    fn name_or_mount(&mut self, kind: Kind) {
        let name = self.files[self.current].name.clone();
        match kind {
            Switch => {
                let next = (self.current + 1) % self.files.len();
                self.choose(next);
            }
            Reopen if self.one_in(4) => {
                self.say(format!("open -t {name}"));
                self.files[self.current].end = 0;
            }
            Reopen => {
                self.say("close");
                self.say(format!("open {name}"));
            }
            Remove => {
                self.say(format!("rm {name}"));
                self.open(&name);
            }
            Rename => {
                let other = self.files[(self.current + 1) % self.files.len()].name.clone();
                if other == name || other.contains('/') || name.contains('/') {
                    return;
                }
                self.say(format!("mv {name} {other}"));
                let end = self.end();
                self.files.retain(|file| file.name != name && file.name != other);
                self.files.push(File { name: other.clone(), end });
                self.open(&name);
            }
            Remount => self.say("remount"),
            Crash | Shutdown => {
                // What survives decides the size, so it is flushed first.
                self.say("syncfs");
                let (at, len) = self.pages(16);
                if at + len <= self.end() {
                    let fill = self.fill();
                    self.say(format!("pwrite {fill} {} {}", size(at), size(len)));
                }
                if kind == Crash {
                    self.say("crash");
                } else {
                    let how = self.any(&["shutdown", "shutdown -f"]);
                    self.say(how);
                    self.say("remount");
                }
            }
            ExtentHint => {
                let bytes = [0, 8192, 16_384, 65_536][self.index(4)];
                self.say(format!("extsize {bytes}"));
            }
            CowHint => {
                let bytes = [0, 8192, 65_536][self.index(3)];
                self.say(format!("cowextsize {bytes}"));
            }
            NoCow => {
                self.say(format!("open -t {name}"));
                self.say("nocow");
                self.files[self.current].end = 0;
            }
            _ => self.snapshot(),
        }
    }

    fn snapshot(&mut self) {
        let Some(file) = self.files.iter().find(|file| !file.name.contains('/')) else { return };
        let (name, end) = (file.name.clone(), file.end);
        self.snapshots += 1;
        let copy = format!("s{}", self.snapshots);
        self.say(format!("snapshot {copy}"));
        if self.files.len() < 4 {
            self.say(format!("open {copy}/{name}"));
            self.files.push(File { name: format!("{copy}/{name}"), end });
            self.current = self.files.len() - 1;
        }
    }

    /// Commands that mostly fail; where one succeeds, it does nothing or little.
    fn misuse(&mut self) {
        let (at, len) = self.bytes(20_000);
        let (page, pages) = self.pages(8);
        let end = self.end();
        let (page, pages, end) = (size(page), size(pages), size(end));
        let lines = [
            format!("falloc {at} 0"),
            format!("falloc -1 {len}"),
            format!("fpunch {at} 0"),
            "falloc 8e18 8e18".replace("8e18", "8000000000000000000"),
            format!("fzero {at} 0"),
            format!("fcollapse {at} {len}"),
            format!("fcollapse {page} {pages}"),
            format!("fcollapse 0 {end}"),
            format!("finsert {at} {len}"),
            format!("finsert {end} {pages}"),
            format!("finsert 1m {pages}"),
            format!("funshare {at} {len}"),
            format!("funshare {page} 0"),
            format!("fwzero {at} {len}"),
            format!("fwzero -k {page} {pages}"),
            format!("pwrite -d {at} {len}"),
            format!("pwrite -d {page} {len}"),
            format!("pread -d {at} {len}"),
            format!("pwrite -1 {len}"),
            format!("pread -5 {len}"),
            "truncate -1".to_owned(),
            "reflink a".to_owned(),
            format!("reflink b {at} {page} {len}"),
            format!("reflink b {page} {page} {pages}"),
            format!("reflink a {page} {at} {pages}"),
            format!("reflink b {page} {page} 0"),
            format!("dedupe a {page} {page} {pages}"),
            format!("dedupe b {at} {at} {len}"),
            format!("dedupe b {page} {page} {pages}"),
            format!("copy_range -s {page} -d {page} -l {pages} a"),
            format!("copy_range -s {at} -d {page} -l {len} b"),
            format!("mwrite {at} {len}"),
            format!("mread {page} {pages}"),
            format!("mmap {at} {pages}"),
            "munmap".to_owned(),
            format!("sync_range -w -1 {len}"),
            format!("sync_range -w {page} 0"),
            format!("seek -d {end}"),
            "seek -h -1".to_owned(),
            "extsize 5000".to_owned(),
            "extsize".to_owned(),
            "cowextsize".to_owned(),
            "nocow".to_owned(),
            "fiemap -F 4".to_owned(),
            "fiemap -F 8".to_owned(),
            format!("fiemap {page} 0"),
        ];
        let line = lines[self.index(lines.len())].clone();
        // Where it succeeds after all it may have grown the file; what follows only meets more or less of it.
        self.say(line);
    }
}

#[cfg(test)]
mod tests {
    use super::super::recipes::RECIPES;
    use super::*;
    use extentscope_core::scenario::parse::parse;

    #[test]
    fn every_script_parses_and_is_the_same_again() {
        for recipe in RECIPES {
            for seed in 0..20 {
                let lines = generate(recipe, seed, 60, if seed % 2 == 0 { 4096 } else { 1024 });
                let text = lines.join("\n");
                parse(&text).unwrap_or_else(|errors| panic!("{} {seed}: {}\n{text}", recipe.name, errors[0]));
                assert_eq!(lines, generate(recipe, seed, 60, if seed % 2 == 0 { 4096 } else { 1024 }));
            }
        }
    }

    #[test]
    fn every_operation_is_in_some_recipe() {
        let all: Vec<String> = RECIPES.iter().flat_map(|recipe| generate(recipe, 7, 400, 4096)).collect();
        let uses = |word: &str| all.iter().any(|line| line.split(' ').next() == Some(word));
        for word in [
            "open",
            "file",
            "close",
            "pwrite",
            "pread",
            "fsync",
            "fdatasync",
            "syncfs",
            "sync_range",
            "truncate",
            "falloc",
            "fpunch",
            "fzero",
            "fwzero",
            "fcollapse",
            "finsert",
            "funshare",
            "reflink",
            "dedupe",
            "copy_range",
            "mmap",
            "munmap",
            "mwrite",
            "mread",
            "msync",
            "fadvise",
            "fiemap",
            "seek",
            "extsize",
            "cowextsize",
            "nocow",
            "snapshot",
            "rm",
            "mv",
            "remount",
            "crash",
            "shutdown",
        ] {
            assert!(uses(word), "no recipe has `{word}`");
        }
    }
}
