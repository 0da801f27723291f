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
    /// The smallest direct transfer in bytes.
    pub sector: u32,
}

/// FS_XFLAG bits in the order of their letters.
const XFLAGS: [(u32, char); 17] = [
    (0x1, 'r'),
    (0x2, 'p'),
    (0x8, 'i'),
    (0x10, 'a'),
    (0x20, 's'),
    (0x40, 'A'),
    (0x80, 'd'),
    (0x100, 't'),
    (0x200, 'P'),
    (0x400, 'n'),
    (0x800, 'e'),
    (0x1000, 'E'),
    (0x2000, 'f'),
    (0x4000, 'S'),
    (0x8000, 'x'),
    (0x1_0000, 'C'),
    (0x8000_0000, 'X'),
];

/// `stat` without flags.
pub fn stat(facts: &StatFacts<'_>) -> String {
    let mut text = format!(
        "fd.path = \"{}\"\nfd.flags = {}\nstat.ino = {}\nstat.type = regular file\nstat.size = {}\nstat.blocks = {}\n",
        facts.name,
        facts.flags.text(),
        facts.ino,
        facts.size,
        facts.blocks
    );
    if let Some(native) = facts.native {
        text.push_str(&attributes(&native));
    }
    text
}

fn attributes(native: &NativeAttributes) -> String {
    let letters: String = XFLAGS.iter().map(|(bit, c)| if native.xflags & bit != 0 { *c } else { '-' }).collect();
    let sector = u64::from(native.sector.max(1));
    let largest = 0x7fff_ffff / sector * sector;
    format!(
        "fsxattr.xflags = {:#x} [{letters}]\nfsxattr.projid = 0\nfsxattr.extsize = {}\nfsxattr.cowextsize = {}\n\
         fsxattr.nextents = {}\nfsxattr.naextents = {}\ndioattr.mem = {sector:#x}\ndioattr.miniosz = {sector}\n\
         dioattr.maxiosz = {largest}\n",
        native.xflags, native.extsize, native.cowextsize, native.extents, native.attribute_extents
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
