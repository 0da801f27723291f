//! Which pages a read brings in besides those it asks for.
//!
//! Mirrors `page_cache_sync_ra`, `page_cache_async_ra`, `page_cache_ra_order` and `do_sync_mmap_readahead` of
//! Linux 6.16 and 6.18. Recordings: 008, 047, 119, 213, 215, 220 and the other random ones with reads.

use crate::base::PageIndex;
use crate::personality::plan::{ReadaheadOrders, ReadaheadPlan};

/// The order of the largest folio.
const ORDER_MAX: u32 = super::FOLIO_PAGES_MAX.ilog2();

/// The readahead state of a file (`struct file_ra_state`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Readahead {
    start: u64,
    size: u64,
    async_size: u64,
    order: u32,
    /// The page that the last read ended in.
    previous: Option<u64>,
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

/// The order of the first window's folios.
fn first_order(plan: ReadaheadPlan) -> u32 {
    match plan.orders {
        ReadaheadOrders::GrowWithWindow => 0,
        ReadaheadOrders::Single => 0,
        ReadaheadOrders::GrowWithFolio => 2,
    }
}

impl Readahead {
    /// A page is missing: `wanted` pages from `index` on are asked for, and `cached_before` pages right in front of
    /// it are in memory.
    pub fn missing(&mut self, plan: ReadaheadPlan, index: PageIndex, wanted: u64, cached_before: u64) -> Window {
        let sequential = self.previous.is_some_and(|previous| index.0.wrapping_sub(previous) <= 1);
        if index.0 == 0 || wanted > plan.pages || sequential {
            self.start = index.0;
            self.size = initial_size(wanted, plan.pages);
            self.async_size = if self.size > wanted { self.size - wanted } else { self.size / 2 };
        } else if cached_before <= wanted {
            // Small and random: as asked, and the state stays.
            return Window { start: index, pages: wanted, order: 0, mark: None };
        } else {
            let from_start = cached_before == index.0;
            let history = if from_start { cached_before * 2 } else { cached_before };
            self.start = index.0;
            self.size = (history + wanted).min(plan.pages);
            self.async_size = 1;
        }
        self.order = first_order(plan);
        self.window()
    }

    /// The marked folio at `index` was used: the next window.
    pub fn marked(&mut self, plan: ReadaheadPlan, index: PageIndex, folio_pages: u64, wanted: u64) -> Window {
        let expected = (self.start + self.size).saturating_sub(self.async_size) / folio_pages * folio_pages;
        if index.0 == expected && self.size > 0 {
            self.start += self.size;
            self.size = next_size(self.size, plan.pages);
        } else {
            self.start = index.0 + folio_pages;
            self.size = next_size((folio_pages + wanted).min(plan.pages), plan.pages);
            self.order = 0;
        }
        match plan.orders {
            ReadaheadOrders::GrowWithWindow => {
                self.order += 2;
                // A window that is read ahead ends where a folio of its order would.
                let end = (self.start + self.size) >> self.order << self.order;
                if end > self.start {
                    self.size = end - self.start;
                }
            }
            ReadaheadOrders::Single => self.order = 0,
            ReadaheadOrders::GrowWithFolio => self.order = folio_pages.ilog2() + 2,
        }
        self.async_size = self.size;
        self.window()
    }

    /// A fault through a mapping missed `index`: pages around it.
    pub fn fault(&mut self, plan: ReadaheadPlan, index: PageIndex) -> Window {
        self.start = index.0.saturating_sub(plan.fault_pages / 2);
        self.size = plan.fault_pages;
        self.async_size = plan.fault_pages / 4;
        self.order = first_order(plan);
        self.window()
    }

    /// A read ended in this page.
    pub fn ended(&mut self, page: PageIndex) {
        self.previous = Some(page.0);
    }

    fn window(&mut self) -> Window {
        // `page_cache_ra_order` stores the order that it uses: it never outgrows the window.
        self.order = self.order.min(ORDER_MAX).min(self.size.max(1).ilog2());
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
fn initial_size(wanted: u64, most: u64) -> u64 {
    let size = wanted.max(1).next_power_of_two();
    if size <= most / 32 {
        size * 4
    } else if size <= most / 4 {
        size * 2
    } else {
        most
    }
}

/// `get_next_ra_size`.
fn next_size(size: u64, most: u64) -> u64 {
    if size < most / 16 {
        size * 4
    } else if size <= most / 2 {
        size * 2
    } else {
        most
    }
}

impl Window {
    /// The folios of the window in order (first page, pages), none past `last`, the file's last page.
    ///
    /// A folio is as large as the order, its alignment and the end allow.
    pub fn folios(&self, last: PageIndex) -> Vec<(PageIndex, u32)> {
        let mut folios = Vec::new();
        if self.pages == 0 {
            return folios;
        }
        let limit = (self.start.0 + self.pages - 1).min(last.0);
        let order = self.order.min(self.pages.ilog2()).min(ORDER_MAX);
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
