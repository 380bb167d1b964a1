//! What applications and operators do.

use super::*;

const KEPT: Reservation = Reservation { empty_for: Duration::from_secs(300), capacity: Some(2) };

fn room() -> RoomName {
    wish("x").room
}

impl House {
    fn reserve(&mut self, change: RoomChange) -> Result<(), Refusal> {
        let now = self.now();
        self.rooms.open(now, room(), change, KEPT)
    }

    fn recorded(&mut self) -> Vec<String> {
        self.drain();
        std::mem::take(&mut self.record)
    }
}

#[test]
fn a_room_is_kept_open_with_its_settings_while_nobody_is_in_it() {
    let mut house = House::new();
    house.reserve(RoomChange { waiting: Some(true), ..RoomChange::default() }).unwrap();
    assert_eq!(house.reserve(RoomChange::default()), Err(Refusal::RoomExists));
    let key = Join { may_open: false, ..wish("ann") };
    assert_eq!(house.join(1, key.clone()), Err(Refusal::Waiting), "it is open to who has no key");
    let change = RoomChange { waiting: Some(false), ..RoomChange::default() };
    let now = house.now();
    house.rooms.configure(now, &room(), change).unwrap();
    assert_eq!(house.drain(), ["1: admitted"]);
    house.join(1, key.clone()).unwrap();
    house.join(2, Join { fresh_id: id("bob"), ..key.clone() }).unwrap();
    let full = house.join(3, Join { fresh_id: id("cat"), ..key.clone() });
    assert_eq!(full, Err(Refusal::RoomFull { capacity: 2 }));
    assert_eq!(house.rooms.poll_timeout(), None, "it is not empty");
    let now = house.now();
    house.rooms.leave(now, connection(1)).unwrap();
    house.rooms.leave(now, connection(2)).unwrap();
    let came_and_went = [
        "room started",
        "ann came to room",
        "bob came to room",
        "ann went from room: Left",
        "bob went from room: Left",
        "room ended",
    ];
    assert_eq!(house.recorded(), came_and_went);
    let view = house.rooms.view(&room()).unwrap();
    assert_eq!((view.participants, view.started_at, view.reservation), (0, None, Some(KEPT)));
    house.pass(Duration::from_secs(299));
    house.join(4, Join { fresh_id: id("dan"), ..key.clone() }).unwrap();
    house.rooms.leave(now, connection(4)).unwrap();
    let (_, why) = house.rooms.poll_timeout().unwrap();
    assert_eq!(why, Deadline::ReservationOver);
    house.pass(Duration::from_secs(300));
    assert_eq!(house.join(5, key), Err(Refusal::RoomNotOpen));
}

#[test]
fn the_end_comes_to_all_at_once_wherever_they_are() {
    let mut house = House::with_ann_and_bob();
    let titles = vec!["red".to_owned()];
    let plan = BreakoutPlan { titles, people: vec![(id("bob"), 0)], minutes: Some(5) };
    let now = house.now();
    house.rooms.open_breakouts(now, connection(1), plan).unwrap();
    house.recorded();
    assert_eq!(house.rooms.everybody_in(&room()).unwrap()[1].1, Some(0));
    house.rooms.end(now, &room()).unwrap();
    let told = house.drain();
    assert_eq!(told, ["1: the meeting was ended", "2: the meeting was ended"]);
    let went = ["ann went from room: Removed", "bob went from room: Removed", "room ended"];
    assert_eq!(house.recorded(), went);
    assert_eq!((house.rooms.room_count(), house.rooms.poll_timeout()), (0, None));
    assert_eq!(house.rooms.end(now, &room()), Err(Refusal::NoSuchRoom));
}

#[test]
fn an_application_mutes_and_sends_away() {
    let mut house = House::new();
    house.join(1, wish("ann")).unwrap();
    let media = MediaState { mic: true, ..MediaState::default() };
    house.join(2, Join { media, ..wish("bob") }).unwrap();
    house.drain();
    house.rooms.silence(&room(), &id("bob"), Source::Microphone).unwrap();
    assert_eq!(house.drain(), ["1: updated bob here #0", "2: Microphone off by the application"]);
    let nobody = house.rooms.silence(&room(), &id("eve"), Source::Microphone);
    assert_eq!(nobody, Err(Refusal::NoSuchParticipant));
    let now = house.now();
    house.rooms.expel(now, &room(), &id("bob"), true).unwrap();
    assert_eq!(house.drain()[0], "2: sent away");
    let back = Join { resume: was("bob", None), ..wish("bob") };
    assert_eq!(house.join(3, back), Err(Refusal::Removed));
}

#[test]
fn rooms_are_listed_by_name_a_page_at_a_time() {
    let mut house = House::new();
    for (number, name) in ["c", "a", "b"].into_iter().enumerate() {
        let room = RoomName::parse(name).unwrap();
        house.join(number as u64 + 1, Join { room, ..wish("ann") }).unwrap();
    }
    let names =
        |views: Vec<RoomView>| views.into_iter().map(|view| view.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(house.rooms.views(None, 2)), ["a", "b"]);
    assert_eq!(names(house.rooms.views(Some(&RoomName::parse("b").unwrap()), 2)), ["c"]);
}
