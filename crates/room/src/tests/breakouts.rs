//! Breakout rooms.

use super::*;

fn plan(titles: &[&str], people: &[(&str, u16)], minutes: Option<u32>) -> BreakoutPlan {
    BreakoutPlan {
        titles: titles.iter().map(|title| (*title).to_owned()).collect(),
        people: people.iter().map(|(name, room)| (id(name), *room)).collect(),
        minutes,
    }
}

impl House {
    fn open(&mut self, number: u64, plan: BreakoutPlan) -> Result<(), Refusal> {
        let now = self.now();
        self.rooms.open_breakouts(now, connection(number), plan)
    }

    fn go(&mut self, number: u64, whom: Option<&str>, room: Option<u16>) -> Result<(), Refusal> {
        let now = self.now();
        self.rooms.break_out(now, connection(number), whom.map(id), room)
    }

    /// Ann and Dan are in the whole room, Bob and Cat in the first breakout room.
    fn with_breakouts() -> Self {
        let mut house = Self::with_ann_bob_and_cat();
        house.join(4, wish("dan")).unwrap();
        house.drain();
        house.open(1, plan(&["red", "blue"], &[("bob", 0), ("cat", 0)], None)).unwrap();
        house
    }
}

#[test]
fn those_sent_to_a_breakout_room_are_gone_for_the_rest_and_with_each_other() {
    let mut house = House::with_breakouts();
    let told = house.drain();
    let about =
        |prefix: &str| told.iter().filter(|line| line.starts_with(prefix)).cloned().collect::<Vec<_>>();
    assert_eq!(about("1,3,4: "), ["1,3,4: moved bob"]);
    assert_eq!(about("1,4: "), ["1,4: moved cat", "1,4: main ann, dan | red bob, cat | blue "]);
    assert_eq!(about("2: "), ["2: moved to Some(0) with []", "2: joined cat"]);
    assert_eq!(about("3: "), ["3: moved to Some(0) with [\"bob\"]"]);
    assert_eq!(house.media_over, ["bob", "cat"]);
    // What is said stays there; a signal does not get out.
    let now = house.now();
    house.rooms.chat(now, connection(2), "here".into(), None, None).unwrap();
    assert_eq!(house.drain(), ["2,3: chat bob: here"]);
    assert_eq!(house.rooms.signal(connection(2), to("ann", 1)), Err(Refusal::NoSuchParticipant));
    assert_eq!(house.rooms.place(connection(2)).unwrap().room.as_str(), "room/0");
}

#[test]
fn the_breakout_room_of_two_is_direct_and_so_are_the_two_who_stay() {
    let mut house = House::with_breakouts();
    assert_eq!(house.rooms.place(connection(2)).unwrap().topology, Topology::Direct);
    house.pass(Duration::from_secs(10));
    assert_eq!(house.rooms.place(connection(1)).unwrap().topology, Topology::Direct);
}

#[test]
fn one_goes_where_one_likes_and_hosts_send_others_and_visit() {
    let mut house = House::with_breakouts();
    house.drain();
    assert_eq!(house.go(4, Some("bob"), None), Err(Refusal::NotHost));
    assert_eq!(house.go(4, None, Some(2)), Err(Refusal::NoSuchBreakout));
    house.go(4, None, Some(1)).unwrap();
    assert_eq!(house.drain().last().unwrap(), "4: main ann | red bob, cat | blue dan");
    house.go(1, None, Some(0)).unwrap();
    house.drain();
    // A host is a host wherever it is, and the settings are those of the whole room.
    house.change(1, RoomChange { locked: Some(true), ..RoomChange::default() }).unwrap();
    let locked = house.drain();
    assert_eq!(
        locked,
        ["1,2,3: locked true password false routed false", "4: locked true password false routed false"]
    );
    house.go(1, Some("dan"), None).unwrap();
    assert_eq!(house.drain().last().unwrap(), "1,2,3: main dan | red ann, bob, cat | blue ");
    house.rooms.send_away(house.now(), connection(1), &id("dan"), true).unwrap();
    assert_eq!(
        house.join(9, wish("eve")).unwrap_err(),
        Refusal::RoomLocked,
        "the whole room is empty, not closed"
    );
}

#[test]
fn everybody_comes_back_when_they_are_called_or_the_time_is_over() {
    for by_timer in [false, true] {
        let mut house = House::with_ann_bob_and_cat();
        house.open(1, plan(&["red"], &[("bob", 0), ("cat", 0)], Some(5))).unwrap();
        house.drain();
        let (at, why) = house.rooms.poll_timeout().unwrap();
        assert_eq!(why, Deadline::BackToDirect);
        house.pass(Duration::from_secs(10));
        house.drain();
        let left = house.rooms.poll_timeout().unwrap();
        assert_eq!((left.0 - at, left.1), (Duration::from_secs(290), Deadline::BreakoutsOver));
        match by_timer {
            true => house.pass(Duration::from_secs(290)),
            false => {
                let now = house.now();
                assert_eq!(house.rooms.close_breakouts(now, connection(2)), Err(Refusal::NotHost));
                house.rooms.close_breakouts(now, connection(1)).unwrap();
            }
        }
        let told = house.drain();
        assert_eq!(told.last().unwrap(), "1,2,3: main ");
        assert!(told.contains(&"3: moved to None with [\"ann\", \"bob\"]".to_owned()), "{told:?}");
        assert_eq!(house.rooms.poll_timeout(), None);
        assert_eq!(house.rooms.room_count(), 1);
        assert_eq!(house.rooms.close_breakouts(house.now(), connection(1)), Err(Refusal::NoSuchBreakout));
    }
}

#[test]
fn one_whose_connection_is_lost_comes_back_to_where_it_is_by_then() {
    let mut house = House::with_breakouts();
    house.lose(2, Loss::Unexplained);
    house.drain();
    let back = house.join(12, Join { resume: was("bob", None), ..wish("bob") }).unwrap();
    assert_eq!((back.outcome, back.breakouts.own), (JoinOutcome::Resumed, Some(0)));
    assert_eq!(back.others.len(), 1);
    house.lose(12, Loss::Unexplained);
    house.rooms.close_breakouts(house.now(), connection(1)).unwrap();
    let back = house.join(13, Join { resume: was("bob", None), ..wish("bob") }).unwrap();
    assert_eq!((back.breakouts.own, back.others.len()), (None, 3));
    // And one who does not is waited for no longer than elsewhere.
    house.lose(13, Loss::Unexplained);
    house.pass(Duration::from_secs(30));
    assert_eq!(house.rooms.participant_count(), 3);
}

#[test]
fn the_last_who_leaves_closes_all_of_it() {
    let mut house = House::with_ann_and_bob();
    house.open(1, plan(&["red"], &[("ann", 0), ("bob", 0)], Some(5))).unwrap();
    assert_eq!(house.rooms.room_count(), 2);
    house.leave(1);
    house.leave(2);
    assert_eq!((house.rooms.room_count(), house.rooms.poll_timeout()), (0, None));
}

#[test]
fn a_newcomer_finds_the_breakout_rooms_and_a_full_house_is_full() {
    let mut house = House::with_places(3);
    for (number, name) in [(1, "ann"), (2, "bob")] {
        house.join(number, wish(name)).unwrap();
    }
    house.open(1, plan(&["red"], &[("bob", 0)], None)).unwrap();
    let cat = house.join(3, wish("cat")).unwrap();
    assert_eq!(rooms_of(&cat.breakouts), "main ann, cat | red bob");
    assert!(!cat.participant.host);
    assert_eq!(house.join(4, wish("dan")).unwrap_err(), Refusal::RoomFull { capacity: 3 });
}

#[test]
fn fewer_rooms_bring_those_back_whose_room_is_no_more() {
    let mut house = House::with_breakouts();
    house.go(4, None, Some(1)).unwrap();
    house.open(1, plan(&["red"], &[], None)).unwrap();
    assert_eq!(house.drain().last().unwrap(), "2,3: main ann, dan | red bob, cat");
}

#[test]
fn what_is_no_plan_is_refused_in_words() {
    let mut house = House::with_ann_and_bob();
    let many = vec!["x"; 51];
    let long = "x".repeat(129);
    for (plan, refusal) in [
        (plan(&[], &[], None), Refusal::BreakoutCount { given: 0 }),
        (plan(&many, &[], None), Refusal::BreakoutCount { given: 51 }),
        (plan(&[" "], &[], None), Refusal::BreakoutTitle),
        (plan(&[long.as_str()], &[], None), Refusal::BreakoutTitle),
        (plan(&["red"], &[("bob", 1)], None), Refusal::NoSuchBreakout),
        (plan(&["red"], &[], Some(0)), Refusal::BreakoutMinutes),
        (plan(&["red"], &[], Some(1441)), Refusal::BreakoutMinutes),
    ] {
        assert_eq!(house.open(1, plan), Err(refusal));
    }
    assert_eq!(house.open(2, plan(&["red"], &[], None)), Err(Refusal::NotHost));
    assert_eq!(house.go(2, None, Some(0)), Err(Refusal::NoSuchBreakout));
    assert!(house.drain().is_empty());
}
