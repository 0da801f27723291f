//! `pwrite` and `pread`: one call per chunk, until an error or a short count.

use std::fs::File;
use std::io;

use extentscope_core::scenario::script::{Pread, Pwrite};

use super::calls::Answer;
use super::errors::name;
use super::mount::Mounted;
use super::sys;

const PAGE: usize = 4096;

/// Memory that O_DIRECT takes: it begins at a page.
struct Aligned {
    bytes: Vec<u8>,
    skip: usize,
    len: usize,
}

impl Aligned {
    fn new(len: u64, fill: u8) -> Self {
        let len = usize::try_from(len).expect("the language limits what one call may move");
        let bytes = vec![fill; len + PAGE];
        let skip = bytes.as_ptr().align_offset(PAGE).min(PAGE);
        Self { bytes, skip, len }
    }
    fn bytes(&mut self) -> &mut [u8] {
        &mut self.bytes[self.skip..self.skip + self.len]
    }
}

/// O_DIRECT for one command.
struct Direct<'f>(Option<&'f File>);

impl<'f> Direct<'f> {
    fn on(file: &'f File, wanted: bool) -> io::Result<Self> {
        if wanted {
            sys::set_direct(file, true)?;
        }
        Ok(Self(wanted.then_some(file)))
    }
}

impl Drop for Direct<'_> {
    fn drop(&mut self) {
        if let Some(file) = self.0 {
            sys::set_direct(file, false).expect("a flag that could be set can be taken away");
        }
    }
}

/// `pwrite`.
pub fn write(at: &Mounted, ask: &Pwrite) -> io::Result<Answer> {
    const DSYNC: i32 = 0x2;
    const NOWAIT: i32 = 0x8;
    let flags = if ask.dsync { DSYNC } else { 0 } | if ask.nowait { NOWAIT } else { 0 };
    let asked = u64::try_from(ask.range.len).unwrap_or(0);
    let mut buffer = Aligned::new(ask.chunk.min(asked), ask.fill);
    let (mut total, mut err) = (0, None);
    let file = &at.current()?.file;
    let direct = match Direct::on(file, ask.direct) {
        Ok(direct) => direct,
        Err(error) => return Ok(Answer::partial(0, Some(name(&error)))),
    };
    while total < asked {
        let part = ask.chunk.min(asked - total);
        let off = ask.range.off.saturating_add(i64::try_from(total).unwrap_or(i64::MAX));
        let len = usize::try_from(part).expect("a chunk fits memory");
        match sys::write_at(file, &buffer.bytes()[..len], off, flags) {
            Err(error) => err = Some(name(&error)),
            Ok(done) => {
                total += done;
                err = (done < part).then(|| "SHORT".to_owned());
            }
        }
        if err.is_some() || ask.once {
            break;
        }
    }
    drop(direct);
    if err.is_none() && ask.fsync {
        err = file.sync_all().err().map(|error| name(&error));
    }
    if err.is_none() && ask.fdatasync {
        err = file.sync_data().err().map(|error| name(&error));
    }
    Ok(Answer::partial(total, err))
}

/// `pread`. The bytes are compared with what the file should hold.
pub fn read(at: &mut Mounted, ask: &Pread) -> io::Result<Answer> {
    let asked = u64::try_from(ask.range.len).unwrap_or(0);
    let mut buffer = Aligned::new(ask.chunk.min(asked), 0);
    let (mut total, mut err, mut mismatch) = (0, None, false);
    let opened = at.current()?;
    let name_of_file = opened.name.clone();
    // A second handle on the same open file, since what it should hold is changed beside it.
    let file = opened.file.try_clone()?;
    let direct = Direct::on(&file, ask.direct)?;
    while total < asked {
        let part = ask.chunk.min(asked - total);
        let off = ask.range.off.saturating_add(i64::try_from(total).unwrap_or(i64::MAX));
        let len = usize::try_from(part).expect("a chunk fits memory");
        match sys::read_at(&file, &mut buffer.bytes()[..len], off) {
            Err(error) => {
                err = Some(name(&error));
                break;
            }
            Ok(done) => {
                let got = &buffer.bytes()[..usize::try_from(done).expect("at most what was asked")];
                let content = at.expected.file(&name_of_file);
                mismatch |= !content.is_unknown() && !content.holds(u64::try_from(off).unwrap_or(0), got);
                total += done;
                if done < part {
                    break;
                }
            }
        }
    }
    drop(direct);
    Ok(Answer { mismatch, ..Answer::partial(total, err) })
}
