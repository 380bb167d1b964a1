use proptest::prelude::*;

use super::*;

fn kept(sequence: u64, received: Instant) -> Kept {
    let packet = Packet {
        sequence,
        timestamp: 0,
        marker: false,
        payload: [1][..].into(),
        audio_level: None,
        received,
    };
    Kept { packet, contents: Contents::default() }
}

fn count(cache: &Cache) -> usize {
    cache.entries.iter().flatten().count()
}

#[test]
fn the_ring_grows_with_the_bitrate_and_never_beyond_its_bound() {
    let start = Instant::now();
    let mut cache = Cache::new(1024);
    for sequence in 0..3000 {
        cache.insert(start, kept(sequence, start));
        assert_eq!(cache.entries.len() as u64, (sequence + 1).next_power_of_two().clamp(32, 1024));
    }
    assert_eq!(count(&cache), 1024);
    assert!(cache.find(2999).is_some() && cache.find(1976).is_some() && cache.find(1975).is_none());
}

#[test]
fn packets_older_than_a_second_are_let_go() {
    let start = Instant::now();
    let mut cache = Cache::new(1024);
    for sequence in 0..100 {
        let now = start + Duration::from_millis(50) * sequence as u32;
        cache.insert(now, kept(sequence, now));
        assert!(count(&cache) <= 20, "20 packets make a second");
    }
    assert!(cache.find(80).is_some() && cache.find(79).is_none());
    assert_eq!(cache.entries.len(), 32, "and the ring has not grown");
}

#[test]
fn a_hole_does_not_keep_what_is_behind_it() {
    let start = Instant::now();
    let mut cache = Cache::new(64);
    cache.insert(start, kept(10, start));
    cache.insert(start, kept(500, start));
    assert_eq!(
        (count(&cache), cache.place(start, 10), cache.place(start, 437)),
        (1, Place::Old, Place::Late)
    );
    cache.insert(start, kept(437, start));
    assert!(cache.find(437).is_some());
}

#[test]
fn where_a_number_falls() {
    let start = Instant::now();
    let mut cache = Cache::new(64);
    assert_eq!(cache.place(start, 7), Place::Newest);
    cache.insert(start, kept(70_000, start));
    cache.insert(start, kept(70_002, start));
    let expected = [
        (70_003, Place::Newest),
        (70_001, Place::Late),
        (70_002, Place::Duplicate),
        (69_999, Place::Old),
        (100, Place::Elsewhere),
        (100_000, Place::Elsewhere),
    ];
    for (sequence, place) in expected {
        assert_eq!(cache.place(start, sequence), place, "{sequence}");
    }
    assert_eq!(cache.find_low(70_002).map(|kept| kept.packet.sequence), Some(70_002));
    assert!(cache.find_low(70_001).is_none() && cache.find_low(70_003).is_none());
}

proptest! {
    /// Compared with a map of everything that was inserted.
    #[test]
    fn what_the_ring_finds_is_what_was_put_there(
        steps in proptest::collection::vec((0..40u64, any::<bool>(), 0..60u64), 1..300),
    ) {
        let mut now = Instant::now();
        let mut cache = Cache::new(128);
        let mut all = std::collections::HashMap::new();
        for (distance, back, wait) in steps {
            now += Duration::from_millis(wait);
            let sequence = if back { cache.end().saturating_sub(distance * 5) } else { cache.end() + distance };
            let place = cache.place(now, sequence);
            let known = cache.find(sequence).is_some();
            prop_assert_eq!(place == Place::Duplicate, known, "{} is {:?} in {}..{}", sequence, place, cache.begin, cache.end);
            if matches!(place, Place::Newest | Place::Late) {
                cache.insert(now, kept(sequence, now));
                all.insert(sequence, now);
                prop_assert!(cache.find(sequence).is_some());
            }
            for (&sequence, &received) in &all {
                let young = now - received < AGE;
                let near = sequence + 128 >= cache.end();
                match cache.find(sequence) {
                    Some(kept) => prop_assert_eq!(kept.packet.received, received),
                    None => prop_assert!(!young || !near || sequence < cache.begin, "{} is gone", sequence),
                }
            }
            prop_assert!(count(&cache) <= 128);
        }
    }
}
