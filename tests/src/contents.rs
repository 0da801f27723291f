//! What a file holds, read without disturbing the run.

use extentscope_core::base::{FileBlock, Ino, Range};
use extentscope_core::scenario::machine::Machine;

/// The inode of the file that commands mean.
pub fn current_inode(machine: &Machine) -> Option<Ino> {
    machine.fs().open_files(|open| open.current().map(|file| file.ino))
}

/// Every byte of a file, from the cache where it is up to date, else from the device: what a program would read.
pub fn contents(machine: &Machine, ino: Ino) -> Vec<u8> {
    let volume = machine.fs().volume();
    let (block, size) = (volume.profile.block, volume.inodes.size(ino));
    let in_memory = |bytes: u64| usize::try_from(bytes).expect("a file of a test fits memory");
    let block_bytes = in_memory(block.bytes());
    let mut bytes = vec![0; in_memory(block.pos(block.block_after(size)))];
    for (run, stamped) in volume.peek(ino, Range::new(FileBlock(0), block.block_after(size))) {
        for at in run.iter() {
            let from = in_memory(block.pos(at));
            stamped.data.copy_to(0, &mut bytes[from..from + block_bytes]);
        }
    }
    bytes.truncate(in_memory(size));
    bytes
}

/// Where two contents differ first, as short as it can be said.
pub fn first_difference(expected: &[u8], found: &[u8]) -> Option<String> {
    if let Some(at) = expected.iter().zip(found).position(|(a, b)| a != b) {
        let (want, got) = (expected[at], found[at]);
        return Some(format!("byte {at} (block {} of 4 KiB) is {got:#04x} and should be {want:#04x}", at / 4096));
    }
    (expected.len() != found.len()).then(|| format!("the size is {} and should be {}", found.len(), expected.len()))
}
