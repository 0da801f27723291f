//! Whether somebody else synced the whole system while we looked.
//!
//! One dirty page of a file on another filesystem: sync(2) by any process cleans it, and would have flushed the filesystem
//! that is being recorded too, so that the recording has to be made again.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use super::sys;

/// Watches from one moment on.
#[derive(Debug)]
pub struct Canary {
    file: File,
    since: Instant,
    expiry: Duration,
}

impl Canary {
    /// Makes the file in a folder that lies on a disk; in memory nothing is ever written back.
    pub fn new(folder: &Path) -> Result<Self, String> {
        let path = folder.join(format!("canary-{}-{:?}", std::process::id(), std::thread::current().id()));
        let said = |error: std::io::Error| format!("{}: {error}", path.display());
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path).map_err(said)?;
        fs::remove_file(&path).map_err(said)?;
        // A page that overwrites is dirty until it is written; one that has no place yet might wait for one.
        file.write_all_at(&[1; 4096], 0).and_then(|()| file.sync_all()).map_err(said)?;
        Ok(Self { file, since: Instant::now(), expiry: expiry() })
    }

    /// Begins to watch.
    pub fn arm(&mut self) -> Result<(), String> {
        self.file.write_all_at(&[2; 4096], 0).map_err(|error| error.to_string())?;
        self.since = Instant::now();
        Ok(())
    }

    /// Whether nothing was flushed from outside since then: nobody synced, and nothing is old enough for the flusher.
    pub fn lives(&self) -> bool {
        let dirty = sys::cachestat(&self.file, 0, 0).is_ok_and(|found| found.dirty > 0);
        dirty && self.since.elapsed() < self.expiry
    }
}

/// After this time the kernel's flusher writes dirty data by itself. A second is left for what it measures coarsely.
fn expiry() -> Duration {
    let text = fs::read_to_string("/proc/sys/vm/dirty_expire_centisecs").unwrap_or_default();
    let centiseconds = text.trim().parse().unwrap_or(3000);
    Duration::from_millis(centiseconds * 10).saturating_sub(Duration::from_secs(1))
}
