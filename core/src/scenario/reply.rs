//! What a command gives: numbers for machines, and everything that its text is made of.

use crate::base::fiemap::{FiemapRecord, Segment};
use crate::base::{Errno, FsError};
use crate::io::Transfer;

/// What `dedupe` gives when the contents differ.
pub const DIFFERS: &str = "DIFFERS";

/// The result of a command as a recording states it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandResult {
    /// Bytes done, offset, or count; `None` for plain success or failure.
    pub ret: Option<i64>,
    /// The errno's name, or `SHORT`, `DIFFERS` or `SIGBUS`.
    pub err: Option<&'static str>,
    /// The errno behind it, where there is one.
    pub errno: Option<Errno>,
    /// Records of `fiemap`.
    pub records: Option<Vec<FiemapRecord>>,
    /// Segments of `seek -a`.
    pub segments: Option<Vec<Segment>>,
}

impl CommandResult {
    /// Plain success.
    pub fn done() -> Self {
        Self::default()
    }
    /// A number.
    pub fn number(ret: u64) -> Self {
        Self { ret: i64::try_from(ret).ok(), ..Self::default() }
    }
    /// Failure.
    pub fn failed(error: FsError) -> Self {
        let errno = match error {
            FsError::Errno(errno) => Some(errno),
            FsError::SigBus => None,
        };
        Self { err: Some(error.name()), errno, ..Self::default() }
    }
    /// A transfer of `asked` bytes: what was done, and why no more.
    pub fn transfer(transfer: Transfer, asked: u64, short: Short) -> Self {
        let number = Self::number(transfer.done);
        match transfer.error {
            Some(error) => Self { ret: number.ret, ..Self::failed(error) },
            None if transfer.done < asked && short == Short::IsAnError => Self { err: Some("SHORT"), ..number },
            None => number,
        }
    }
    /// From an operation without a number.
    pub fn of(result: Result<(), FsError>) -> Self {
        match result {
            Ok(()) => Self::done(),
            Err(error) => Self::failed(error),
        }
    }
}

/// Whether fewer bytes than asked are worth a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Short {
    /// For writes.
    IsAnError,
    /// For reads: the file ends.
    IsTheEnd,
}
