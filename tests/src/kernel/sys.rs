//! The system calls that the standard library does not have. All unsafe code of the recorder is in this file.
//!
//! Every function here is safe to call: buffers are as large as the kernel is told, and descriptors are borrowed from
//! live [`File`]s. Errors are what the kernel said.
#![allow(unsafe_code)]

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::ptr;

use extentscope_core::base::fiemap::FiemapRecord;
use libc::{c_int, c_long, c_uint, c_ulong, c_void};

/// Numbers of ioctl(2) on x86_64 and every other architecture with the generic encoding.
mod request {
    use libc::c_ulong;
    pub const FIEMAP: c_ulong = 0xc020_660b;
    pub const CLONE: c_ulong = 0x4004_9409;
    pub const CLONE_RANGE: c_ulong = 0x4020_940d;
    pub const DEDUPE_RANGE: c_ulong = 0xc018_9436;
    pub const GET_XATTR: c_ulong = 0x801c_581f;
    pub const SET_XATTR: c_ulong = 0x401c_5820;
    pub const GET_FLAGS: c_ulong = 0x8008_6601;
    pub const SET_FLAGS: c_ulong = 0x4008_6602;
    pub const SHUTDOWN: c_ulong = 0x8004_587d;
    pub const SNAPSHOT: c_ulong = 0x5000_9401;
    pub const FORGET_DEVICES: c_ulong = 0x5000_9405;
    pub const LOOP_GET_FREE: c_ulong = 0x4c82;
    pub const LOOP_CONFIGURE: c_ulong = 0x4c0a;
    pub const BLKRASET: c_ulong = 0x1262;
}

fn result(answer: c_int) -> io::Result<c_int> {
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(answer) }
}

fn count(answer: isize) -> io::Result<u64> {
    u64::try_from(answer).map_err(|_| io::Error::last_os_error())
}

fn c_path(path: &Path) -> io::Result<CString> {
    use std::os::unix::ffi::OsStrExt;
    Ok(CString::new(path.as_os_str().as_bytes())?)
}

/// One ioctl whose argument is a buffer that the kernel reads and writes.
fn ioctl(file: &File, number: c_ulong, argument: &mut [u8]) -> io::Result<c_int> {
    // SAFETY: each number above is used with a buffer of the size that it encodes (FIEMAP and DEDUPE_RANGE: with the
    // array behind it that its header announces); the kernel touches nothing else.
    result(unsafe { libc::ioctl(file.as_raw_fd(), number as _, argument.as_mut_ptr()) })
}

fn put(buffer: &mut [u8], at: usize, bytes: &[u8]) {
    buffer[at..at + bytes.len()].copy_from_slice(bytes);
}
fn get_u32(buffer: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(buffer[at..at + 4].try_into().expect("four bytes"))
}
fn get_u64(buffer: &[u8], at: usize) -> u64 {
    u64::from_ne_bytes(buffer[at..at + 8].try_into().expect("eight bytes"))
}

const FIEMAP_HEADER: usize = 32;
const FIEMAP_RECORD: usize = 56;

/// One call of FS_IOC_FIEMAP with room for `room` records. With no room: how many there are, and none of them.
pub fn fiemap(file: &File, start: u64, len: u64, flags: u32, room: u32) -> io::Result<(u32, Vec<FiemapRecord>)> {
    let mut buffer = vec![0; FIEMAP_HEADER + FIEMAP_RECORD * room as usize];
    put(&mut buffer, 0, &start.to_ne_bytes());
    put(&mut buffer, 8, &len.to_ne_bytes());
    put(&mut buffer, 16, &flags.to_ne_bytes());
    put(&mut buffer, 24, &room.to_ne_bytes());
    ioctl(file, request::FIEMAP, &mut buffer)?;
    let mapped = get_u32(&buffer, 20);
    let filled = mapped.min(room) as usize;
    let records = buffer[FIEMAP_HEADER..].chunks_exact(FIEMAP_RECORD).take(filled).map(|record| FiemapRecord {
        logical: get_u64(record, 0),
        physical: get_u64(record, 8),
        length: get_u64(record, 16),
        flags: get_u32(record, 40),
    });
    Ok((mapped, records.collect()))
}

/// FICLONE: the whole of `source`.
pub fn clone_file(file: &File, source: &File) -> io::Result<()> {
    // SAFETY: the argument is a descriptor, not a pointer.
    result(unsafe { libc::ioctl(file.as_raw_fd(), request::CLONE as _, source.as_raw_fd()) }).map(drop)
}

/// FICLONERANGE. All numbers are bytes; a length of 0 means "to the end of the source".
pub fn clone_range(file: &File, source: &File, source_off: u64, len: u64, dest_off: u64) -> io::Result<()> {
    let mut buffer = [0; 32];
    put(&mut buffer, 0, &i64::from(source.as_raw_fd()).to_ne_bytes());
    put(&mut buffer, 8, &source_off.to_ne_bytes());
    put(&mut buffer, 16, &len.to_ne_bytes());
    put(&mut buffer, 24, &dest_off.to_ne_bytes());
    ioctl(file, request::CLONE_RANGE, &mut buffer).map(drop)
}

/// What FIDEDUPERANGE said of its one destination.
pub struct Deduped {
    /// Negative: an errno; 1: the contents differ; 0: done.
    pub status: i32,
    /// Bytes that are shared now.
    pub bytes: u64,
}

/// FIDEDUPERANGE with one destination.
pub fn dedupe(file: &File, source: &File, source_off: u64, len: u64, dest_off: u64) -> io::Result<Deduped> {
    let mut buffer = [0; 24 + 32];
    put(&mut buffer, 0, &source_off.to_ne_bytes());
    put(&mut buffer, 8, &len.to_ne_bytes());
    put(&mut buffer, 16, &1u16.to_ne_bytes());
    put(&mut buffer, 24, &i64::from(file.as_raw_fd()).to_ne_bytes());
    put(&mut buffer, 32, &dest_off.to_ne_bytes());
    ioctl(source, request::DEDUPE_RANGE, &mut buffer)?;
    let status = get_u32(&buffer, 48).cast_signed();
    Ok(Deduped { status, bytes: get_u64(&buffer, 40) })
}

/// A hint of FS_IOC_FSSETXATTR.
#[derive(Clone, Copy, Debug)]
pub enum Hint {
    /// `fsx_extsize`
    Extent,
    /// `fsx_cowextsize`
    CopyOnWrite,
}

impl Hint {
    /// Where it stands in the structure, and the bit that says that it is set.
    fn place(self) -> (usize, u32) {
        match self {
            Self::Extent => (4, 0x800),
            Self::CopyOnWrite => (16, 0x1_0000),
        }
    }
}

/// The hint in bytes, 0 for none.
pub fn hint(file: &File, hint: Hint) -> io::Result<u32> {
    let mut buffer = [0; 28];
    ioctl(file, request::GET_XATTR, &mut buffer)?;
    Ok(get_u32(&buffer, hint.place().0))
}

/// Sets the hint; 0 takes it away.
pub fn set_hint(file: &File, hint: Hint, bytes: u32) -> io::Result<()> {
    let mut buffer = [0; 28];
    ioctl(file, request::GET_XATTR, &mut buffer)?;
    let (at, bit) = hint.place();
    let flags = get_u32(&buffer, 0);
    let flags = if bytes == 0 { flags & !bit } else { flags | bit };
    put(&mut buffer, 0, &flags.to_ne_bytes());
    put(&mut buffer, at, &bytes.to_ne_bytes());
    ioctl(file, request::SET_XATTR, &mut buffer).map(drop)
}

/// Sets FS_NOCOW_FL.
pub fn set_no_cow(file: &File) -> io::Result<()> {
    const NO_COW: u32 = 0x0080_0000;
    let mut buffer = [0; 8];
    ioctl(file, request::GET_FLAGS, &mut buffer)?;
    let flags = get_u32(&buffer, 0) | NO_COW;
    put(&mut buffer, 0, &flags.to_ne_bytes());
    ioctl(file, request::SET_FLAGS, &mut buffer).map(drop)
}

/// FS_IOC_SHUTDOWN: 1 with, 2 without a flush of the log.
pub fn shutdown(folder: &File, how: u32) -> io::Result<()> {
    ioctl(folder, request::SHUTDOWN, &mut how.to_ne_bytes()).map(drop)
}

/// BTRFS_IOC_SNAP_CREATE: the subvolume that `folder` is, below itself.
pub fn snapshot(folder: &File, name: &str) -> io::Result<()> {
    let mut buffer = vec![0; 4096];
    put(&mut buffer, 0, &i64::from(folder.as_raw_fd()).to_ne_bytes());
    // One byte at the end stays zero.
    let name = name.as_bytes().get(..name.len().min(4087)).unwrap_or_default();
    put(&mut buffer, 8, name);
    ioctl(folder, request::SNAPSHOT, &mut buffer).map(drop)
}

/// BTRFS_IOC_FORGET_DEV: forgets every device that is not mounted. A device is known by an id inside of it, and an older
/// copy of one that is remembered would be refused.
pub fn forget_devices(control: &File) -> io::Result<()> {
    ioctl(control, request::FORGET_DEVICES, &mut vec![0; 4096]).map(drop)
}

/// LOOP_CTL_GET_FREE: the number of a loop device that is free, made if need be.
pub fn free_loop_device(control: &File) -> io::Result<c_int> {
    // SAFETY: this request has no argument.
    result(unsafe { libc::ioctl(control.as_raw_fd(), request::LOOP_GET_FREE as _) })
}

/// LOOP_CONFIGURE: the device shows the image until nobody holds it any more.
pub fn attach_loop_device(device: &File, image: &File) -> io::Result<()> {
    const FLAGS: usize = 8 + 52;
    const AUTOCLEAR: u32 = 4;
    let mut buffer = [0; 304];
    put(&mut buffer, 0, &image.as_raw_fd().to_ne_bytes());
    put(&mut buffer, FLAGS, &AUTOCLEAR.to_ne_bytes());
    ioctl(device, request::LOOP_CONFIGURE, &mut buffer).map(drop)
}

/// BLKRASET: how far the kernel reads ahead on a device, in sectors of 512 bytes. What is cached decides what SEEK_DATA
/// says of preallocation; the recordings were made on devices that read ahead so far.
pub fn set_readahead(device: &File, sectors: u32) -> io::Result<()> {
    let sectors = libc::c_ulong::from(sectors);
    // SAFETY: this request has a plain number as its argument.
    result(unsafe { libc::ioctl(device.as_raw_fd(), request::BLKRASET as _, sectors) }).map(drop)
}

/// Gives the calling thread mounts of its own, which end with it, and hides `folder` behind an empty filesystem in memory.
pub fn own_mounts(folder: &Path) -> io::Result<()> {
    let folder = c_path(folder)?;
    // SAFETY: plain numbers, and strings that live until the calls are over.
    unsafe {
        result(libc::unshare(libc::CLONE_NEWNS))?;
        let private = libc::MS_REC | libc::MS_PRIVATE;
        result(libc::mount(ptr::null(), c"/".as_ptr(), ptr::null(), private, ptr::null()))?;
        result(libc::mount(c"none".as_ptr(), folder.as_ptr(), c"tmpfs".as_ptr(), 0, ptr::null()))?;
    }
    Ok(())
}

/// mount(2) with relatime.
pub fn mount(device: &Path, folder: &Path, kind: &str, options: &str) -> io::Result<()> {
    let (device, folder) = (c_path(device)?, c_path(folder)?);
    let (kind, options) = (CString::new(kind)?, CString::new(options)?);
    // SAFETY: strings that live until the call is over.
    let answer = unsafe {
        let data = options.as_ptr().cast::<c_void>();
        libc::mount(device.as_ptr(), folder.as_ptr(), kind.as_ptr(), libc::MS_RELATIME, data)
    };
    result(answer).map(drop)
}

/// umount(2).
pub fn unmount(folder: &Path) -> io::Result<()> {
    let folder = c_path(folder)?;
    // SAFETY: a string that lives until the call is over.
    result(unsafe { libc::umount2(folder.as_ptr(), 0) }).map(drop)
}

/// Pages of a file in the page cache.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Cached {
    /// Pages that are there.
    pub cached: u64,
    /// Pages newer than the device.
    pub dirty: u64,
    /// Pages that are being written.
    pub writeback: u64,
}

/// cachestat(2) of a range in bytes; a length of 0 means "to the end".
pub fn cachestat(file: &File, off: u64, len: u64) -> io::Result<Cached> {
    const CACHESTAT: c_long = 451;
    let range = [off, len];
    let mut stat = [0u64; 5];
    // SAFETY: two numbers are read, five are written, as `struct cachestat_range` and `struct cachestat` have them.
    let answer =
        unsafe { libc::syscall(CACHESTAT, file.as_raw_fd(), range.as_ptr(), stat.as_mut_ptr(), c_uint::default()) };
    if answer < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Cached { cached: stat[0], dirty: stat[1], writeback: stat[2] })
}

/// fallocate(2).
pub fn fallocate(file: &File, mode: c_int, off: i64, len: i64) -> io::Result<()> {
    // SAFETY: plain numbers.
    result(unsafe { libc::fallocate64(file.as_raw_fd(), mode, off, len) }).map(drop)
}

/// ftruncate(2), which may be asked for a negative size.
pub fn truncate(file: &File, size: i64) -> io::Result<()> {
    // SAFETY: plain numbers.
    result(unsafe { libc::ftruncate64(file.as_raw_fd(), size) }).map(drop)
}

/// sync_file_range(2).
pub fn sync_file_range(file: &File, off: i64, len: i64, flags: c_uint) -> io::Result<()> {
    // SAFETY: plain numbers.
    result(unsafe { libc::sync_file_range(file.as_raw_fd(), off, len, flags) }).map(drop)
}

/// syncfs(2).
pub fn sync_filesystem(folder: &File) -> io::Result<()> {
    // SAFETY: a descriptor.
    result(unsafe { libc::syncfs(folder.as_raw_fd()) }).map(drop)
}

/// posix_fadvise(2), which answers the errno instead of keeping it.
pub fn fadvise(file: &File, off: i64, len: i64, advice: c_int) -> io::Result<()> {
    // SAFETY: plain numbers.
    match unsafe { libc::posix_fadvise64(file.as_raw_fd(), off, len, advice) } {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

/// copy_file_range(2): bytes copied.
pub fn copy_range(file: &File, source: &File, source_off: i64, dest_off: i64, len: u64) -> io::Result<u64> {
    let (mut from, mut to) = (source_off, dest_off);
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    // SAFETY: the two offsets live until the call is over.
    count(unsafe { libc::copy_file_range(source.as_raw_fd(), &raw mut from, file.as_raw_fd(), &raw mut to, len, 0) })
}

/// pwritev2(2) of one buffer; without flags it does what pwrite(2) does.
pub fn write_at(file: &File, bytes: &[u8], off: i64, flags: c_int) -> io::Result<u64> {
    let vector = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    // SAFETY: the kernel only reads the buffer, which is as long as it is told.
    count(unsafe {
        if flags == 0 {
            libc::pwrite64(file.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), off)
        } else {
            libc::pwritev2(file.as_raw_fd(), &raw const vector, 1, off, flags)
        }
    })
}

/// pread(2).
pub fn read_at(file: &File, bytes: &mut [u8], off: i64) -> io::Result<u64> {
    // SAFETY: the kernel writes at most as many bytes as the buffer has.
    count(unsafe { libc::pread64(file.as_raw_fd(), bytes.as_mut_ptr().cast(), bytes.len(), off) })
}

/// lseek(2) with SEEK_DATA (3) or SEEK_HOLE (4).
pub fn seek(file: &File, off: i64, whence: c_int) -> io::Result<u64> {
    // SAFETY: plain numbers.
    let found = unsafe { libc::lseek64(file.as_raw_fd(), off, whence) };
    u64::try_from(found).map_err(|_| io::Error::last_os_error())
}

/// Turns O_DIRECT of an open file on or off.
pub fn set_direct(file: &File, on: bool) -> io::Result<()> {
    // SAFETY: plain numbers.
    unsafe {
        let flags = result(libc::fcntl(file.as_raw_fd(), libc::F_GETFL))?;
        let flags = if on { flags | libc::O_DIRECT } else { flags & !libc::O_DIRECT };
        result(libc::fcntl(file.as_raw_fd(), libc::F_SETFL, flags)).map(drop)
    }
}

/// Free blocks of the filesystem that a path is on, as statvfs(3) counts them.
pub fn free_blocks(path: &Path) -> io::Result<u64> {
    let path = c_path(path)?;
    // SAFETY: a structure of numbers may start as zeroes; it lives until the call is over.
    unsafe {
        let mut stat: libc::statvfs64 = std::mem::zeroed();
        result(libc::statvfs64(path.as_ptr(), &raw mut stat))?;
        Ok(stat.f_bfree)
    }
}

/// Whether this process may do everything.
pub fn is_root() -> bool {
    // SAFETY: no argument.
    unsafe { libc::geteuid() == 0 }
}

/// The release of the running kernel (`uname -r`).
pub fn kernel_release() -> String {
    std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
}

/// What is done through a mapping.
#[derive(Clone, Copy, Debug)]
pub enum Access {
    /// Stores of this byte, first to last.
    Store(u8),
    /// The same, last to first.
    StoreBackward(u8),
    /// Loads.
    Load,
    /// msync(2) with these flags.
    Sync(c_int),
}

/// How an access through a mapping ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// It was done.
    Done,
    /// The call said this errno.
    Errno(i32),
    /// The process was killed by this signal.
    Signal(c_int),
}

/// A shared mapping of a file, readable and writable.
#[derive(Debug)]
pub struct Mapping {
    start: *mut c_void,
    off: u64,
    len: usize,
}

// SAFETY: the pointer is an address of this process, used only through `&self` methods that pass it to a child or to
// the kernel; no thread owns it.
unsafe impl Send for Mapping {}

impl Mapping {
    /// mmap(2) of a range in bytes.
    pub fn new(file: &File, off: i64, len: u64) -> io::Result<Self> {
        let size = usize::try_from(len).map_err(|_| io::Error::from_raw_os_error(libc::ENOMEM))?;
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: the kernel chooses the address, so nothing that exists is mapped over.
        let start = unsafe { libc::mmap64(ptr::null_mut(), size, protection, libc::MAP_SHARED, file.as_raw_fd(), off) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { start, off: u64::try_from(off).unwrap_or(0), len: size })
    }

    /// Whether bytes of the file lie in the mapping.
    pub fn covers(&self, off: u64, len: u64) -> bool {
        let end = self.off.saturating_add(self.len as u64);
        self.off <= off && off.saturating_add(len) <= end
    }

    /// The range of the file that is mapped: first byte and bytes.
    pub fn range(&self) -> (u64, u64) {
        (self.off, self.len as u64)
    }

    /// Does it in a child process, so that a signal is an answer. The range must be covered.
    pub fn access(&self, off: u64, len: u64, access: Access) -> io::Result<Ended> {
        assert!(self.covers(off, len), "an access lies in the mapping");
        let skip = usize::try_from(off - self.off).expect("inside a mapping");
        let size = usize::try_from(len).expect("inside a mapping");
        let start = self.start.cast::<u8>().wrapping_add(skip);
        // SAFETY: the child of a process with threads may only call what is safe in a signal handler. It calls signal,
        // setrlimit, msync and _exit, and touches memory; it allocates nothing and returns never.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: as above; all addresses touched lie in the mapping, which the child has inherited.
            unsafe { in_child(start, size, access) }
        }
        result(child)?;
        let mut status = 0;
        // SAFETY: the status lives until the call is over; the child is ours.
        while unsafe { libc::waitpid(child, &raw mut status, 0) } < 0 {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        if libc::WIFSIGNALED(status) {
            return Ok(Ended::Signal(libc::WTERMSIG(status)));
        }
        Ok(match libc::WEXITSTATUS(status) {
            0 => Ended::Done,
            errno => Ended::Errno(errno),
        })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range is ours, and nobody can reach it after this.
        unsafe { libc::munmap(self.start, self.len) };
    }
}

/// The whole life of a child: one access, then the end.
///
/// SAFETY: called in a fresh child only, with a range that is mapped.
unsafe fn in_child(start: *mut u8, len: usize, access: Access) -> ! {
    // SAFETY: see above; volatile accesses, so that they happen as written.
    unsafe {
        libc::signal(libc::SIGBUS, libc::SIG_DFL);
        let no_dump = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        libc::setrlimit(libc::RLIMIT_CORE, &raw const no_dump);
        let mut status = 0;
        match access {
            Access::Store(byte) => ptr::write_bytes(start, byte, len),
            Access::StoreBackward(byte) => {
                for at in (0..len).rev() {
                    start.wrapping_add(at).write_volatile(byte);
                }
            }
            Access::Load => {
                for at in 0..len {
                    start.wrapping_add(at).read_volatile();
                }
            }
            Access::Sync(flags) => {
                let skew = start as usize % 4096;
                if libc::msync(start.wrapping_sub(skew).cast(), len + skew, flags) != 0 {
                    status = *libc::__errno_location();
                }
            }
        }
        libc::_exit(status)
    }
}
