//! Errors of the simulated system: values, never panics.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! errnos {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        /// An errno of Linux.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
        #[allow(clippy::upper_case_acronyms, missing_docs)]
        pub enum Errno { $($name,)* }

        impl Errno {
            /// The symbol, such as `ENOSPC`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }
            /// The number on x86_64.
            pub fn number(self) -> i32 {
                match self { $(Self::$name => $number,)* }
            }
            /// The text of strerror(3) in glibc, as xfs_io prints it.
            pub fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

errnos! {
    ENOENT = 2, "No such file or directory";
    EIO = 5, "Input/output error";
    ENXIO = 6, "No such device or address";
    EBADF = 9, "Bad file descriptor";
    EAGAIN = 11, "Resource temporarily unavailable";
    ENOMEM = 12, "Cannot allocate memory";
    EACCES = 13, "Permission denied";
    EEXIST = 17, "File exists";
    EXDEV = 18, "Invalid cross-device link";
    EINVAL = 22, "Invalid argument";
    ENOTTY = 25, "Inappropriate ioctl for device";
    ETXTBSY = 26, "Text file busy";
    EFBIG = 27, "File too large";
    ENOSPC = 28, "No space left on device";
    EROFS = 30, "Read-only file system";
    EDEADLK = 35, "Resource deadlock avoided";
    EBADR = 53, "Invalid request descriptor";
    EOPNOTSUPP = 95, "Operation not supported";
    EUCLEAN = 117, "Structure needs cleaning";
}

/// Why an operation failed: a class that callers match on, and the errno that user space sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
pub enum FsError {
    /// An errno for user space.
    Errno(Errno),
    /// A store or load through a mapping hit a page that cannot be had: SIGBUS.
    SigBus,
}

impl FsError {
    /// The name that an observation records: the errno's name or `SIGBUS`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Errno(errno) => errno.name(),
            Self::SigBus => "SIGBUS",
        }
    }
}

impl From<Errno> for FsError {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

impl fmt::Display for FsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Errno(errno) => f.write_str(errno.text()),
            Self::SigBus => f.write_str("Bus error"),
        }
    }
}

/// The result of an operation of the simulated system.
pub type FsResult<T> = Result<T, FsError>;
