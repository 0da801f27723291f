//! Devices in files, as a shell sees them: made, run on, checked, listed, damaged.

use super::tests::call;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// A device in a file of its own, gone at the end.
struct Device(PathBuf);

impl Device {
    fn made(personality: &str) -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("extentscope-{}-{number}.img", std::process::id()));
        let device = Self(path);
        let (_, result) = device.call(&["mkfs", "--personality", personality, "--size", "512k"]);
        assert_eq!(result, Ok(()));
        device
    }
    fn path(&self) -> &str {
        self.0.to_str().expect("the path is text")
    }
    fn call(&self, arguments: &[&str]) -> (String, Result<(), (u8, String)>) {
        call(&[arguments, &[self.path()]].concat())
    }
    fn play(&self, text: &str) -> String {
        let script = self.0.with_extension("xio");
        std::fs::write(&script, text).expect("the folder for temporary files can be written");
        let (out, result) = call(&["run", "--device", self.path(), script.to_str().expect("text")]);
        drop(std::fs::remove_file(&script));
        assert_eq!(result, Ok(()), "{out}");
        out
    }
    /// One bit at a byte of the file is wrong from now on.
    fn flip(&self, at: u64) {
        let mut file = std::fs::OpenOptions::new().read(true).write(true).open(&self.0).expect("it is there");
        let mut byte = [0];
        file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(&mut byte)).expect("it is so long");
        byte[0] ^= 4;
        file.seek(SeekFrom::Start(at)).and_then(|_| file.write_all(&byte)).expect("it can be written");
    }
    /// Where a byte that was written repeatedly stands first.
    fn find(&self, wanted: u8) -> u64 {
        let bytes = std::fs::read(&self.0).expect("it can be read");
        let at = bytes.windows(512).position(|part| part.iter().all(|byte| *byte == wanted));
        at.expect("the data is on the device") as u64
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

#[test]
fn what_was_synced_is_there_for_the_next_run() {
    for personality in crate::personality::NAMES {
        let device = Device::made(personality);
        device.play("open -f a\npwrite -S 0x61 0 16k\nfsync\npwrite -S 0x62 16k 4k\n");
        let (out, result) = device.call(&["fsck"]);
        assert_eq!(result, Ok(()), "{out}");
        assert!(out.contains(": clean, commit "), "{out}");
        let (out, result) = device.call(&["dump"]);
        assert_eq!(result, Ok(()), "{out}");
        assert!(out.contains("Name { name: \"a\""), "{out}");
        let out = device.play("open a\npread -v 0 16\nexpect ok\n");
        assert!(out.contains("61 61 61 61"), "{personality}: {out}");
    }
}

#[test]
fn wrong_data_is_found_where_it_has_checksums_and_can_be_mounted() {
    for (personality, finds) in [("btrfs", true), ("bcachefs", true), ("ext4", false), ("xfs", false)] {
        let device = Device::made(personality);
        device.play("open -f a\npwrite -S 0x61 0 128k\nfsync\n");
        let at = device.find(0x61);
        // Far from what is read together with the first block.
        device.flip(at + (100 << 10));
        let (out, result) = device.call(&["fsck", "--json"]);
        assert_eq!(result.is_err(), finds, "{personality}: {out}");
        assert_eq!(out.contains("\"rule\":\"data-checksum\""), finds, "{out}");
        assert_eq!(out.contains(&format!("\"block\":{}", at / 4096 + 25)), finds, "{out}");
        let read = if finds { "expect error EIO\n" } else { "expect ok\n" };
        device.play(&format!("open a\npread 0 4k\nexpect ok\npread 100k 4k\n{read}"));
    }
}

/// Files `f` of 16 KiB with a wrong bit in block 1 and `g` of 256 KiB with one in block 25: what a cold read gives on btrfs of
/// Linux 6.18, whose folios of data are single pages.
const READS: [(&str, &str, bool); 9] = [
    ("f", "pread 0 4k", true),
    ("f", "pread 4k 4k", false),
    ("f", "pread 8k 4k", true),
    ("f", "pread 0 16k", false),
    ("g", "pread 0 4k", true),
    ("g", "pread 96k 4k", true),
    ("g", "pread 100k 4k", false),
    ("g", "pread 104k 4k", true),
    ("g", "pread 0 256k", false),
];

#[test]
fn a_wrong_block_takes_no_other_block_with_it() {
    let device = Device::made("btrfs");
    device.play("open -f f\npwrite -S 0x61 0 16k\nfsync\nopen -f g\npwrite -S 0x62 0 256k\nfsync\n");
    device.flip(device.find(0x61) + 5000);
    device.flip(device.find(0x62) + (100 << 10));
    for (file, read, is_right) in READS {
        let answer = if is_right { "ok" } else { "error EIO" };
        device.play(&format!("open {file}\n{read}\nexpect {answer}\n"));
    }
}

#[test]
fn a_damaged_node_is_named_and_keeps_the_device_from_being_mounted() {
    let device = Device::made("ext4");
    device.play("open -f a\npwrite -S 0x61 0 16k\nfsync\n");
    // Nodes lie behind the data.
    for node in 0..8 {
        device.flip((512 << 10) + node * 4096 + 100);
    }
    let (out, result) = device.call(&["fsck"]);
    assert_eq!(result.expect_err("it is damaged").0, 1);
    assert!(out.contains("node-checksum: node "), "{out}");
    let (_, result) = call(&["run", "--device", device.path(), "/dev/null"]);
    let (status, text) = result.expect_err("it cannot be mounted");
    assert_eq!(status, 2);
    assert!(text.contains("node-checksum"), "{text}");
}

#[test]
fn a_damaged_superblock_is_named_with_its_block() {
    let device = Device::made("ext4");
    device.play("open -f a\nfsync\n");
    let size = std::fs::metadata(device.path()).expect("it is there").len();
    device.flip(size - 4096 + 20);
    let (out, result) = device.call(&["fsck", "--json"]);
    assert_eq!(result.expect_err("it is damaged").0, 1);
    let report: serde_json::Value = serde_json::from_str(&out).expect("it is JSON");
    let place = format!("\"block\":{}", size / 4096 - 1);
    assert!(report.to_string().contains(&place), "{report}");
    assert!(report.to_string().contains("superblock-checksum"), "{report}");
}
