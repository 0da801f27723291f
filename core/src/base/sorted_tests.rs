//! The map beside the standard library's.

use super::{SortedMap, SortedSet};
use std::collections::BTreeMap;

/// Numbers that follow from the ones before.
fn numbers(mut state: u64) -> impl FnMut(u64) -> u64 {
    move |bound| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % bound
    }
}

fn same(map: &SortedMap<u64, u64>, twin: &BTreeMap<u64, u64>) {
    map.verify();
    assert!(map.iter().eq(twin.iter()));
    assert!(map.iter().rev().eq(twin.iter().rev()));
    assert_eq!(map.first_key_value(), twin.first_key_value());
    assert_eq!(map.last_key_value(), twin.last_key_value());
    assert_eq!(map.len(), twin.len());
}

#[test]
fn it_equals_the_standard_map() {
    let mut next = numbers(7);
    // Few keys, and enough for many short lists.
    for keys in [5, 60, 2_000] {
        let (mut map, mut twin) = (SortedMap::new(), BTreeMap::new());
        for round in 0..6_000 {
            let (key, value) = (next(keys), next(100));
            match next(if round % 1_000 < 700 { 6 } else { 14 }) {
                0 | 1 => assert_eq!(map.insert(key, value), twin.insert(key, value)),
                2 => {
                    *map.entry(key).or_insert(3) += value;
                    *twin.entry(key).or_insert(3) += value;
                }
                3 => assert_eq!(map.get(&key), twin.get(&key)),
                4 => assert_eq!(map.get_mut(&key), twin.get_mut(&key)),
                5 => assert_eq!(map.contains_key(&key), twin.contains_key(&key)),
                _ => assert_eq!(map.remove(&key), twin.remove(&key)),
            }
            let (from, to) = (next(keys), next(keys));
            if from <= to {
                assert!(map.range(from..to).eq(twin.range(from..to)), "{from}..{to}");
                assert!(map.range(from..=to).rev().eq(twin.range(from..=to).rev()), "{from}..={to}");
            }
            assert!(map.range(..from).next_back() == twin.range(..from).next_back());
            assert!(map.range(from..).next() == twin.range(from..).next());
            if round % 97 == 0 {
                same(&map, &twin);
            }
        }
    }
}

#[test]
fn parts_equal_those_of_the_standard_map() {
    let mut next = numbers(11);
    for round in 0..200 {
        let entries: Vec<(u64, u64)> = (0..next(400)).map(|_| (next(500), next(9))).collect();
        let mut map: SortedMap<u64, u64> = entries.iter().copied().collect();
        let mut twin: BTreeMap<u64, u64> = entries.iter().copied().collect();
        same(&map, &twin);
        assert_eq!(map, twin.iter().rev().map(|(key, value)| (*key, *value)).collect(), "round {round}");
        let (from, len) = (next(500), next(200));
        map.range_mut(from..from + len).for_each(|(key, value)| *value += key);
        twin.range_mut(from..from + len).for_each(|(key, value)| *value += key);
        assert_eq!(map.range_mut(..from).next_back(), twin.range_mut(..from).next_back());
        same(&map, &twin);
        match round % 3 {
            0 => {
                map.retain(|key, _| key % 3 == 0);
                twin.retain(|key, _| key % 3 == 0);
            }
            1 => {
                let taken = map.extract_if(from..from + len, |key, _| key % 2 == 0);
                assert_eq!(taken, twin.extract_if(from..from + len, |key, _| key % 2 == 0).collect::<Vec<_>>());
            }
            _ => {
                while let Some(first) = map.pop_first() {
                    assert_eq!(Some(first), twin.pop_first());
                    same(&map, &twin);
                }
            }
        }
        same(&map, &twin);
    }
}

#[test]
fn what_grows_at_its_end_lies_in_full_lists() {
    let map: SortedMap<u64, u64> = (0..1_000).map(|key| (key, 0)).collect();
    assert_eq!(map.lists.len(), 1_000_usize.div_ceil(SortedMap::<u64, u64>::LIMIT));
}

#[test]
fn a_set_knows_its_keys() {
    let mut set: SortedSet<u64> = [3, 1, 2].into_iter().collect();
    assert!(!set.insert(3) && set.insert(9) && set.contains(&9));
    assert!(set.remove(&1) && !set.remove(&1));
    assert_eq!(set.iter().copied().collect::<Vec<_>>(), [2, 3, 9]);
    assert_eq!((set.pop_first(), set.last(), set.len()), (Some(2), Some(&9), 2));
    assert_eq!(set.into_iter().collect::<Vec<_>>(), [3, 9]);
}
