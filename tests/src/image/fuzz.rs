//! Images that are nearly valid: a mount of them answers, whatever they say.
//!
//! A case is a run of decisions, out of a seed or of a fuzzer's bytes: it chooses an image, changes some of its items (or
//! bytes), and mounts what comes out. Either a rule is named, or what was mounted keeps every rule and goes on working.

use super::chance::{Bytes, Chance};
use super::{Blocks, Items, blocks, items, mounted, played};
use extentscope_core::base::{Errno, Range};
use extentscope_core::personality::NAMES;
use extentscope_core::scenario::parse::parse;
use extentscope_core::scenario::setup::Setup;
use extentscope_core::sim::rng::Rng;
use extentscope_core::store::{Item, Key};

/// What valid images are made of: everything that items can say.
const SCRIPTS: [&str; 4] = [
    "#@ blocks 64\nopen -f a\npwrite 0 20k\nfsync\nopen -f b\npwrite -S 7 8k 4k\nfalloc 16k 16k\nsyncfs\n",
    "#@ blocks 64\n#@ mkfs.ext4 -O inline_data\nopen -f a\npwrite 0 60\nopen -f b\npwrite 0 20k\nfpunch 4k 4k\nsyncfs\n",
    "#@ blocks 64\n#@ mkfs.ext4 -b 1024\n#@ mkfs.xfs -b size=1024\nopen -f a\npwrite 0 9k\npwrite 40k 3k\nextsize 16k\nsyncfs\n",
    "#@ blocks 64\n#@ mount.btrfs compress=zlib\n#@ mkfs.bcachefs --compression=lz4\nopen -f a\npwrite 0 32k\nfsync\nopen -f b\n\
     reflink a\npwrite -S 9 4k 4k\nsnapshot s\nsyncfs\n",
];
/// What is done with whatever was mounted.
const AFTER: &str = "open -f a\npread 0 64k\nfiemap\nseek -a -r 0\npwrite -S 3 3k 9k\nfpunch 8k 4k\nfsync\ntruncate 2k\nopen -f n\n\
                     pwrite 0 12k\nrm n\nopen -f b\npread 0 64k\npwrite 0 4k\nsyncfs\nremount\nopen -f a\npread 0 64k\n";

/// A valid image: its setup, its items and its data.
pub struct Seed {
    setup: Setup,
    items: Items,
    data: Blocks,
}

/// Every valid image.
pub fn corpus() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for personality in NAMES {
        for script in SCRIPTS {
            let (setup, machine) = played(personality, script);
            let items = items(&setup, &machine);
            let whole = Range::sized(extentscope_core::base::DevBlock(0), setup.device_blocks());
            let mut data = Blocks::default();
            let written = machine.fs().volume().io.device(|device| device.written(whole));
            written.into_iter().for_each(|(range, stamped)| data.insert(range, stamped));
            seeds.push(Seed { setup, items, data });
        }
    }
    seeds
}

/// How a case ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// It was mounted, and went on working.
    Mounted,
    /// A rule was named.
    Refused,
}

/// Runs the case of a seed.
///
/// # Panics
/// When the engine does, or when what was mounted breaks a rule of the running filesystem.
pub fn run(corpus: &[Seed], seed: u64) -> End {
    decided(corpus, &mut Rng::stream(seed, "image"), &format!("seed {seed}"))
}

/// Runs the case that bytes decide.
///
/// # Panics
/// As [`run`].
pub fn run_bytes(corpus: &[Seed], bytes: &[u8]) -> End {
    decided(corpus, &mut Bytes(bytes), "bytes")
}

fn decided(corpus: &[Seed], rng: &mut impl Chance, name: &str) -> End {
    let Seed { setup, items: valid, data } = &corpus[rng.index(corpus.len())];
    let mut items = valid.clone();
    let by_items = rng.below(4) > 0;
    if by_items {
        for _ in 0..=rng.below(3) {
            change_item(&mut items, rng);
        }
    }
    let what = || format!("{name}, {}: {}", setup.personality_name(), difference(valid, &items));
    let Some(mut image) = blocks(setup, &items, data) else { return End::Refused };
    if !by_items {
        change_bytes(&mut image, setup, rng);
    }
    let mut machine = mounted(setup, &image);
    if !machine.findings().is_empty() {
        return End::Refused;
    }
    if let Err(rule) = machine.verify() {
        panic!("{}: mounted without a finding, and {rule}", what());
    }
    if std::env::var_os("EXTENTSCOPE_SEED").is_some() {
        eprintln!("{}", what());
    }
    let script = parse(AFTER).expect("the script is ours");
    machine.play(&script);
    if let Err(rule) = machine.verify() {
        panic!("{}: went on without a finding, and {rule}", what());
    }
    let unclean = Some(Errno::EUCLEAN.name());
    if machine.take_finished().iter().any(|finished| finished.result.err == unclean) {
        panic!("{}: went on without a finding, and could not be mounted again", what());
    }
    End::Mounted
}

/// Which items differ.
fn difference(valid: &Items, changed: &Items) -> String {
    let shown = |key: &Key, payload: &[u8]| match Item::decode(key, payload) {
        Some(item) => format!("{item:?}"),
        None => format!("{key} {payload:?}"),
    };
    let only = |of: &Items, not: &Items, sign: char| -> Vec<String> {
        let other = of.iter().filter(|(key, payload)| not.get(key) != Some(payload));
        other.map(|(key, payload)| format!("{sign} {}", shown(key, payload))).collect()
    };
    [only(valid, changed, '-'), only(changed, valid, '+')].concat().join("\n")
}

/// A number that is near, far, or at an edge.
fn number(rng: &mut impl Chance, old: u64) -> u64 {
    match rng.below(6) {
        0 => old.wrapping_add(1 + rng.below(3)),
        1 => old.wrapping_sub(1 + rng.below(3)),
        2 => rng.below(80),
        3 => 1 << rng.below(64),
        4 => u64::MAX - rng.below(2),
        _ => rng.draw(),
    }
}

fn change_item(items: &mut Items, rng: &mut impl Chance) {
    let keys: Vec<Key> = items.keys().copied().collect();
    if keys.is_empty() {
        return;
    }
    let key = keys[rng.index(keys.len())];
    let mut payload = items[&key].clone();
    match rng.below(6) {
        0 => drop(items.remove(&key)),
        1 => {
            payload.truncate(rng.index(payload.len() + 1));
            items.insert(key, payload);
        }
        2 | 3 if payload.len() >= 8 => {
            let at = rng.index((payload.len() / 4).max(1)) * 4;
            let width = (payload.len() - at).min(if rng.below(2) == 0 { 4 } else { 8 });
            let mut old = [0; 8];
            old[..width].copy_from_slice(&payload[at..at + width]);
            let new = number(rng, u64::from_le_bytes(old)).to_le_bytes();
            payload[at..at + width].copy_from_slice(&new[..width]);
            items.insert(key, payload);
        }
        4 => {
            let mut other = key;
            match rng.below(3) {
                0 => other.id = number(rng, key.id),
                1 => other.offset = number(rng, key.offset),
                _ => other.kind = u8::try_from(rng.below(14)).expect("small"),
            }
            if rng.below(2) == 0 {
                items.remove(&key);
            }
            items.insert(other, payload);
        }
        _ => {
            if !payload.is_empty() {
                let at = rng.index(payload.len());
                payload[at] ^= 1 << rng.below(8);
            }
            items.insert(key, payload);
        }
    }
}

/// Bytes anywhere behind the data change, checksums and all.
fn change_bytes(image: &mut Blocks, setup: &Setup, rng: &mut impl Chance) {
    let size = usize::try_from(setup.block_size()).expect("small");
    let behind: Vec<_> =
        image.iter().filter(|(range, _)| range.start.0 >= setup.device_blocks()).map(|(r, s)| (r, s.clone())).collect();
    let (range, mut stamped) = behind[rng.index(behind.len())].clone();
    let mut bytes = vec![0; size];
    stamped.data.copy_to(0, &mut bytes);
    for _ in 0..=rng.below(4) {
        let at = rng.index(size);
        bytes[at] = u8::try_from(rng.below(256)).expect("small");
    }
    stamped.data = extentscope_core::base::Payload::Bytes(bytes.into());
    image.insert(Range::sized(range.start, 1), stamped);
}
