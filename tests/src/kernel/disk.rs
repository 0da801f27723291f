//! A fresh filesystem: an image in memory, a loop device that shows it, and the place where it is mounted.
//!
//! Nothing of this outlives its process: the mounts belong to a namespace of the thread that made them, the image lies in
//! a filesystem in memory inside that namespace, and the loop device detaches itself when its last user is gone.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use super::sys;

/// Hidden behind a filesystem in memory while recording; every Linux system has it.
const FOLDER: &str = "/mnt";

/// A thread's own mounts. Threads and processes that it starts share them.
#[derive(Debug)]
pub struct Namespace(());

impl Namespace {
    /// Gives the calling thread mounts of its own.
    pub fn enter() -> Result<Self, String> {
        sys::own_mounts(Path::new(FOLDER)).map_err(|error| format!("no namespace for mounts: {error}"))?;
        Ok(Self(()))
    }
}

/// How a filesystem is made and mounted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Geometry {
    /// The filesystem.
    pub fs: String,
    /// Bytes of the image.
    pub size: u64,
    /// Options for mkfs, after the ones that every recording has.
    pub mkfs: String,
    /// Options for mount(2).
    pub mount: String,
}

/// Options of mkfs that every recording has: nothing is left for a thread of the kernel to do later.
fn usual_options(fs: &str) -> &'static [&'static str] {
    match fs {
        "ext4" => &["-q", "-F", "-b", "4096", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0"],
        "xfs" => &["-q", "-f", "-m", "crc=1,reflink=1,rmapbt=0"],
        _ => &["-q", "-f"],
    }
}

/// A mounted filesystem. It is unmounted and gone when this is dropped.
#[derive(Debug)]
pub struct Disk {
    geometry: Geometry,
    image: PathBuf,
    mounted_at: PathBuf,
    /// Holds the loop device while nothing is mounted.
    device: Option<Attached>,
}

#[derive(Debug)]
struct Attached {
    path: PathBuf,
    _held: File,
}

/// Readahead of the machine that made the recordings: 4 MiB.
const READAHEAD_SECTORS: u32 = 8192;

/// Says what was tried when it did not work.
fn said<T>(what: &str, result: io::Result<T>) -> Result<T, String> {
    result.map_err(|error| format!("{what}: {error}"))
}

/// Tries again while something that is about to end still holds it.
fn while_busy<T>(mut work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let mut left = 200;
    loop {
        match work() {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy && left > 0 => {
                left -= 1;
                sleep(Duration::from_millis(5));
            }
            other => return other,
        }
    }
}

impl Disk {
    /// Makes and mounts a filesystem.
    pub fn new(_mounts: &Namespace, geometry: Geometry) -> Result<Self, String> {
        let folder = Path::new(FOLDER);
        let (image, mounted_at) = (folder.join("image"), folder.join("fs"));
        said("the folder of the mount", fs::create_dir_all(&mounted_at))?;
        let file = said("the image", File::create(&image))?;
        said("the image", file.set_len(geometry.size))?;
        drop(file);
        format(&geometry, &image)?;
        let mut disk = Self { geometry, image, mounted_at, device: None };
        disk.attach()?;
        disk.mount()?;
        Ok(disk)
    }

    /// Where it is mounted.
    pub fn root(&self) -> &Path {
        &self.mounted_at
    }

    /// The root as a descriptor, for calls that mean the whole filesystem.
    pub fn root_folder(&self) -> io::Result<File> {
        File::open(&self.mounted_at)
    }

    fn attach(&mut self) -> Result<(), String> {
        let image = said("the image", OpenOptions::new().read(true).write(true).open(&self.image))?;
        let control = said("/dev/loop-control", File::open("/dev/loop-control"))?;
        let attached = while_busy(|| {
            // Somebody else may take the device that was free a moment ago.
            let path = PathBuf::from(format!("/dev/loop{}", sys::free_loop_device(&control)?));
            let held = OpenOptions::new().read(true).write(true).open(&path)?;
            sys::attach_loop_device(&held, &image)?;
            sys::set_readahead(&held, READAHEAD_SECTORS)?;
            Ok(Attached { path, _held: held })
        });
        self.device = Some(said("a loop device", attached)?);
        Ok(())
    }

    fn mount(&self) -> Result<(), String> {
        if self.geometry.fs == "btrfs"
            && let Ok(control) = File::open("/dev/btrfs-control")
        {
            // An older copy of the image may be remembered: `crash` makes one. It is no harm if that fails.
            sys::forget_devices(&control).ok();
        }
        let device = self.device.as_ref().ok_or("no device is attached")?;
        let mounted = sys::mount(&device.path, &self.mounted_at, &self.geometry.fs, &self.geometry.mount);
        said(&format!("mount -t {} -o {:?}", self.geometry.fs, self.geometry.mount), mounted)
    }

    fn unmount(&self) -> Result<(), String> {
        said("umount", while_busy(|| sys::unmount(&self.mounted_at)))
    }

    /// Unmounts and mounts. Nothing of it may be open.
    pub fn remount(&self) -> Result<(), String> {
        self.unmount()?;
        self.mount()
    }

    /// Keeps a copy of what has reached the block device, as a loss of power would.
    pub fn snapshot_of_device(&self) -> Result<Crashed, String> {
        let copy = self.image.with_extension("crashed");
        said("the copy of the image", copy_data(&self.image, &copy))?;
        Ok(Crashed { copy })
    }

    /// Mounts what was kept instead of what is there now. Nothing of it may be open.
    pub fn power_on(&mut self, crashed: Crashed) -> Result<(), String> {
        self.unmount()?;
        self.device = None;
        said("the copy of the image", fs::rename(crashed.copy, &self.image))?;
        self.attach()?;
        self.mount()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // What cannot be unmounted ends with the process; there is nobody to tell.
        if self.device.is_some() {
            self.unmount().ok();
        }
        self.device = None;
        fs::remove_file(&self.image).ok();
    }
}

/// An image as it was at one moment.
#[derive(Debug)]
pub struct Crashed {
    copy: PathBuf,
}

fn format(geometry: &Geometry, image: &Path) -> Result<(), String> {
    let program = format!("mkfs.{}", geometry.fs);
    let mut command = Command::new(&program);
    command.args(usual_options(&geometry.fs)).args(geometry.mkfs.split_whitespace()).arg(image);
    // Debian keeps these where a plain user's path does not lead.
    let path = std::env::var("PATH").unwrap_or_default();
    let output = said(&program, command.env("PATH", format!("{path}:/usr/sbin:/sbin")).output())?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    Err(format!("{program} {}: {}", geometry.mkfs, String::from_utf8_lossy(&text).trim()))
}

/// Copies a file and leaves its holes out.
fn copy_data(from: &Path, to: &Path) -> io::Result<()> {
    const DATA: i32 = 3;
    const HOLE: i32 = 4;
    use std::os::unix::fs::FileExt;
    let (from, to) = (File::open(from)?, File::create(to)?);
    let size = from.metadata()?.len();
    to.set_len(size)?;
    let mut buffer = vec![0; 1 << 20];
    let signed = |at: u64| i64::try_from(at).unwrap_or(i64::MAX);
    let mut at = 0;
    while let Ok(data) = sys::seek(&from, signed(at), DATA) {
        let end = sys::seek(&from, signed(data), HOLE)?;
        at = data;
        while at < end {
            let room = usize::try_from(end - at).unwrap_or(usize::MAX).min(buffer.len());
            let part = &mut buffer[..room];
            from.read_exact_at(part, at)?;
            to.write_all_at(part, at)?;
            at += room as u64;
        }
    }
    Ok(())
}
