//! The waiting room.

use super::*;

const WAITING: RoomChange =
    RoomChange { waiting: Some(true), locked: None, password: None, routed: None, allowed: None };

impl House {
    fn with_a_waiting_room() -> Self {
        let mut house = Self::with_ann_and_bob();
        house.change(1, WAITING).unwrap();
        house.drain();
        house
    }

    fn let_in(&mut self, number: u64, whom: Option<u64>) -> Result<(), Refusal> {
        self.rooms.let_in(connection(number), whom.map(connection))
    }
}

#[test]
fn who_comes_waits_until_a_host_lets_them_in() {
    let mut house = House::with_a_waiting_room();
    assert_eq!(house.join(3, wish("cat")).unwrap_err(), Refusal::Waiting);
    assert_eq!(house.drain(), ["1: waiting [\"cat\"]"], "only hosts are told");
    assert_eq!(house.join(3, wish("cat")).unwrap_err(), Refusal::Waiting);
    assert_eq!(house.join(4, wish("dan")).unwrap_err(), Refusal::Waiting);
    assert_eq!(house.drain(), ["1: waiting [\"cat\", \"dan\"]"], "once each");
    assert_eq!(house.let_in(2, Some(3)), Err(Refusal::NotHost));
    assert_eq!(house.let_in(1, Some(9)), Err(Refusal::NobodyWaits));
    house.let_in(1, Some(3)).unwrap();
    assert_eq!(house.drain(), ["3: admitted", "1: waiting [\"dan\"]"]);
    house.join(3, wish("cat")).unwrap();
    assert_eq!(house.join(4, wish("dan")).unwrap_err(), Refusal::Waiting);
    house.let_in(1, None).unwrap();
    house.drain();
    house.join(4, wish("dan")).unwrap();
}

#[test]
fn one_admission_is_one_entry() {
    let mut house = House::with_a_waiting_room();
    let _ = house.join(3, wish("cat"));
    house.let_in(1, None).unwrap();
    house.join(3, wish("cat")).unwrap();
    house.leave(3);
    assert_eq!(house.join(3, wish("cat")).unwrap_err(), Refusal::Waiting);
}

#[test]
fn a_host_turns_away() {
    let mut house = House::with_a_waiting_room();
    let _ = house.join(3, wish("cat"));
    house.drain();
    assert_eq!(house.rooms.turn_away(connection(2), connection(3)), Err(Refusal::NotHost));
    house.rooms.turn_away(connection(1), connection(3)).unwrap();
    assert_eq!(house.drain(), ["3: turned away, over false", "1: waiting []"]);
    assert_eq!(house.rooms.turn_away(connection(1), connection(3)), Err(Refusal::NobodyWaits));
}

#[test]
fn who_gives_up_is_off_the_list_and_a_room_that_ends_lets_nobody_wait() {
    let mut house = House::with_a_waiting_room();
    let _ = house.join(3, wish("cat"));
    let _ = house.join(4, wish("dan"));
    house.lose(3, Loss::Unexplained);
    assert_eq!(house.drain().last().unwrap(), "1: waiting [\"dan\"]");
    house.leave(2);
    house.leave(1);
    assert_eq!(house.drain().last().unwrap(), "4: turned away, over true");
    assert!(house.join(4, wish("dan")).unwrap().participant.host, "the next who comes opens it anew");
}

#[test]
fn without_the_waiting_room_all_come_in() {
    let mut house = House::with_a_waiting_room();
    let _ = house.join(3, wish("cat"));
    house.drain();
    house.change(1, RoomChange { waiting: Some(false), ..RoomChange::default() }).unwrap();
    assert_eq!(house.drain()[1..], ["3: admitted".to_owned(), "1: waiting []".to_owned()]);
    house.join(3, wish("cat")).unwrap();
    house.join(4, wish("dan")).unwrap();
}

#[test]
fn a_new_host_learns_who_waits_and_so_does_one_who_comes_back() {
    let mut house = House::with_a_waiting_room();
    let _ = house.join(3, wish("cat"));
    house.drain();
    house.leave(1);
    assert_eq!(house.drain().last().unwrap(), "2: waiting [\"cat\"]");
    house.lose(2, Loss::Unexplained);
    let back = house.join(5, Join { resume: was("bob", Some(0)), ..wish("bob") }).unwrap();
    assert_eq!(back.waiting.len(), 1);
}

#[test]
fn the_list_is_bounded_and_who_cannot_wait_is_told_so() {
    let mut house = House::with_a_waiting_room();
    for number in 0..limits::WAITING as u64 {
        assert_eq!(house.join(100 + number, wish("x")).unwrap_err(), Refusal::Waiting);
    }
    assert_eq!(house.join(99, wish("x")).unwrap_err(), Refusal::TooManyWait);
    assert_eq!(house.join(98, Join { media_only: true, ..wish("x") }).unwrap_err(), Refusal::CannotWait);
    let now = house.now();
    let watch = Watch { room: RoomName::parse("room").unwrap(), password: None, grant: None };
    assert_eq!(house.rooms.watch(now, connection(97), &watch), Err(Refusal::CannotWait));
}
