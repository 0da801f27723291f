//! The commands of the language as a table: what `help` prints, what errors quote and what the README lists.

/// One command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CommandHelp {
    /// The word that calls it.
    pub name: &'static str,
    /// How it is written.
    pub usage: &'static str,
    /// What it does, in one line.
    pub meaning: &'static str,
    /// Not a command (or not a spelling) of xfs_io.
    pub extension: bool,
}

const fn tool(name: &'static str, usage: &'static str, meaning: &'static str) -> CommandHelp {
    CommandHelp { name, usage, meaning, extension: false }
}

const fn ours(name: &'static str, usage: &'static str, meaning: &'static str) -> CommandHelp {
    CommandHelp { name, usage, meaning, extension: true }
}

/// Every command, in the order in which `help` lists them.
pub const COMMANDS: &[CommandHelp] = &[
    tool(
        "open",
        "open [-f] [-t] [-s] [-d] [-r] [-a] NAME",
        "open a file (-f creates, -t truncates) and make it current",
    ),
    tool("file", "file [NAME|INDEX]", "make an open file current, or list the open files"),
    tool("close", "close", "close the current file"),
    tool(
        "pwrite",
        "pwrite [-S byte] [-b bs] [-d] [-D] [-w] [-W] [-N] [-O] [-q] off len",
        "write a byte, one call per bs (4096); -d is O_DIRECT for this command, -D syncs each call",
    ),
    tool(
        "pread",
        "pread [-b bs] [-d] [-q] [-v] off len",
        "read, one call per bs (4096); -v dumps, -d is O_DIRECT for this command",
    ),
    tool("fsync", "fsync", "write the file's data and what finds it, and wait"),
    tool("fdatasync", "fdatasync", "like fsync, without what is not needed to read the data"),
    tool("syncfs", "syncfs", "write everything of the filesystem, and wait"),
    tool("sync", "sync", "the same as syncfs"),
    tool(
        "sync_range",
        "sync_range [-a] [-b] [-w] off len",
        "wait before (-b), start writing (-w), wait after (-a): pages only",
    ),
    tool("truncate", "truncate size", "set the file's size"),
    tool("falloc", "falloc [-c] [-i] [-k] [-p] [-u] off len", "preallocate; -k keeps the size"),
    tool("fpunch", "fpunch off len", "make a hole"),
    tool("fzero", "fzero [-k] off len", "make a range read as zeroes, allocated"),
    tool("fcollapse", "fcollapse off len", "cut a range out; what follows moves down"),
    tool("finsert", "finsert off len", "put a hole in; what follows moves up"),
    tool("funshare", "funshare off len", "give a range blocks of its own"),
    ours("fwzero", "fwzero [-k] off len", "fallocate with WRITE_ZEROES"),
    tool("reflink", "reflink SRC [soff doff len]", "share blocks of SRC with the current file"),
    tool("dedupe", "dedupe SRC soff doff len", "share blocks whose contents are equal"),
    tool("copy_range", "copy_range [-s soff] [-d doff] [-l len] SRC", "copy inside the filesystem"),
    tool("mmap", "mmap [-r] [-w] [-x] [-s size] [off len]", "keep a shared mapping of the current file"),
    tool("munmap", "munmap", "drop the mapping"),
    tool("mwrite", "mwrite [-r] [-S byte] [off len]", "store through a shared mapping"),
    tool("mread", "mread [-f] [-r] [-v] [off len]", "load through a shared mapping"),
    tool("msync", "msync [-a|-i|-s] [off len]", "flush the mapped range"),
    tool("fadvise", "fadvise [-d|-n|-r|-s|-w] [off len]", "advise the page cache; -d drops clean pages"),
    tool(
        "fiemap",
        "fiemap [-a] [-l] [-v] [-n N] [-N] [-c] [-F flags] [off [len]]",
        "print the extent map, after a flush unless -N (extension; -c counts, -F gives raw flags)",
    ),
    ours(
        "filefrag",
        "filefrag [-v] [-s] [-b N] [NAME]",
        "print the extent map as filefrag(8) does: without a flush unless -s",
    ),
    tool("seek", "seek -a|-d|-h [-r] [-s] [off]", "ask lseek for data and holes"),
    tool("stat", "stat [-v|-r]", "print what fstat(2) says"),
    tool("statfs", "statfs [-c] [-g] [-s]", "print what statfs(2) says"),
    tool("bmap", "bmap [-a] [-c] [-e] [-l] [-p] [-v] [-n N]", "print the filesystem's own map of the file"),
    tool("extsize", "extsize [bytes]", "read or set the extent size hint"),
    tool("cowextsize", "cowextsize [bytes]", "read or set the copy-on-write extent size hint"),
    ours("nocow", "nocow", "set the no-copy-on-write flag of the file"),
    ours("snapshot", "snapshot NAME", "snapshot the whole filesystem to NAME/"),
    ours("rm", "rm NAME", "unlink a file, closing it first"),
    ours("mv", "mv FROM TO", "rename a file"),
    ours("remount", "remount", "unmount and mount; open files are opened again"),
    tool("shutdown", "shutdown [-f]", "stop the filesystem at once; -f flushes the log first"),
    ours(
        "crash",
        "crash [-a | -n | -k REQUEST[:FIRST-LAST][/BYTES],... | -r SEED]",
        "lose power at once and mount what is left: of the writes that were not flushed all (-a), none (-n), these \
         (-k), or what chance keeps (-r); without a flag all that is under way arrives first",
    ),
    tool("quit", "quit", "end the script"),
    ours("writeback", "writeback [off len]", "let the flusher write dirty pages now"),
    ours("sleep", "sleep DURATION", "let virtual time pass (5s, 20ms, 3us, 100ns)"),
    tool("help", "help [COMMAND]", "list the commands, or explain one"),
    ours("run", "run TASK [until lock CLASS|exit|N steps]", "run one task up to a point"),
    ours("step", "step [N]", "run N steps of the tasks that can run"),
    ours("schedule", "schedule TASK TASK ...", "run one step of each task, in this order"),
    ours("repeat", "repeat N { COMMAND; COMMAND }", "run commands N times; the block may span lines"),
    ours(
        "expect",
        "expect ok | error NAME | deadlock | livelock | finding NAME | COMMAND <<END",
        "claim something; the script fails where it is not true",
    ),
    ours(
        "inject",
        "inject FAULT [N]",
        "make the Nth coming request of the device fail (read-error, torn-write, power-cut, ...)",
    ),
];

/// Commands of xfs_io 6.1 that the language does not have.
pub const NOT_MODELLED: &[&str] = &[
    "add_enckey",
    "allocsp",
    "bulkstat",
    "bulkstat_single",
    "chattr",
    "chmod",
    "chproj",
    "crc32cselftest",
    "enckey_status",
    "flink",
    "freesp",
    "freeze",
    "fsmap",
    "get_encpolicy",
    "imap",
    "inject_error",
    "inode",
    "inumbers",
    "label",
    "log_writes",
    "lsattr",
    "lsproj",
    "madvise",
    "mincore",
    "mremap",
    "parent",
    "print",
    "readdir",
    "resblks",
    "resvsp",
    "rm_enckey",
    "scrub",
    "sendfile",
    "set_encpolicy",
    "statx",
    "swapext",
    "thaw",
    "unresvsp",
    "utimes",
    "zero",
];

/// The entry of a command.
pub fn entry(name: &str) -> Option<&'static CommandHelp> {
    COMMANDS.iter().find(|entry| entry.name == name)
}

/// What `help` prints: all commands, one per line, or one with its meaning. `None`: there is no such command.
pub fn text(name: Option<&str>) -> Option<String> {
    let line = |entry: &CommandHelp| {
        let mark = if entry.extension { " (extension)" } else { "" };
        format!("{} -- {}{mark}\n", entry.usage, entry.meaning)
    };
    match name {
        Some(name) => entry(name).map(line),
        None => {
            let mut all: String = COMMANDS.iter().map(line).collect();
            all.push_str("\nUse 'help commandname' for extended help.\n");
            Some(all)
        }
    }
}
