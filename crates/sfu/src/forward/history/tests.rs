use super::*;

#[test]
fn an_entry_is_small() {
    assert_eq!(size_of::<Entry>(), 24);
}

#[test]
fn it_remembers_the_newest_and_nothing_else() {
    let start = Instant::now();
    let mut history = History::new(start, true);
    assert!(
        history.find(0).is_none() && history.entries.capacity() == 0,
        "nothing is held before it is used"
    );
    for number in (1..2000).filter(|number| number % 7 != 0) {
        history.record(number, Entry::new(TrackId(3), 1, 0, number + 5, 9));
    }
    for number in 0..2100 {
        let recorded = |number| (1..2000).contains(&number) && number % 7 != 0;
        let there = recorded(number) && !(1..4).any(|newer| recorded(number + newer * 512));
        assert_eq!(
            history.find(number).map(|entry| entry.sequence),
            there.then_some(number as u32 + 5),
            "{number}"
        );
    }
}

#[test]
fn what_was_just_sent_again_is_known() {
    let start = Instant::now();
    let (rtt, at) = (Duration::from_millis(100), |ms| start + Duration::from_millis(ms));
    let mut history = History::new(start, true);
    history.record(5, Entry::new(TrackId(3), 1, 0, 5, 9));
    let repeated = |history: &History, ms| history.just_repeated(at(ms), history.find(5).unwrap(), rtt);
    assert!(!repeated(&history, 0));
    for again in [0, 1000, 65_530] {
        history.repeat(at(again), 5);
        assert!(repeated(&history, again + 50));
        assert!(!repeated(&history, again + 150));
    }
}
