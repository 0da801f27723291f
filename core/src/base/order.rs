//! One sort for all lists. The standard one is compiled again for every type, kilobytes of the page each time.

/// Puts a list in the order of its keys; of equal ones the first stays first.
pub fn order_by<T>(list: &mut [T], key: impl Fn(&T) -> u64) {
    if list.len() < 2 {
        return;
    }
    let mut places: Vec<(u64, usize)> = list.iter().map(key).zip(0..).collect();
    places.sort_unstable();
    for at in 0..list.len() {
        // What belongs here may have made room for another one before.
        let mut from = places[at].1;
        while from < at {
            from = places[from].1;
        }
        list.swap(at, from);
    }
}

#[cfg(test)]
mod tests {
    use super::order_by;

    #[test]
    fn it_is_a_stable_sort() {
        for len in [0, 1, 2, 3, 10, 100, 1000] {
            // Powers of a primitive root come in no order.
            let mut power = 1_u64;
            let mut key = || {
                power = power * 7919 % 1_000_003;
                power % (len / 3 + 1)
            };
            let mut list: Vec<(u64, u64)> = (0..len).map(|at| (key(), at)).collect();
            let mut twin = list.clone();
            twin.sort_by_key(|(key, _)| *key);
            order_by(&mut list, |(key, _)| *key);
            assert_eq!(list, twin);
        }
    }
}
