//! Whether scripts can be recorded here, and what is missing.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::sys;

/// The package that has mkfs of a filesystem, in Debian and its children.
fn package(fs: &str) -> &'static str {
    match fs {
        "ext4" => "e2fsprogs",
        "xfs" => "xfsprogs",
        _ => "btrfs-progs",
    }
}

fn has_program(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = [PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")];
    std::env::split_paths(&path).chain(usual).any(|folder| folder.join(name).is_file())
}

/// What a machine lacks even before a filesystem is named, in one line.
pub fn lacks() -> Option<String> {
    if !sys::is_root() {
        return Some("recording needs root: it mounts filesystems".to_owned());
    }
    let control = "/dev/loop-control";
    if let Err(error) = OpenOptions::new().read(true).write(true).open(control) {
        return Some(format!("recording needs loop devices: {control}: {error}"));
    }
    let here = std::fs::File::open("/proc/self/exe").ok()?;
    match sys::cachestat(&here, 0, 0) {
        Ok(_) => None,
        Err(error) => Some(format!("recording needs cachestat(2), Linux 6.5 or later: {error}")),
    }
}

/// What a machine lacks for one filesystem: its mkfs, or the filesystem itself.
pub fn lacks_filesystem(fs: &str) -> Option<String> {
    let program = format!("mkfs.{fs}");
    if !has_program(&program) {
        return Some(format!("{program} is not installed (package {})", package(fs)));
    }
    let known = std::fs::read_to_string("/proc/filesystems").unwrap_or_default();
    let is_known = known.lines().any(|line| line.split_whitespace().last() == Some(fs));
    if is_known {
        return None;
    }
    // A module is loaded by the first mount; whether there is one is asked of those who know.
    let mut probe = Command::new("modprobe");
    let found = probe.args(["--quiet", fs]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    (!found.is_ok_and(|status| status.success())).then(|| format!("this kernel has no {fs}"))
}

/// Installs what makes these filesystems, where that is a matter of one command.
pub fn install(filesystems: &[String]) {
    let missing: Vec<&str> =
        filesystems.iter().filter(|fs| !has_program(&format!("mkfs.{fs}"))).map(|fs| package(fs)).collect();
    if missing.is_empty() || !sys::is_root() || !Path::new("/etc/debian_version").exists() {
        return;
    }
    println!("installing {}", missing.join(" "));
    let mut apt = Command::new("apt-get");
    apt.args(["install", "-y", "-q", "--no-install-recommends"]).args(missing).stdout(Stdio::null());
    // If that fails, what is missing is told by who needs it.
    apt.env("DEBIAN_FRONTEND", "noninteractive").status().ok();
}
