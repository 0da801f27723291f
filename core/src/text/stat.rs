//! `xfs_io -c stat`, `file`, `statfs`, `extsize`: what the tool says of an open file and its filesystem.

use std::fmt::Write;

/// How a file was opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OpenFlags {
    /// O_SYNC.
    pub sync: bool,
    /// O_DIRECT.
    pub direct: bool,
    /// O_RDONLY.
    pub read_only: bool,
    /// O_APPEND.
    pub append: bool,
}

impl OpenFlags {
    fn text(self) -> String {
        let sync = if self.sync { "sync" } else { "non-sync" };
        let direct = if self.direct { "direct" } else { "non-direct" };
        let access = if self.read_only { "read-only" } else { "read-write" };
        let append = if self.append { ",append-only" } else { "" };
        format!("{sync},{direct},{access}{append}")
    }
}

/// What fstat(2) says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StatFacts<'a> {
    /// The file as it was opened.
    pub name: &'a str,
    /// How.
    pub flags: OpenFlags,
    /// The inode's number.
    pub ino: u64,
    /// Bytes.
    pub size: u64,
    /// 512-byte units.
    pub blocks: u64,
    /// Names.
    pub links: u64,
    /// Bytes that are best moved at a time (st_blksize).
    pub io_block: u64,
    /// What the tool's own filesystem adds; `None` on a foreign one.
    pub native: Option<NativeAttributes>,
}

/// The attributes that the tool's own filesystem reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NativeAttributes {
    /// FS_XFLAG bits.
    pub xflags: u32,
    /// The extent size hint in bytes.
    pub extsize: u32,
    /// The copy-on-write extent size hint in bytes.
    pub cowextsize: u32,
    /// Extents of the data fork.
    pub extents: u64,
    /// Extents of the attribute fork.
    pub attribute_extents: u64,
    /// The alignment of memory for a direct transfer in bytes.
    pub memory: u32,
    /// The smallest direct transfer in bytes.
    pub least_direct: u32,
}

/// FS_XFLAG bits in the order of their letters, with the words of the long form.
const XFLAGS: [(u32, char, &str); 17] = [
    (0x1, 'r', "realtime"),
    (0x2, 'p', "prealloc"),
    (0x8, 'i', "immutable"),
    (0x10, 'a', "append-only"),
    (0x20, 's', "sync"),
    (0x40, 'A', "no-atime"),
    (0x80, 'd', "no-dump"),
    (0x100, 't', "rt-inherit"),
    (0x200, 'P', "proj-inherit"),
    (0x400, 'n', "nosymlinks"),
    (0x800, 'e', "extsize"),
    (0x1000, 'E', "extsz-inherit"),
    (0x2000, 'f', "no-defrag"),
    (0x4000, 'S', "filestream"),
    (0x8000, 'x', "dax"),
    (0x1_0000, 'C', "cowextsize"),
    (0x8000_0000, 'X', "has-xattr"),
];

/// How the FS_XFLAG bits are spelt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum XflagsStyle {
    /// A letter each, in its place.
    Letters,
    /// A word for each that is set (`-v`).
    Words,
}

impl XflagsStyle {
    fn text(self, xflags: u32) -> String {
        match self {
            Self::Letters => XFLAGS.iter().map(|(bit, c, _)| if xflags & bit != 0 { *c } else { '-' }).collect(),
            Self::Words => {
                let set = XFLAGS.iter().filter(|(bit, ..)| xflags & bit != 0);
                set.map(|(_, _, word)| *word).collect::<Vec<_>>().join(", ")
            }
        }
    }
}

/// The type of a file and its permissions as the tool makes it: a regular file of its owner.
const MODE: u32 = 0o100_600;

/// `stat -r`: the fields of the structure. The engine keeps no times, and its device has no number: those lines are left
/// out.
pub fn raw(facts: &StatFacts<'_>) -> String {
    format!(
        "stat.blksize = {}\nstat.nlink = {}\nstat.uid = 0\nstat.gid = 0\nstat.mode: 0{MODE:o}\nstat.ino = {}\n\
         stat.size = {}\nstat.blocks = {}\n",
        facts.io_block, facts.links, facts.ino, facts.size, facts.blocks
    )
}

/// `stat` and `stat -v`, of which the lines with times are left out: the engine keeps none.
pub fn stat(facts: &StatFacts<'_>, xflags: XflagsStyle) -> String {
    let mut text = format!(
        "fd.path = \"{}\"\nfd.flags = {}\nstat.ino = {}\nstat.type = regular file\nstat.size = {}\nstat.blocks = {}\n",
        facts.name,
        facts.flags.text(),
        facts.ino,
        facts.size,
        facts.blocks
    );
    if let Some(native) = facts.native {
        text.push_str(&attributes(&native, xflags));
    }
    text
}

fn attributes(native: &NativeAttributes, xflags: XflagsStyle) -> String {
    let flags = xflags.text(native.xflags);
    let least = native.least_direct.max(1);
    let largest = i32::MAX.unsigned_abs() / least * least;
    format!(
        "fsxattr.xflags = {:#x} [{flags}]\nfsxattr.projid = 0\nfsxattr.extsize = {}\nfsxattr.cowextsize = {}\n\
         fsxattr.nextents = {}\nfsxattr.naextents = {}\ndioattr.mem = {:#x}\ndioattr.miniosz = {least}\n\
         dioattr.maxiosz = {largest}\n",
        native.xflags, native.extsize, native.cowextsize, native.extents, native.attribute_extents, native.memory
    )
}

/// One line of `file`: the table of open files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenFile<'a> {
    /// The file as it was opened.
    pub name: &'a str,
    /// How.
    pub flags: OpenFlags,
    /// The name of the tool's own filesystem, or `foreign`.
    pub kind: &'a str,
}

/// `file`: every open file, the current one in brackets.
pub fn open_files(files: &[OpenFile<'_>], current: usize) -> String {
    let line = |(number, file): (usize, &OpenFile<'_>)| {
        let (left, right) = if number == current { ('[', ']') } else { (' ', ' ') };
        format!("{left}{number:03}{right} {:14} ({},{})\n", file.name, file.kind, file.flags.text())
    };
    files.iter().enumerate().map(line).collect()
}

/// `extsize` and `cowextsize` without a value.
pub fn size_hint(name: &str, bytes: u32) -> String {
    format!("[{bytes}] {name}\n")
}

/// What the tool says of a command that it has for its own filesystem only.
pub fn foreign(command: &str) -> String {
    format!("foreign file active, {command} command is for XFS filesystems only\n")
}

/// What statfs(2) says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StatfsFacts {
    /// Bytes in a block.
    pub block: u64,
    /// Blocks.
    pub blocks: u64,
    /// Free blocks for users.
    pub available: u64,
    /// Inodes.
    pub files: u64,
    /// Free inodes.
    pub files_free: u64,
    /// Mount flags.
    pub flags: u64,
}

/// `statfs -s`, and all of `statfs` on a foreign filesystem: geometry and counts are those of the tool's own.
pub fn statfs(name: &str, facts: &StatfsFacts) -> String {
    let mut text = format!("fd.path = \"{name}\"\n");
    let rows = [
        ("bsize", facts.block),
        ("blocks", facts.blocks),
        ("bavail", facts.available),
        ("files", facts.files),
        ("ffree", facts.files_free),
    ];
    for (key, value) in rows {
        writeln!(text, "statfs.f_{key} = {value}").expect("a string takes all text");
    }
    writeln!(text, "statfs.f_flags = {:#x}", facts.flags).expect("a string takes all text");
    text
}
