//! Device images for tests: made from scripts, taken apart into items, changed, and put together again with right
//! checksums, so that what is wrong with them is what they say and not how they are written.

pub mod chance;
pub mod fuzz;

use extentscope_core::base::{DevBlock, Errno, Payload, Prov, Range, RangeMap, SortedMap, Stamped};
use extentscope_core::dev::medium::Memory;
use extentscope_core::dev::{BlockDevice, Disk};
use extentscope_core::map::commit::bytes_of;
use extentscope_core::scenario::devices::{Devices, Start};
use extentscope_core::scenario::machine::Machine;
use extentscope_core::scenario::parse::parse;
use extentscope_core::scenario::setup::Setup;
use extentscope_core::sim::cx::Recording;
use extentscope_core::store::node::Pointer;
use extentscope_core::store::tree::{CowTree, Walk};
use extentscope_core::store::{Key, Superblock};

/// Items of one commit.
pub type Items = SortedMap<Key, Vec<u8>>;
/// Blocks of a device.
pub type Blocks = RangeMap<DevBlock, Stamped>;

/// Plays a script, and returns its setup and the machine at the end.
pub fn played(personality: &str, text: &str) -> (Setup, Machine) {
    let script = parse(text).unwrap_or_else(|errors| panic!("{}", errors[0]));
    let setup = Setup::sized(personality, &script.directives, 64 * 4096).expect("the script's settings are modelled");
    let mut machine = Machine::new(&setup, Recording::Off);
    machine.play(&script);
    (setup, machine)
}

/// The items that the device of a machine holds.
pub fn items(setup: &Setup, machine: &Machine) -> Items {
    let layout = setup.layout();
    let volume = machine.fs().volume();
    let mut read = |address: u32| -> Result<Vec<u8>, Errno> {
        let runs = volume.io.device(|device| device.peek(layout.node(address)));
        Ok(bytes_of(&runs, setup.block_size()))
    };
    let mut walk = Walk {
        layout: &layout,
        generation: volume.commits(),
        read: &mut read,
        report: &mut |finding| panic!("{finding}"),
        live: SortedMap::new(),
        items: SortedMap::new(),
    };
    if let Some(root) = volume.store.with(|store| store.tree().root()) {
        walk.run(&root);
    }
    walk.items
}

/// A device of a setup that holds these items, and whatever `data` has. `None` when there is no room for them.
pub fn blocks(setup: &Setup, items: &Items, data: &Blocks) -> Option<Blocks> {
    let edits = items.iter().map(|(key, payload)| (*key, Some(payload.clone()))).collect();
    let next = CowTree::new(setup.layout()).change(1, &edits).ok()?;
    let mut blocks = data.clone();
    for (address, bytes) in &next.writes {
        put(&mut blocks, setup, setup.layout().node(*address), bytes);
    }
    superblocks(&mut blocks, setup, next.root);
    Some(blocks)
}

/// Writes both superblocks: nothing, and then this root.
pub fn superblocks(blocks: &mut Blocks, setup: &Setup, root: Option<Pointer>) {
    for (generation, root) in [(0, None), (1, root)] {
        let superblock = Superblock { generation, layout: setup.layout(), root, settings: setup.settings() };
        put(blocks, setup, setup.layout().superblock(generation), &superblock.encode());
    }
}

/// Bytes at a place of whole blocks.
pub fn put(blocks: &mut Blocks, setup: &Setup, range: Range<DevBlock>, bytes: &[u8]) {
    let size = usize::try_from(setup.block_size()).expect("small");
    for (at, block) in range.iter().zip(bytes.chunks(size)) {
        blocks.insert(Range::sized(at, 1), Stamped { data: Payload::Bytes(block.into()), prov: Prov(0) });
    }
}

/// A machine that mounts these blocks.
pub fn mounted(setup: &Setup, blocks: &Blocks) -> Machine {
    let (held, count) = (blocks.clone(), setup.layout().blocks());
    let open = move || -> (Box<dyn BlockDevice>, Start) {
        (Box::new(Disk::over(count, Box::new(Memory::holding(held.clone())))), Start::Mount)
    };
    Machine::on(setup, &Devices::new(open), Recording::Off)
}
