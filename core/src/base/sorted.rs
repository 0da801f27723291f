//! An ordered map and set that are small: in code, in steps of a search, in memory.
//!
//! The standard library's tree is compiled again for every type of entry, and the page pays for each: it was a sixth of
//! all code. This one is a list of short sorted lists. A search is two halvings, an insertion moves part of one short list.
//!
//! Rules:
//! (1) no short list is empty;
//! (2) none is longer than the limit of its type;
//! (3) keys rise, inside a short list and from one to the next.

use serde::{Serialize, Serializer};
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::ops::{Bound, Index, RangeBounds};

/// Keys in order, each with a value.
#[derive(Clone)]
pub struct SortedMap<K, V> {
    lists: Vec<Vec<(K, V)>>,
    len: usize,
}

/// Where an entry is, or would be: the short list, and the place in it.
type At = (usize, usize);

/// How many of the entries, from the first on, are before something. They are the first ones.
fn before<T>(list: &[T], is_before: impl Fn(&T) -> bool) -> usize {
    let (mut from, mut to) = (0, list.len());
    while from < to {
        let middle = (from + to) / 2;
        if is_before(&list[middle]) { from = middle + 1 } else { to = middle }
    }
    from
}

impl<K, V> SortedMap<K, V> {
    /// The most entries of a short list: about a KiB.
    const LIMIT: usize = match 1024 / (size_of::<(K, V)>() + 1) {
        0..8 => 8,
        many @ 8..64 => many,
        _ => 64,
    };

    /// An empty map.
    pub const fn new() -> Self {
        Self { lists: Vec::new(), len: 0 }
    }
    /// Entries.
    pub fn len(&self) -> usize {
        self.len
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::new();
    }
    /// All entries in order.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter { lists: &self.lists, from: (0, 0), to: (self.lists.len(), 0) }
    }
    /// All entries in order, the values to be changed.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&K, &mut V)> {
        self.lists.iter_mut().flatten().map(|(key, value)| (&*key, value))
    }
    /// The keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.iter().map(|(key, _)| key)
    }
    /// The values in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + Clone {
        self.iter().map(|(_, value)| value)
    }
    /// The values in the order of their keys, to be changed.
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut V> {
        self.lists.iter_mut().flatten().map(|(_, value)| value)
    }
    /// The values in the order of their keys.
    pub fn into_values(self) -> impl Iterator<Item = V> {
        self.into_iter().map(|(_, value)| value)
    }
    /// The first entry.
    pub fn first_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next()
    }
    /// The last entry.
    pub fn last_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next_back()
    }
    /// Takes the first entry out.
    pub fn pop_first(&mut self) -> Option<(K, V)> {
        (self.len > 0).then(|| self.take((0, 0)))
    }
    /// Forgets the entries that `keep` does not keep.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.lists.iter_mut().for_each(|list| list.retain_mut(|(key, value)| keep(key, value)));
        self.settle();
    }

    /// After lists lost entries.
    fn settle(&mut self) {
        self.lists.retain(|list| !list.is_empty());
        self.len = self.lists.iter().map(Vec::len).sum();
    }

    fn put(&mut self, (mut list, mut at): At, entry: (K, V)) -> &mut V {
        if self.lists.is_empty() {
            self.lists.push(Vec::new());
        }
        if self.lists[list].len() == Self::LIMIT {
            // What grows at its end leaves full lists behind.
            let grows = at == Self::LIMIT && list + 1 == self.lists.len();
            let stay = if grows { Self::LIMIT } else { Self::LIMIT / 2 };
            let moved = self.lists[list].split_off(stay);
            self.lists.insert(list + 1, moved);
            if grows || at > stay {
                (list, at) = (list + 1, at - stay);
            }
        }
        self.len += 1;
        self.lists[list].insert(at, entry);
        &mut self.lists[list][at].1
    }

    fn take(&mut self, (list, at): At) -> (K, V) {
        self.len -= 1;
        let entry = self.lists[list].remove(at);
        let left = self.lists[list].len();
        if left == 0 {
            self.lists.remove(list);
        } else if left < Self::LIMIT / 4 && self.lists.len() > 1 {
            let first = list.min(self.lists.len() - 2);
            if self.lists[first].len() + self.lists[first + 1].len() <= Self::LIMIT / 2 {
                let second = self.lists.remove(first + 1);
                self.lists[first].extend(second);
            }
        }
        entry
    }
}

impl<K: Ord, V> SortedMap<K, V> {
    /// Where the first entry is that is not before the key; behind the key itself if `after`.
    fn bound<Q: Ord + ?Sized>(&self, key: &Q, after: bool) -> At
    where
        K: Borrow<Q>,
    {
        let is_before = |other: &K| match other.borrow().cmp(key) {
            Ordering::Less => true,
            Ordering::Equal => after,
            Ordering::Greater => false,
        };
        let list = before(&self.lists, |list| is_before(&list[0].0)).saturating_sub(1);
        let at = self.lists.get(list).map_or(0, |list| before(list, |(key, _)| is_before(key)));
        (list, at)
    }

    /// Where the key is, or belongs.
    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<At, At>
    where
        K: Borrow<Q>,
    {
        let at = self.bound(key, false);
        match self.lists.get(at.0).and_then(|list| list.get(at.1)) {
            Some((found, _)) if found.borrow() == key => Ok(at),
            Some(_) => Err(at),
            // It may be the first one of the next list.
            None => match self.lists.get(at.0 + 1) {
                Some(list) if list[0].0.borrow() == key => Ok((at.0 + 1, 0)),
                _ => Err(at),
            },
        }
    }

    /// Whether the key is there.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_ok()
    }
    /// The key's value.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok().map(|(list, at)| &self.lists[list][at].1)
    }
    /// The key's value, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok().map(|(list, at)| &mut self.lists[list][at].1)
    }
    /// Gives the key this value; returns the one it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok((list, at)) => Some(std::mem::replace(&mut self.lists[list][at].1, value)),
            Err(at) => {
                self.put(at, (key, value));
                None
            }
        }
    }
    /// Takes the key out.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        Some(self.take(at).1)
    }
    /// The key's place, to look at and to fill with one search.
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        Entry { found: self.find(&key), map: self, key }
    }

    fn ends<Q: Ord + ?Sized>(&self, range: &impl RangeBounds<Q>) -> (At, At)
    where
        K: Borrow<Q>,
    {
        let from = match range.start_bound() {
            Bound::Unbounded => (0, 0),
            Bound::Included(start) => self.bound(start, false),
            Bound::Excluded(start) => self.bound(start, true),
        };
        let to = match range.end_bound() {
            Bound::Unbounded => (self.lists.len(), 0),
            Bound::Included(end) => self.bound(end, true),
            Bound::Excluded(end) => self.bound(end, false),
        };
        (from, to.max(from))
    }
    /// The entries whose keys are in the range, in order. A range that ends before it starts is empty.
    pub fn range<Q: Ord + ?Sized>(&self, range: impl RangeBounds<Q>) -> Iter<'_, K, V>
    where
        K: Borrow<Q>,
    {
        let (from, to) = self.ends(&range);
        Iter { lists: &self.lists, from, to }
    }
    /// The same, the values to be changed.
    pub fn range_mut<Q: Ord + ?Sized>(
        &mut self,
        range: impl RangeBounds<Q>,
    ) -> impl DoubleEndedIterator<Item = (&K, &mut V)>
    where
        K: Borrow<Q>,
    {
        let (from, to) = self.ends(&range);
        let lists = self.lists.iter_mut().enumerate().skip(from.0).take(to.0 + 1 - from.0);
        let inside = lists.flat_map(move |(list, entries)| {
            let start = if list == from.0 { from.1 } else { 0 };
            let end = if list == to.0 { to.1 } else { entries.len() };
            &mut entries[start..end]
        });
        inside.map(|(key, value)| (&*key, value))
    }
    /// The last entry before the key, or at it if `included`.
    pub fn last_mut<Q: Ord + ?Sized>(&mut self, key: &Q, included: bool) -> Option<(&K, &mut V)>
    where
        K: Borrow<Q>,
    {
        // All lists before this one are before the key, and only the first can have nothing that is.
        let (list, at) = self.bound(key, included);
        let (key, value) = self.lists.get_mut(list)?.get_mut(at.checked_sub(1)?)?;
        Some((key, value))
    }
    /// Takes out the entries of the range that `take` takes.
    pub fn extract_if<R: RangeBounds<K>>(&mut self, range: R, mut take: impl FnMut(&K, &mut V) -> bool) -> Vec<(K, V)> {
        let mut taken = Vec::new();
        for list in &mut self.lists {
            taken.extend(list.extract_if(.., |(key, value)| range.contains(key) && take(key, value)));
        }
        self.settle();
        taken
    }

    /// Checks the numbered rules.
    #[cfg(test)]
    fn verify(&self) {
        assert!(self.lists.iter().all(|list| !list.is_empty() && list.len() <= Self::LIMIT));
        assert!(self.keys().zip(self.keys().skip(1)).all(|(one, next)| one < next));
        assert_eq!(self.len, self.keys().count());
    }
}

/// A key's place.
pub struct Entry<'a, K, V> {
    map: &'a mut SortedMap<K, V>,
    key: K,
    found: Result<At, At>,
}

impl<'a, K: Ord, V> Entry<'a, K, V> {
    /// The key's value; it is made if there is none.
    pub fn or_insert_with(self, make: impl FnOnce() -> V) -> &'a mut V {
        match self.found {
            Ok((list, at)) => &mut self.map.lists[list][at].1,
            Err(at) => self.map.put(at, (self.key, make())),
        }
    }
    /// The key's value, this one if there is none.
    pub fn or_insert(self, value: V) -> &'a mut V {
        self.or_insert_with(|| value)
    }
    /// The key's value, an empty one if there is none.
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }
}

/// Entries in order.
pub struct Iter<'a, K, V> {
    lists: &'a [Vec<(K, V)>],
    from: At,
    to: At,
}

impl<K, V> Clone for Iter<'_, K, V> {
    fn clone(&self) -> Self {
        Self { lists: self.lists, from: self.from, to: self.to }
    }
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);
    fn next(&mut self) -> Option<Self::Item> {
        while self.from < self.to {
            let (list, at) = self.from;
            if let Some((key, value)) = self.lists[list].get(at) {
                self.from.1 = at + 1;
                return Some((key, value));
            }
            self.from = (list + 1, 0);
        }
        None
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, None)
    }
}

impl<K, V> DoubleEndedIterator for Iter<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        while self.from < self.to {
            let (list, at) = self.to;
            if at > 0 {
                self.to.1 = at - 1;
                let (key, value) = &self.lists[list][at - 1];
                return Some((key, value));
            }
            self.to = (list - 1, self.lists[list - 1].len());
        }
        None
    }
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for SortedMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl<K: Eq, V: Eq> Eq for SortedMap<K, V> {}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for SortedMap<K, V> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Serialize, V: Serialize> Serialize for SortedMap<K, V> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self)
    }
}

impl<K: Ord, V> Extend<(K, V)> for SortedMap<K, V> {
    fn extend<T: IntoIterator<Item = (K, V)>>(&mut self, entries: T) {
        entries.into_iter().for_each(|(key, value)| drop(self.insert(key, value)));
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for SortedMap<K, V> {
    fn from_iter<T: IntoIterator<Item = (K, V)>>(entries: T) -> Self {
        let mut map = Self::new();
        map.extend(entries);
        map
    }
}

impl<K, V> IntoIterator for SortedMap<K, V> {
    type Item = (K, V);
    type IntoIter = std::iter::Flatten<std::vec::IntoIter<Vec<(K, V)>>>;
    fn into_iter(self) -> Self::IntoIter {
        self.lists.into_iter().flatten()
    }
}

impl<'a, K, V> IntoIterator for &'a SortedMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<K: Ord + Borrow<Q>, Q: Ord + ?Sized, V> Index<&Q> for SortedMap<K, V> {
    type Output = V;
    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("the map has the key")
    }
}

/// Keys in order.
#[derive(Clone, PartialEq, Eq)]
pub struct SortedSet<K>(SortedMap<K, ()>);

impl<K: Ord> SortedSet<K> {
    /// An empty set.
    pub const fn new() -> Self {
        Self(SortedMap::new())
    }
    /// Keys.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.0.clear();
    }
    /// All keys in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.0.keys()
    }
    /// The keys in the range, in order.
    pub fn range<Q: Ord + ?Sized>(&self, range: impl RangeBounds<Q>) -> impl DoubleEndedIterator<Item = &K>
    where
        K: Borrow<Q>,
    {
        self.0.range(range).map(|(key, ())| key)
    }
    /// Whether the key is there.
    pub fn contains<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.contains_key(key)
    }
    /// Puts a key in; whether it is new.
    pub fn insert(&mut self, key: K) -> bool {
        self.0.insert(key, ()).is_none()
    }
    /// Takes a key out; whether it was there.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.remove(key).is_some()
    }
    /// The keys that the other set has not, in order.
    pub fn difference<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a K> {
        let mut others = other.iter().peekable();
        self.iter().filter(move |key| {
            while others.next_if(|other| other < key).is_some() {}
            others.peek() != Some(key)
        })
    }
    /// The last key.
    pub fn last(&self) -> Option<&K> {
        self.0.last_key_value().map(|(key, ())| key)
    }
    /// Takes the first key out.
    pub fn pop_first(&mut self) -> Option<K> {
        self.0.pop_first().map(|(key, ())| key)
    }
    /// Forgets the keys that `keep` does not keep.
    pub fn retain(&mut self, mut keep: impl FnMut(&K) -> bool) {
        self.0.retain(|key, ()| keep(key));
    }
}

impl<K> Default for SortedSet<K> {
    fn default() -> Self {
        Self(SortedMap::new())
    }
}

impl<K: fmt::Debug> fmt::Debug for SortedSet<K> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_set().entries(self.0.keys()).finish()
    }
}

impl<K: Ord> Extend<K> for SortedSet<K> {
    fn extend<T: IntoIterator<Item = K>>(&mut self, keys: T) {
        self.0.extend(keys.into_iter().map(|key| (key, ())));
    }
}

impl<K: Ord> FromIterator<K> for SortedSet<K> {
    fn from_iter<T: IntoIterator<Item = K>>(keys: T) -> Self {
        let mut set = Self::new();
        set.extend(keys);
        set
    }
}

impl<K> IntoIterator for SortedSet<K> {
    type Item = K;
    type IntoIter = std::iter::Map<<SortedMap<K, ()> as IntoIterator>::IntoIter, fn((K, ())) -> K>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().map(|(key, ())| key)
    }
}

#[cfg(test)]
#[path = "sorted_tests.rs"]
mod tests;
