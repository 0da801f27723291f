//! Where things lie on a device.
//!
//! | blocks | what |
//! |---|---|
//! | from 0 | data: the addresses that the filesystem tells are these |
//! | behind it, from the next multiple of 4096 bytes | nodes |
//! | the last 8192 bytes | two superblocks |

use crate::base::{BlockSize, DevBlock, Range};

/// Bytes of a node, and of the place of a superblock.
pub const NODE_BYTES: u64 = 4096;
/// Nodes at least: a file of 64 blocks can be cloned in many small parts.
const NODES_MIN: u64 = 256;
/// Nodes at most.
pub const NODES_MAX: u64 = 1 << 22;

/// Sizes of one device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Layout {
    /// Bytes in a block.
    pub block: BlockSize,
    /// Blocks for data.
    pub data_blocks: u64,
    /// Places for nodes.
    pub nodes: u32,
}

impl Layout {
    /// The layout of a new filesystem: an eighth of what data has, for nodes.
    pub fn new(block: BlockSize, data_blocks: u64) -> Self {
        let eighth = data_blocks.saturating_mul(block.bytes()) / NODE_BYTES / 8;
        let nodes = u32::try_from(eighth.clamp(NODES_MIN, NODES_MAX)).expect("below a limit");
        Self { block, data_blocks, nodes }
    }
    fn blocks_of(&self, bytes: u64) -> u64 {
        bytes / self.block.bytes()
    }
    /// First block behind the data that a node may have.
    fn first_node(&self) -> u64 {
        self.data_blocks.next_multiple_of(self.blocks_of(NODE_BYTES))
    }
    /// The blocks of a node's place.
    pub fn node(&self, address: u32) -> Range<DevBlock> {
        let each = self.blocks_of(NODE_BYTES);
        Range::sized(DevBlock(self.first_node() + u64::from(address) * each), each)
    }
    /// The place for a node that a block belongs to.
    pub fn node_at(&self, block: DevBlock) -> Option<u32> {
        let address = block.0.checked_sub(self.first_node())? / self.blocks_of(NODE_BYTES);
        u32::try_from(address).ok().filter(|address| *address < self.nodes)
    }
    /// The blocks of the superblock that the commit of a generation writes.
    pub fn superblock(&self, generation: u64) -> Range<DevBlock> {
        let each = self.blocks_of(NODE_BYTES);
        let slot = u64::from(self.nodes) + generation % 2;
        Range::sized(DevBlock(self.first_node() + slot * each), each)
    }
    /// All blocks of the device.
    pub fn blocks(&self) -> u64 {
        self.superblock(1).end.0
    }
    /// Bytes of the device.
    pub fn bytes(&self) -> u64 {
        self.blocks() * self.block.bytes()
    }
}
