//! FS_IOC_GOINGDOWN: the filesystem stops at once, and what still answers afterwards.
//!
//! Sources: `ext4_force_shutdown`, `xfs_fs_goingdown`, `bch2_fs_emergency_read_only`; recordings 084, 085, and every
//! command asked of a filesystem that was shut down.

use super::{Fs, OpResult};
use crate::base::{Errno, FsError};
use crate::map::commit::Scope;
use crate::trace::Frame;

/// What a call wants of a filesystem that may be shut down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wants {
    /// To change something, or to know that it is durable.
    Change,
    /// To share blocks.
    Share,
    /// Bytes.
    Read,
    /// What fstat, FIEMAP and lseek say.
    Look,
    /// A new mapping.
    Map,
}

impl Fs {
    /// Whether a call still gets what it wants; the errno where it does not.
    pub fn answers(&self, wants: Wants) -> Result<(), FsError> {
        let volume = self.volume();
        let Some(plan) = volume.profile.shutdown.filter(|_| volume.is_shut_down()) else { return Ok(()) };
        let errno = match wants {
            Wants::Change => Some(plan.changes),
            Wants::Share => plan.shares,
            Wants::Read => plan.reads,
            Wants::Look => plan.looks,
            Wants::Map => plan.maps,
        };
        errno.map_or(Ok(()), |errno| Err(errno.into()))
    }

    /// Stops the filesystem: nothing reaches the device any more until the next mount. `flush_log` commits the
    /// metadata first; dirty data is lost either way.
    pub async fn shutdown(&self, flush_log: bool) -> OpResult<()> {
        let volume = self.volume();
        let plan = volume.profile.shutdown.ok_or(Errno::ENOTTY)?;
        if volume.is_shut_down() {
            return plan.again.map_or(Ok(()), |errno| Err(errno.into()));
        }
        let _frame = volume.cx.frame(Frame::Shutdown, u64::from(flush_log), 0);
        if flush_log {
            volume.commit_with_data(Scope::All).await?;
        }
        volume.stop();
        Ok(())
    }
}
