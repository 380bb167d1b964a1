use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn no_number_is_claimed_twice(steps in proptest::collection::vec((any::<bool>(), 0..700u64), 1..300)) {
        let mut window = Window::new(1);
        let mut claimed = BTreeSet::new();
        for (forward, distance) in steps {
            if forward {
                window.advance(window.next() + distance / 8);
            } else {
                let number = window.next().saturating_sub(distance).max(1);
                let free = number < window.next() && !claimed.contains(&number) && number + WINDOW >= window.next();
                prop_assert_eq!(window.claim(number), free, "{} below {}", number, window.next());
                if free {
                    claimed.insert(number);
                }
            }
        }
    }

    #[test]
    fn skipped_numbers_are_counted(skipped in proptest::collection::btree_set(1..120u64, 0..60)) {
        let mut skips = Skips::new(0);
        for &number in &skipped {
            skips.add(number);
        }
        for number in 0..130 {
            match skips.after(number) {
                Some(count) => {
                    prop_assert!(!skipped.contains(&number));
                    prop_assert_eq!(count, skipped.range(number..).count() as u64);
                }
                None => prop_assert!(skipped.contains(&number) || number < skips.begin),
            }
        }
        let runs = skipped.iter().filter(|&&number| !skipped.contains(&(number - 1))).count();
        prop_assert_eq!(skips.begin > 0, runs > RANGES, "only the oldest runs are forgotten");
    }
}

#[test]
fn a_long_jump_frees_the_whole_window() {
    let mut window = Window::new(1);
    window.advance(600);
    for number in 88..600 {
        assert!(window.claim(number));
    }
    window.advance(10_000);
    assert!((9_488..10_000).all(|number| window.claim(number)));
    assert!(!window.claim(9_487) && !window.claim(10_000));
}
