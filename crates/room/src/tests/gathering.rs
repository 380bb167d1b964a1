use super::*;
use crate::rooms::GATHER;

/// The room of so many, everything of that told.
fn room_of(count: u64) -> House {
    let mut house = House::new();
    for number in 1..=count {
        house.join(number, wish(&format!("p{number}"))).unwrap();
    }
    house.pass(GATHER);
    house.drain();
    house
}

const LARGE: u64 = limits::GATHERED_FROM as u64;

#[test]
fn in_a_small_room_everything_is_told_at_once() {
    let mut house = room_of(LARGE - 2);
    house.join(100, wish("ann")).unwrap();
    let told = house.drain();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].ends_with("joined ann"), "{told:?}");
}

#[test]
fn in_a_large_room_what_happens_within_a_moment_is_told_together_and_to_all() {
    let mut house = room_of(LARGE);
    house.join(100, wish("ann")).unwrap();
    house.join(101, wish("bob")).unwrap();
    house.lose(1, Loss::Unexplained);
    house.rooms.set_media(connection(100), MediaState { mic: true, ..MediaState::default() }).unwrap();
    let now = house.now();
    house.rooms.leave(now, connection(2)).unwrap();
    assert_eq!(house.drain(), Vec::<String>::new());
    house.pass(GATHER);
    let told = house.drain();
    let [line] = &told[..] else { panic!("{told:?}") };
    let (to, what) = line.split_once(": ").unwrap();
    let mut to: Vec<u64> = to.split(',').map(|number| number.parse().unwrap()).collect();
    to.sort();
    assert_eq!(to, (3..=LARGE).chain([100, 101]).collect::<Vec<_>>(), "those who have come too");
    assert_eq!(what, "roster [ann mic, bob, p1 lost] left [p2], 3 lines of chat");
    house.pass(GATHER);
    assert_eq!(house.drain(), Vec::<String>::new(), "once");
}

#[test]
fn who_comes_and_goes_within_a_moment_has_left_and_nothing_else() {
    let mut house = room_of(LARGE);
    house.join(100, wish("ann")).unwrap();
    let now = house.now();
    house.rooms.leave(now, connection(100)).unwrap();
    house.pass(GATHER);
    let told = house.drain();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].ends_with("roster [] left [ann], 2 lines of chat"), "{told:?}");
}

#[test]
fn a_room_that_closes_takes_what_was_gathered_with_it() {
    let mut house = room_of(LARGE);
    house.join(100, wish("ann")).unwrap();
    let now = house.now();
    for number in (1..=LARGE).chain([100]) {
        house.rooms.leave(now, connection(number)).unwrap();
    }
    house.drain();
    assert!(!house.rooms.is_open(&RoomName::parse("room").unwrap()));
    assert_eq!(house.rooms.poll_timeout(), None);
}
