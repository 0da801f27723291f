//! The folios of one file in order of their pages, found by page.
//!
//! Regions of the largest folio's size, each a sorted list: a folio lies at a multiple of its size, so none lies
//! across an edge of a region. A list is dense where a tree of single folios would be half empty, and in a file that
//! is cached page by page the list's index is the page's.

use super::folio::Folio;
use crate::base::{PageIndex, SortedMap};

/// Pages in a region.
const REGION_PAGES: u64 = super::FOLIO_PAGES_MAX;

/// Folios that do not overlap, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Folios {
    /// By first page in units of [`REGION_PAGES`]; no list is empty.
    regions: SortedMap<u64, Vec<Folio>>,
}

fn region(page: PageIndex) -> u64 {
    page.0 / REGION_PAGES
}

/// Where in a region's list the folio of `page` is, or would be.
fn place(list: &[Folio], page: PageIndex) -> Result<usize, usize> {
    let guess = usize::try_from(page.0 % REGION_PAGES).expect("a region is small");
    if list.get(guess).is_some_and(|folio| folio.index == page) {
        return Ok(guess);
    }
    if list.last().is_none_or(|folio| folio.last_page() < page) {
        return Err(list.len());
    }
    let behind = list.partition_point(|folio| folio.index <= page);
    match behind.checked_sub(1) {
        Some(at) if list[at].last_page() >= page => Ok(at),
        _ => Err(behind),
    }
}

/// The part of a region's list from the folio of `page`, or the first behind it, on.
fn from(list: &[Folio], page: PageIndex) -> usize {
    place(list, page).unwrap_or_else(|at| at)
}

impl Folios {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.regions.is_empty()
    }
    /// The folio that holds `page`.
    pub fn at(&self, page: PageIndex) -> Option<&Folio> {
        let list = self.regions.get(&region(page))?;
        Some(&list[place(list, page).ok()?])
    }
    /// The folio that holds `page`, to be changed.
    pub fn at_mut(&mut self, page: PageIndex) -> Option<&mut Folio> {
        let list = self.regions.get_mut(&region(page))?;
        let at = place(list, page).ok()?;
        Some(&mut list[at])
    }
    /// Adds a folio over pages that have none.
    pub fn insert(&mut self, folio: Folio) {
        assert!(region(folio.index) == region(folio.last_page()), "a folio lies in one region");
        let list = self.regions.entry(region(folio.index)).or_default();
        let at = place(list, folio.index).expect_err("the page has no folio");
        assert!(list.get(at).is_none_or(|next| folio.last_page() < next.index), "invariant 1: folios do not overlap");
        list.insert(at, folio);
    }
    /// Takes away the folio that starts at `index`.
    pub fn remove(&mut self, index: PageIndex) -> Option<Folio> {
        let list = self.regions.get_mut(&region(index))?;
        let at = place(list, index).ok().filter(|at| list[*at].index == index)?;
        let folio = list.remove(at);
        if list.is_empty() {
            self.regions.remove(&region(index));
        }
        Some(folio)
    }
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Folio> {
        self.regions.values().flatten()
    }
    /// Those that hold a page from `first` to `last`.
    pub fn within(&self, first: PageIndex, last: PageIndex) -> impl Iterator<Item = &Folio> {
        let (head, end) = (region(first), region(last));
        // A question about one region, the usual one, is one look into the table.
        let rest = (head < end).then(|| self.regions.range(head + 1..=end).map(|(_, list)| list));
        let lists = self.regions.get(&head).into_iter().chain(rest.into_iter().flatten());
        lists.flat_map(move |list| &list[from(list, first)..]).take_while(move |folio| folio.index <= last)
    }
    /// Changes those that hold a page from `first` to `last`.
    pub fn change_within(&mut self, first: PageIndex, last: PageIndex, mut change: impl FnMut(&mut Folio)) {
        let (head, end) = (region(first), region(last));
        let mut in_list = |list: &mut Vec<Folio>| {
            let from = from(list, first);
            list[from..].iter_mut().take_while(|folio| folio.index <= last).for_each(&mut change);
        };
        if head == end {
            self.regions.get_mut(&head).into_iter().for_each(in_list);
        } else if head < end {
            self.regions.range_mut(head..=end).for_each(|(_, list)| in_list(list));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::FileBlock;

    fn folio(index: u64, pages: u32) -> Folio {
        Folio::new(PageIndex(index), pages, FileBlock(index), pages)
    }

    fn places<'a>(folios: impl Iterator<Item = &'a Folio>) -> Vec<(u64, u32)> {
        folios.map(|folio| (folio.index.0, folio.pages)).collect()
    }

    #[test]
    fn folios_of_all_sizes_are_found_by_every_page() {
        let all = [(0, 1), (1, 1), (4, 4), (512, 512), (1024, 1), (1088, 64), (5000, 8)];
        let mut folios = Folios::default();
        for (index, pages) in [all[4], all[1], all[3], all[6], all[0], all[5], all[2]] {
            folios.insert(folio(index, pages));
        }
        assert_eq!(places(folios.iter()), all);
        for page in 0..6000 {
            let holder = all.iter().find(|(index, pages)| (*index..*index + u64::from(*pages)).contains(&page));
            assert_eq!(folios.at(PageIndex(page)).map(|folio| (folio.index.0, folio.pages)), holder.copied());
        }
        let within = |first, last| places(folios.within(PageIndex(first), PageIndex(last)));
        assert_eq!(within(0, u64::MAX), all);
        assert_eq!(within(5, 512), [(4, 4), (512, 512)]);
        assert_eq!(within(2, 3), []);
        assert_eq!(within(1023, 1087), [(512, 512), (1024, 1)]);
        assert_eq!(within(2000, 4999), []);
        let mut changed = folios.clone();
        changed.change_within(PageIndex(700), PageIndex(1100), |folio| folio.writeback = true);
        let flagged = changed.iter().filter(|folio| folio.writeback);
        assert_eq!(places(flagged), [(512, 512), (1024, 1), (1088, 64)]);
        assert!(folios.remove(PageIndex(600)).is_none(), "no folio starts there");
        for (index, _) in all {
            assert!(folios.remove(PageIndex(index)).is_some());
        }
        assert!(folios.is_empty());
    }
}
