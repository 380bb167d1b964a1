//! Those who only send media to the server, and those who watch from outside.

use super::*;

fn camera(name: &str) -> Join {
    Join { media_only: true, ..wish(name) }
}

fn watching(password: Option<PasswordDigest>) -> Watch {
    Watch { room: RoomName::parse("room").unwrap(), password, grant: None }
}

impl House {
    fn watch(&mut self, number: u64, password: Option<PasswordDigest>) -> Result<(), Refusal> {
        let now = self.now();
        self.rooms.watch(now, connection(number), &watching(password))
    }

    fn unwatch(&mut self, number: u64) {
        let now = self.now();
        self.rooms.unwatch(now, connection(number));
    }
}

#[test]
fn one_who_only_sends_media_takes_the_room_to_the_server() {
    let mut house = House::new();
    house.join(1, wish("ann")).unwrap();
    let joined = house.join(2, camera("cam")).unwrap();
    assert_eq!(joined.topology, Topology::Routed);
    assert_eq!(house.drain(), ["1: joined cam", "1: Routed", "1: notice: cam joined"]);
    let now = house.now();
    house.rooms.leave(now, connection(2)).unwrap();
    house.pass(crate::topology::RETURN);
    assert_eq!(house.drain(), ["1: left cam", "1: notice: cam left", "1: Direct"]);
}

#[test]
fn who_came_after_a_camera_is_the_host_all_the_same() {
    let mut house = House::new();
    assert!(house.join(1, camera("cam")).unwrap().participant.host, "there is nobody else");
    assert!(house.join(2, wish("ann")).unwrap().participant.host);
    house.join(3, wish("bob")).unwrap();
    house.drain();
    let now = house.now();
    house.rooms.leave(now, connection(2)).unwrap();
    assert!(house.drain().contains(&"1,3: updated bob here #0 host".into()));
}

#[test]
fn a_viewer_takes_the_room_to_the_server_and_nobody_else_hears_of_it() {
    let mut house = House::with_ann_and_bob();
    house.watch(3, None).unwrap();
    assert_eq!(house.drain(), ["1,2: Routed"]);
    assert_eq!((house.rooms.participant_count(), house.rooms.viewer_count()), (2, 1));
    house.unwatch(3);
    house.pass(crate::topology::RETURN);
    assert_eq!(house.drain(), ["1,2: Direct"]);
    assert_eq!(house.rooms.viewer_count(), 0);
}

#[test]
fn there_is_nothing_to_watch_where_nobody_is() {
    assert_eq!(House::new().watch(1, None), Err(Refusal::NobodyThere));
}

#[test]
fn viewers_are_let_in_like_participants() {
    let mut house = House::with_ann_and_bob();
    let sesame = PasswordDigest([7; 32]);
    let now = house.now();
    let change = |password, locked| RoomChange {
        password: Some(password),
        locked: Some(locked),
        ..RoomChange::default()
    };
    house.rooms.change(now, connection(1), change(Some(sesame), false)).unwrap();
    assert_eq!(house.watch(3, None), Err(Refusal::PasswordRequired));
    assert_eq!(house.watch(3, Some(PasswordDigest([8; 32]))), Err(Refusal::WrongPassword));
    assert_eq!(house.watch(3, Some(sesame)), Ok(()));
    house.rooms.change(now, connection(1), change(None, true)).unwrap();
    assert_eq!(house.watch(4, None), Err(Refusal::RoomLocked));
    assert_eq!(house.watch(3, None), Err(Refusal::AlreadyJoined));
    assert_eq!(house.join(3, wish("cat")).unwrap_err(), Refusal::AlreadyJoined);
}

#[test]
fn viewers_take_places() {
    let mut house = House::with_places(2);
    house.join(1, wish("ann")).unwrap();
    house.watch(2, None).unwrap();
    assert_eq!(house.watch(3, None), Err(Refusal::RoomFull { capacity: 2 }));
    assert_eq!(house.join(4, wish("bob")).unwrap_err(), Refusal::RoomFull { capacity: 2 });
    house.unwatch(2);
    house.join(4, wish("bob")).unwrap();
}

#[test]
fn when_the_last_has_left_there_is_nothing_to_watch_any_more() {
    let mut house = House::new();
    house.join(1, wish("ann")).unwrap();
    house.watch(2, None).unwrap();
    house.drain();
    let now = house.now();
    house.rooms.leave(now, connection(1)).unwrap();
    assert_eq!(house.drain(), ["2: watched enough"]);
    assert_eq!((house.rooms.viewer_count(), house.rooms.poll_timeout()), (0, None));
}
