//! Which pages a read brings in besides those it asks for.
//!
//! Mirrors `page_cache_sync_ra`, `page_cache_async_ra`, `page_cache_ra_order` and `do_sync_mmap_readahead` of
//! Linux 6.16. Recordings: 008, 047, 119, 215 and the other random ones with reads.

use crate::base::PageIndex;

/// Pages of the largest window (`bdi->ra_pages` of the recordings' loop device; recording 215 shows that the second
/// window is four times the first, which needs more than 64).
pub const WINDOW_MAX: u64 = 1024;

/// The readahead state of an open file (`struct file_ra_state`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Readahead {
    start: u64,
    size: u64,
    async_size: u64,
    order: u32,
    /// The page that the last read ended in.
    previous: Option<u64>,
    /// The page whose folio carries the mark.
    mark: Option<PageIndex>,
}

/// Pages to bring in, and the page whose use brings in the next window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// First page.
    pub start: PageIndex,
    /// Pages.
    pub pages: u64,
    /// Folios are at most 2^order pages.
    pub order: u32,
    /// The folio with this page carries the mark, if any does.
    pub mark: Option<PageIndex>,
}

impl Readahead {
    /// A page is missing: `wanted` pages from `index` on are asked for, and `cached_before` pages in front of it are
    /// in memory, from the file's first page on if `from_start`.
    pub fn missing(&mut self, index: PageIndex, wanted: u64, cached_before: u64, from_start: bool) -> Window {
        let sequential = self.previous.is_some_and(|previous| index.0.wrapping_sub(previous) <= 1);
        if index.0 == 0 || wanted > WINDOW_MAX || sequential {
            self.start = index.0;
            self.size = initial_size(wanted);
            self.async_size = if self.size > wanted { self.size - wanted } else { self.size / 2 };
            self.order = 0;
            return self.window();
        }
        if cached_before <= wanted {
            return Window { start: index, pages: wanted, order: 0, mark: None };
        }
        let history = if from_start { cached_before * 2 } else { cached_before };
        self.start = index.0;
        self.size = (history + wanted).min(WINDOW_MAX);
        self.async_size = 1;
        self.order = 0;
        self.window()
    }

    /// The marked folio at `index` was used: the next window.
    pub fn marked(&mut self, index: PageIndex, folio_pages: u64, wanted: u64) -> Window {
        let expected = (self.start + self.size - self.async_size) / folio_pages * folio_pages;
        if index.0 == expected && self.size > 0 {
            self.start += self.size;
            self.size = next_size(self.size);
            self.order += 2;
        } else {
            self.start = index.0 + folio_pages;
            self.size = next_size((self.start - index.0 + wanted).min(WINDOW_MAX));
            self.order = 0;
        }
        // A window that is read ahead ends where a folio of its order would (`page_cache_async_ra`).
        let end = (self.start + self.size) >> self.order << self.order;
        if end > self.start {
            self.size = end - self.start;
        }
        self.async_size = self.size;
        self.window()
    }

    /// A fault through a mapping missed `index`: pages around it.
    pub fn fault(&mut self, index: PageIndex) -> Window {
        self.start = index.0.saturating_sub(WINDOW_MAX / 2);
        self.size = WINDOW_MAX;
        self.async_size = WINDOW_MAX / 4;
        self.order = 0;
        self.window()
    }

    /// Whether the folio at `index` carries the mark; using it takes the mark off.
    pub fn used(&mut self, index: PageIndex, pages: u64) -> bool {
        let marked = self.mark.is_some_and(|mark| index <= mark && mark.0 < index.0 + pages);
        if marked {
            self.mark = None;
        }
        marked
    }

    /// A window is in the cache: its mark counts now.
    pub fn brought_in(&mut self, window: Window) {
        if window.mark.is_some() {
            self.mark = window.mark;
        }
    }

    /// A read ended in this page.
    pub fn ended(&mut self, page: PageIndex) {
        self.previous = Some(page.0);
    }

    fn window(&self) -> Window {
        let mark = self.start + self.size - self.async_size;
        Window {
            start: PageIndex(self.start),
            pages: self.size,
            order: self.order,
            mark: (self.async_size > 0).then_some(PageIndex(mark)),
        }
    }
}

/// `get_init_ra_size`.
fn initial_size(wanted: u64) -> u64 {
    let size = wanted.max(1).next_power_of_two();
    if size <= WINDOW_MAX / 32 {
        size * 4
    } else if size <= WINDOW_MAX / 4 {
        size * 2
    } else {
        WINDOW_MAX
    }
}

/// `get_next_ra_size`.
fn next_size(size: u64) -> u64 {
    if size < WINDOW_MAX / 16 {
        size * 4
    } else if size <= WINDOW_MAX / 2 {
        size * 2
    } else {
        WINDOW_MAX
    }
}

impl Window {
    /// The folios of the window in order (first page, pages), none past `last`, the file's last page.
    ///
    /// A folio is as large as the order, its alignment and the end allow.
    pub fn folios(&self, last: PageIndex) -> Vec<(PageIndex, u32)> {
        let limit = (self.start.0 + self.pages - 1).min(last.0);
        let order = self.order.min(self.pages.max(1).ilog2()).min(9);
        let mut folios = Vec::new();
        let mut at = self.start.0;
        while at <= limit {
            let mut order = if at == 0 { order } else { order.min(at.trailing_zeros()) };
            while order > 0 && at + (1 << order) - 1 > limit {
                order -= 1;
            }
            folios.push((PageIndex(at), 1 << order));
            at += 1 << order;
        }
        folios
    }
}
