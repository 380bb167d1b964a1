//! Which of a subscriber's slots a track gets. A track that is wanted already stays where it is: a picture must
//! not jump from element to element because another one came or went.

/// Puts what is wanted, most wanted first, into slots. Returns what each slot holds from now on.
pub(crate) fn seat<K: Copy + PartialEq>(before: &[Option<K>], wanted: &[K]) -> Vec<Option<K>> {
    let wanted = &wanted[..wanted.len().min(before.len())];
    let mut seats: Vec<Option<K>> =
        before.iter().map(|held| held.filter(|key| wanted.contains(key))).collect();
    let mut free = (0..seats.len()).filter(|index| seats[*index].is_none()).collect::<Vec<_>>().into_iter();
    for key in wanted {
        if !seats.contains(&Some(*key))
            && let Some(index) = free.next()
        {
            seats[index] = Some(*key);
        }
    }
    seats
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn who_is_there_stays_and_newcomers_take_what_is_free() {
        assert_eq!(seat(&[Some('a'), None, Some('b')], &['b', 'c', 'd']), [Some('c'), Some('d'), Some('b')]);
        assert_eq!(seat(&[Some('a'), Some('b')], &['c', 'a', 'b']), [Some('a'), Some('c')]);
    }

    proptest! {
        #[test]
        fn the_most_wanted_are_seated_once_and_nobody_moves(
            before in proptest::collection::vec(proptest::option::of(0..20u8), 0..8),
            wanted in proptest::collection::hash_set(0..20u8, 0..12),
        ) {
            let mut seen = std::collections::HashSet::new();
            let before: Vec<_> = before.into_iter().map(|key| key.filter(|key| seen.insert(*key))).collect();
            let wanted: Vec<u8> = wanted.into_iter().collect();
            let seats = seat(&before, &wanted);
            let mut held: Vec<u8> = seats.iter().flatten().copied().collect();
            let mut best: Vec<u8> = wanted.iter().copied().take(before.len()).collect();
            for (was, is) in before.iter().zip(&seats) {
                if let Some(key) = was && best.contains(key) {
                    prop_assert_eq!(*is, Some(*key));
                }
            }
            held.sort_unstable();
            best.sort_unstable();
            prop_assert_eq!(held, best);
        }
    }
}
