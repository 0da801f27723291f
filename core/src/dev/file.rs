//! A medium in a file: blocks become bytes, neighbours become one large write, and what was overwritten can be put back.

use super::medium::Medium;
use super::queue::Runs;
use crate::base::packed::PACKED;
use crate::base::{DevBlock, Errno, Payload, Prov, Range, RangeMap, Stamped};
use std::cell::RefCell;
use std::rc::Rc;

/// Bytes of one write at most.
const JOINED_MAX: usize = 1 << 20;

/// A file of bytes, as an operating system or a browser has it. Synchronous: nothing below waits.
pub trait ByteFile {
    /// Fills the buffer from a position. Bytes behind the end are an error.
    ///
    /// # Errors
    /// What the file's keeper says.
    fn read_at(&self, at: u64, to: &mut [u8]) -> Result<(), Errno>;
    /// Writes all bytes at a position.
    ///
    /// # Errors
    /// ENOSPC where there is no room, else EIO.
    fn write_at(&mut self, at: u64, from: &[u8]) -> Result<(), Errno>;
    /// What was written is durable.
    ///
    /// # Errors
    /// What the file's keeper says.
    fn sync(&mut self) -> Result<(), Errno>;
    /// Its length in bytes.
    ///
    /// # Errors
    /// What the file's keeper says.
    fn size(&self) -> Result<u64, Errno>;
    /// Makes it so long; new bytes are zeroes.
    ///
    /// # Errors
    /// ENOSPC where there is no room, else EIO.
    fn resize(&mut self, bytes: u64) -> Result<(), Errno>;
}

impl ByteFile for Box<dyn ByteFile> {
    fn read_at(&self, at: u64, to: &mut [u8]) -> Result<(), Errno> {
        (**self).read_at(at, to)
    }
    fn write_at(&mut self, at: u64, from: &[u8]) -> Result<(), Errno> {
        (**self).write_at(at, from)
    }
    fn sync(&mut self) -> Result<(), Errno> {
        (**self).sync()
    }
    fn size(&self) -> Result<u64, Errno> {
        (**self).size()
    }
    fn resize(&mut self, bytes: u64) -> Result<(), Errno> {
        (**self).resize(bytes)
    }
}

/// Bytes in memory, as a file that is as long as it is.
impl ByteFile for Vec<u8> {
    fn read_at(&self, at: u64, to: &mut [u8]) -> Result<(), Errno> {
        let at = usize::try_from(at).map_err(|_| Errno::EIO)?;
        let end = at.checked_add(to.len()).ok_or(Errno::EIO)?;
        to.copy_from_slice(self.get(at..end).ok_or(Errno::EIO)?);
        Ok(())
    }
    fn write_at(&mut self, at: u64, from: &[u8]) -> Result<(), Errno> {
        let at = usize::try_from(at).map_err(|_| Errno::EIO)?;
        let end = at.checked_add(from.len()).ok_or(Errno::EIO)?;
        self.get_mut(at..end).ok_or(Errno::ENOSPC)?.copy_from_slice(from);
        Ok(())
    }
    fn sync(&mut self) -> Result<(), Errno> {
        Ok(())
    }
    fn size(&self) -> Result<u64, Errno> {
        Ok(self.len() as u64)
    }
    fn resize(&mut self, bytes: u64) -> Result<(), Errno> {
        let bytes = usize::try_from(bytes).map_err(|_| Errno::ENOSPC)?;
        Vec::resize(self, bytes, 0);
        Ok(())
    }
}

/// A file as a medium. Clones share it.
pub struct FileMedium<F>(Rc<RefCell<State<F>>>);

impl<F> Clone for FileMedium<F> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

struct State<F> {
    file: F,
    block: usize,
    /// What blocks held when the run began, of those that it wrote; none where nobody goes back.
    before: Option<RangeMap<DevBlock, Stamped>>,
    /// Bytes on their way; its length never changes, for a vector that grows is filled byte by byte.
    buffer: Box<[u8]>,
    counts: Counts,
}

/// How often the file was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Writes, each of many blocks.
    pub writes: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Times that everything was made durable.
    pub syncs: u64,
}

/// Whether a medium remembers what it overwrote.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remember {
    /// Yes: a run can be made again from its beginning.
    Yes,
    /// No.
    No,
}

impl<F: ByteFile> FileMedium<F> {
    /// Blocks of `block` bytes in a file.
    pub fn new(file: F, block: u64, remember: Remember) -> Self {
        let block = usize::try_from(block).expect("a block is at most a page");
        let before = (remember == Remember::Yes).then(RangeMap::default);
        Self(Rc::new(RefCell::new(State {
            file,
            block,
            before,
            buffer: vec![0; JOINED_MAX].into(),
            counts: Counts::default(),
        })))
    }

    /// A run begins with what the file holds now, in blocks of `block` bytes.
    pub fn begin(&self, block: u64) {
        let mut state = self.0.borrow_mut();
        state.block = usize::try_from(block).expect("a block is at most a page");
        if let Some(before) = &mut state.before {
            *before = RangeMap::default();
        }
    }

    /// Looks at the file.
    pub fn file<R>(&self, look: impl FnOnce(&mut F) -> R) -> R {
        look(&mut self.0.borrow_mut().file)
    }

    /// How often the file was asked.
    pub fn counts(&self) -> Counts {
        self.0.borrow().counts
    }

    /// Every block holds again what it held when the run began.
    ///
    /// # Errors
    /// What the file says.
    pub fn rewind(&self) -> Result<(), Errno> {
        let mut state = self.0.borrow_mut();
        let before: Runs = match &mut state.before {
            Some(before) => std::mem::take(before).iter().map(|(range, stamped)| (range, stamped.clone())).collect(),
            None => return Ok(()),
        };
        state.write(before.iter())?;
        state.file.sync()
    }
}

impl<F: ByteFile> State<F> {
    fn read(&mut self, range: Range<DevBlock>) -> Result<Runs, Errno> {
        let mut runs = Runs::new();
        for part in self.parts(range) {
            let bytes = self.bytes(part.len());
            let bytes = &mut self.buffer[..bytes];
            self.file.read_at(part.start.0 * self.block as u64, bytes)?;
            for (at, block) in part.iter().zip(bytes.chunks_exact(self.block)) {
                let stamped = Stamped { data: Payload::found(block), prov: Prov(0) };
                match runs.last_mut() {
                    Some((run, last)) if *last == stamped => run.end = at + 1,
                    _ => runs.push((Range::sized(at, 1), stamped)),
                }
            }
        }
        Ok(runs)
    }

    /// A range in parts that are read or written at once.
    fn parts(&self, range: Range<DevBlock>) -> impl Iterator<Item = Range<DevBlock>> + use<F> {
        let most = (JOINED_MAX / self.block) as u64;
        let starts = (range.start.0..range.end.0).step_by(JOINED_MAX / self.block);
        starts.map(move |start| Range::new(DevBlock(start), range.end.min(DevBlock(start) + most)))
    }

    /// Bytes of so many blocks, which are in memory.
    fn bytes(&self, blocks: u64) -> usize {
        usize::try_from(blocks).expect("a part is small") * self.block
    }

    /// Keeps what the blocks held, if nothing was kept of them yet.
    fn keep(&mut self, range: Range<DevBlock>) -> Result<(), Errno> {
        let Some(before) = &self.before else { return Ok(()) };
        for gap in before.gaps(range) {
            let held = self.read(gap)?;
            let before = self.before.as_mut().expect("it was there");
            held.into_iter().for_each(|(run, stamped)| before.insert(run, stamped));
        }
        Ok(())
    }

    fn write<'a>(&mut self, runs: impl Iterator<Item = &'a (Range<DevBlock>, Stamped)>) -> Result<(), Errno> {
        // What the buffer holds.
        let mut held = Range::new(DevBlock(0), DevBlock(0));
        for (range, stamped) in runs {
            for part in self.parts(*range) {
                if part.start != held.end || self.bytes(held.len() + part.len()) > JOINED_MAX {
                    self.put(held)?;
                    held = Range::new(part.start, part.start);
                }
                let from = self.bytes(held.len());
                let len = self.bytes(part.len());
                stamped.data.repeat_to(&mut self.buffer[from..from + len], self.block);
                held.end = part.end;
            }
        }
        self.put(held)
    }

    fn put(&mut self, held: Range<DevBlock>) -> Result<(), Errno> {
        if !held.is_empty() {
            let bytes = self.bytes(held.len());
            self.file.write_at(held.start.0 * self.block as u64, &self.buffer[..bytes])?;
            self.counts.writes += 1;
            self.counts.bytes += bytes as u64;
        }
        Ok(())
    }
}

impl<F: ByteFile> Medium for FileMedium<F> {
    fn read(&self, range: Range<DevBlock>) -> Result<Runs, Errno> {
        if range.start >= PACKED {
            return Ok(vec![(range, Stamped::ZERO)]);
        }
        self.0.borrow_mut().read(range)
    }
    fn write(&mut self, runs: &[(Range<DevBlock>, Stamped)]) -> Result<(), Errno> {
        // What lies in compressed pieces is kept in the metadata, beside the device.
        let own = || runs.iter().filter(|(range, _)| range.start < PACKED);
        let mut state = self.0.borrow_mut();
        joined_ranges(own()).try_for_each(|range| state.keep(range))?;
        state.write(own())
    }
    fn sync(&mut self) -> Result<(), Errno> {
        let mut state = self.0.borrow_mut();
        state.counts.syncs += 1;
        state.file.sync()
    }
}

/// What runs cover, neighbours as one.
fn joined_ranges<'a>(
    runs: impl Iterator<Item = &'a (Range<DevBlock>, Stamped)>,
) -> impl Iterator<Item = Range<DevBlock>> {
    let mut runs = runs.map(|(range, _)| *range).peekable();
    std::iter::from_fn(move || {
        let mut whole = runs.next()?;
        while let Some(next) = runs.next_if(|next| next.start == whole.end) {
            whole.end = next.end;
        }
        Some(whole)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(start: u64, count: u64, byte: u8) -> (Range<DevBlock>, Stamped) {
        (Range::sized(DevBlock(start), count), Stamped { data: Payload::Fill(byte), prov: Prov(3) })
    }

    #[test]
    fn neighbours_become_one_write_and_bytes_come_back() {
        let mut medium = FileMedium::new(vec![7_u8; 512 * 16], 512, Remember::No);
        medium.write(&[run(2, 2, 1), run(4, 1, 2), run(8, 1, 3)]).expect("there is room");
        assert_eq!(medium.counts(), Counts { writes: 2, bytes: 4 * 512, syncs: 0 });
        let found = medium.read(Range::sized(DevBlock(1), 4)).expect("it is there");
        let byte = |(range, stamped): &(Range<DevBlock>, Stamped)| (range.len(), stamped.data.byte(0));
        assert_eq!(found.iter().map(byte).collect::<Vec<_>>(), [(1, 7), (2, 1), (1, 2)]);
        assert_eq!(medium.write(&[run(15, 2, 1)]), Err(Errno::ENOSPC));
        assert_eq!(medium.read(Range::sized(DevBlock(15), 2)), Err(Errno::EIO));
    }

    #[test]
    fn what_was_overwritten_can_be_put_back() {
        let before: Vec<u8> = (0..512 * 16_u32).map(|at| u8::try_from(at % 251).expect("small")).collect();
        let mut medium = FileMedium::new(before.clone(), 512, Remember::Yes);
        medium.write(&[run(2, 2, 1)]).expect("there is room");
        medium.write(&[run(3, 6, 2)]).expect("there is room");
        assert_ne!(medium.file(|bytes| bytes.clone()), before);
        medium.rewind().expect("it was there");
        assert_eq!(medium.file(|bytes| bytes.clone()), before);
    }
}
