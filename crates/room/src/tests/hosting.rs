//! Hosts, settings, removals and topology.

use super::*;

/// As the caller would make it.
fn digest(password: &str) -> PasswordDigest {
    let mut bytes = [0; 32];
    bytes[..password.len()].copy_from_slice(password.as_bytes());
    PasswordDigest(bytes)
}

impl House {
    pub(super) fn change(&mut self, number: u64, change: RoomChange) -> Result<(), Refusal> {
        let now = self.now();
        self.rooms.change(now, connection(number), change)
    }

    fn send_away(&mut self, number: u64, name: &str) -> Result<(), Refusal> {
        let now = self.now();
        self.rooms.send_away(now, connection(number), &id(name), true)
    }

    pub(super) fn leave(&mut self, number: u64) {
        let now = self.now();
        self.rooms.leave(now, connection(number)).unwrap();
    }

    fn route(&mut self, number: u64) {
        let now = self.now();
        self.rooms.route(now, connection(number)).unwrap();
    }

    pub(super) fn with_ann_bob_and_cat() -> Self {
        let mut house = Self::with_ann_and_bob();
        house.join(3, wish("cat")).unwrap();
        house.drain();
        house
    }
}

const LOCKED: RoomChange =
    RoomChange { locked: Some(true), password: None, routed: None, waiting: None, allowed: None };

#[test]
fn who_came_first_is_host_and_who_came_next_is_host_after() {
    let mut house = House::new();
    assert!(house.join(1, wish("zoe")).unwrap().participant.host);
    let bob = house.join(2, wish("bob")).unwrap();
    assert!(!bob.participant.host && bob.others[0].host);
    assert!(bob.participant.joined_at > bob.others[0].joined_at, "although no time has passed");
    house.join(3, wish("ann")).unwrap();
    house.drain();
    house.leave(1);
    let told = house.drain();
    assert_eq!(told, ["2,3: left zoe", "2,3: notice: zoe left", "2,3: updated bob here #0 host"]);
}

#[test]
fn after_a_restart_the_host_is_host_again() {
    let mut house = House::new();
    let restored = |name, joined_at| Join {
        resume: Some(Identity { joined_at, restorable: true, ..was(name, Some(0)).unwrap() }),
        ..wish(name)
    };
    assert!(house.join(1, restored("bob", 7)).unwrap().participant.host);
    let ann = house.join(2, restored("ann", 5)).unwrap();
    assert!(ann.participant.host && !ann.others[0].host);
    assert_eq!(house.drain(), ["1: joined ann", "1: updated bob here #0"]);
}

#[test]
fn only_the_host_sets_and_removes() {
    let mut house = House::with_ann_and_bob();
    assert_eq!(house.change(2, LOCKED), Err(Refusal::NotHost));
    assert_eq!(house.send_away(2, "ann"), Err(Refusal::NotHost));
    assert_eq!(house.send_away(1, "ann"), Err(Refusal::RemovesSelf));
    assert_eq!(house.send_away(1, "cat"), Err(Refusal::NoSuchParticipant));
    assert_eq!(house.change(9, LOCKED), Err(Refusal::NotJoined));
    assert!(house.drain().is_empty());
}

#[test]
fn nobody_new_enters_a_locked_room_and_who_is_inside_comes_back() {
    let mut house = House::with_ann_and_bob();
    house.change(1, LOCKED).unwrap();
    house.change(1, LOCKED).unwrap();
    assert_eq!(house.drain(), ["1,2: locked true password false routed false"], "told once");
    assert_eq!(house.join(3, wish("cat")).unwrap_err(), Refusal::RoomLocked);
    house.lose(2, Loss::Unexplained);
    let bob = house.join(4, Join { resume: was("bob", None), ..wish("bob") }).unwrap();
    assert!(bob.settings.locked);
    house.change(1, RoomChange { locked: Some(false), ..RoomChange::default() }).unwrap();
    house.join(3, wish("cat")).unwrap();
}

#[test]
fn a_password_is_asked_of_newcomers_until_it_is_taken_away() {
    let mut house = House::with_ann_and_bob();
    let set = |password| RoomChange { password: Some(password), ..RoomChange::default() };
    house.change(1, set(Some(digest("sesame")))).unwrap();
    assert_eq!(house.drain(), ["1,2: locked false password true routed false"]);
    assert!(!house.rooms.weighs_password(&wish("cat")));
    assert_eq!(house.join(3, wish("cat")).unwrap_err(), Refusal::PasswordRequired);
    let with = |password| Join { password: Some(digest(password)), ..wish("cat") };
    assert!(house.rooms.weighs_password(&with("open")));
    let back = Join { resume: was("bob", Some(0)), ..with("open") };
    assert!(!house.rooms.weighs_password(&back), "who is inside is not asked");
    assert_eq!(house.join(3, with("open")).unwrap_err(), Refusal::WrongPassword);
    assert!(house.join(3, with("sesame")).unwrap().settings.password);
    house.drain();
    // Another password is nothing that anybody sees.
    house.change(1, set(Some(digest("other")))).unwrap();
    assert!(house.drain().is_empty());
    assert_eq!(
        house.join(4, Join { fresh_id: id("dan"), ..with("sesame") }).unwrap_err(),
        Refusal::WrongPassword
    );
    house.change(1, set(None)).unwrap();
    house.join(4, wish("dan")).unwrap();
}

#[test]
fn a_closed_room_forgets_its_settings() {
    let mut house = House::with_ann_and_bob();
    house.change(1, LOCKED).unwrap();
    house.leave(1);
    house.leave(2);
    assert_eq!(house.join(3, wish("cat")).unwrap().settings, RoomSettings::default());
}

#[test]
fn who_was_removed_is_told_and_comes_back_neither_by_token_nor_by_cookie() {
    let mut house = House::new();
    let browser = Some(GuestId("browser".into()));
    house.join(1, wish("ann")).unwrap();
    house.join(2, Join { guest: browser.clone(), ..wish("bob") }).unwrap();
    house.join(3, wish("cat")).unwrap();
    house.drain();
    house.send_away(1, "bob").unwrap();
    assert_eq!(house.drain(), ["2: sent away", "1,3: removed bob", "1,3: notice: bob left"]);
    assert_eq!(house.media_over, ["bob"]);
    let refused = |house: &mut House, wish| assert_eq!(house.join(4, wish).unwrap_err(), Refusal::Removed);
    refused(&mut house, Join { resume: was("bob", Some(0)), ..wish("bob") });
    refused(&mut house, Join { guest: browser.clone(), fresh_id: id("bob2"), ..wish("bob") });
    let token = Identity { restorable: true, ..was("bob", None).unwrap() };
    refused(&mut house, Join { resume: Some(token), ..wish("bob") });
    // Another room is another matter, and so is this one when it opens anew.
    let elsewhere = Join { room: RoomName::parse("other").unwrap(), guest: browser.clone(), ..wish("bob") };
    house.join(5, elsewhere).unwrap();
    house.leave(1);
    house.leave(3);
    house.join(4, Join { guest: browser, fresh_id: id("bob2"), ..wish("bob") }).unwrap();
}

#[test]
fn removing_one_of_two_in_the_same_browser_leaves_the_other_alone() {
    let mut house = House::new();
    let browser = Some(GuestId("browser".into()));
    house.join(1, Join { guest: browser.clone(), ..wish("ann") }).unwrap();
    house.join(2, Join { guest: browser.clone(), ..wish("tablet") }).unwrap();
    house.send_away(1, "tablet").unwrap();
    house.lose(1, Loss::Unexplained);
    house.join(3, Join { guest: browser.clone(), resume: was("ann", None), ..wish("ann") }).unwrap();
    house.join(4, Join { guest: browser, fresh_id: id("again"), ..wish("again") }).unwrap();
}

#[test]
fn one_who_reconnects_can_be_removed() {
    let mut house = House::with_ann_and_bob();
    house.lose(2, Loss::Unexplained);
    house.send_away(1, "bob").unwrap();
    assert_eq!(house.drain(), ["1: updated bob lost #0", "1: removed bob", "1: notice: bob left"]);
    let back = Join { resume: was("bob", Some(0)), ..wish("bob") };
    assert_eq!(house.join(3, back).unwrap_err(), Refusal::Removed);
    assert_eq!(house.rooms.poll_timeout(), None);
}

#[test]
fn who_was_sent_out_without_a_ban_may_come_back() {
    let mut house = House::with_ann_and_bob();
    let now = house.now();
    house.rooms.send_away(now, connection(1), &id("bob"), false).unwrap();
    assert_eq!(house.drain(), ["2: sent out", "1: removed bob", "1: notice: bob left"]);
    let back = Join { resume: was("bob", Some(0)), fresh_id: id("bob2"), ..wish("bob") };
    assert_eq!(house.join(3, back).unwrap().outcome, JoinOutcome::New, "as somebody new");
}

#[test]
fn what_is_not_allowed_is_turned_off_for_all_but_hosts_and_stays_off() {
    let mut house = House::new();
    let media = MediaState { mic: true, camera: true, ..MediaState::default() };
    house.join(1, Join { media, ..wish("ann") }).unwrap();
    house.join(2, Join { media, ..wish("bob") }).unwrap();
    house.drain();
    assert!(house.sources["bob"].mic);
    let quiet = Permissions { mic: false, ..Permissions::ALL };
    house.change(1, RoomChange { allowed: Some(quiet), ..RoomChange::default() }).unwrap();
    assert_eq!(
        house.drain(),
        ["1,2: locked false password false routed false restricted", "1,2: Routed", "1: updated bob here #0"],
        "where the server enforces it"
    );
    let camera_only = MediaState { mic: false, ..media };
    assert_eq!((house.sources["ann"], house.sources["bob"]), (media, camera_only));
    // Neither by saying so again nor by coming anew.
    let refused = house.rooms.set_media(connection(2), media);
    assert_eq!(refused, Err(Refusal::NotAllowed { what: "microphones" }));
    house.rooms.set_media(connection(2), MediaState::default()).unwrap();
    let back = house.join(3, Join { media, resume: was("bob", None), ..wish("bob") }).unwrap();
    assert_eq!(back.participant.media, camera_only);
    let cat = house.join(4, Join { media, ..wish("cat") }).unwrap();
    assert_eq!((cat.participant.media, cat.settings.allowed), (camera_only, quiet));
    house.drain();
    assert_eq!((house.sources["bob"], house.sources["cat"]), (camera_only, camera_only));
}

#[test]
fn a_host_mutes_and_nobody_unmutes() {
    let mut house = House::new();
    let media = MediaState { mic: true, screen: true, screen_audio: true, ..MediaState::default() };
    for (number, name) in [(1, "ann"), (2, "bob"), (3, "cat")] {
        house.join(number, Join { media, ..wish(name) }).unwrap();
    }
    house.drain();
    let mute = |house: &mut House, number, whom: Option<&str>, source| {
        let whom = whom.map(id);
        house.rooms.mute(connection(number), whom.as_ref(), source)
    };
    assert_eq!(mute(&mut house, 2, Some("cat"), Source::Microphone), Err(Refusal::NotHost));
    mute(&mut house, 1, Some("bob"), Source::Screen).unwrap();
    assert_eq!(house.drain(), ["1,3: updated bob here #0", "2: Screen off by ann"]);
    assert_eq!(house.sources["bob"], MediaState { mic: true, ..MediaState::default() });
    mute(&mut house, 1, None, Source::Microphone).unwrap();
    let told = house.drain();
    assert_eq!(
        told,
        [
            "1,3: updated bob here #0",
            "2: Microphone off by ann",
            "1,2: updated cat here #0",
            "3: Microphone off by ann"
        ]
    );
    assert!(house.sources["ann"].mic && !house.sources["bob"].mic && !house.sources["cat"].mic);
    // What is off already is nothing to tell, and oneself may turn it on again.
    mute(&mut house, 1, None, Source::Microphone).unwrap();
    assert!(house.drain().is_empty());
    house.rooms.set_media(connection(2), MediaState { mic: true, ..MediaState::default() }).unwrap();
    house.drain();
    assert!(house.sources["bob"].mic);
}

#[test]
fn the_third_takes_all_to_the_server_and_two_return_after_ten_seconds() {
    let mut house = House::with_ann_and_bob();
    let cat = house.join(3, wish("cat")).unwrap();
    assert_eq!(cat.topology, Topology::Routed);
    assert_eq!(house.drain(), ["1,2: joined cat", "1,2: Routed", "1,2: notice: cat joined"]);
    house.leave(3);
    house.drain();
    let (at, why) = house.rooms.poll_timeout().unwrap();
    assert_eq!((at - house.clock.instant(), why), (Duration::from_secs(10), Deadline::BackToDirect));
    house.pass(Duration::from_millis(9_999));
    assert!(house.drain().is_empty());
    house.pass(Duration::from_millis(1));
    assert_eq!(house.drain(), ["1,2: Direct"]);
    assert_eq!(house.rooms.poll_timeout(), None);
}

#[test]
fn a_third_who_comes_right_back_changes_nothing() {
    let mut house = House::with_ann_bob_and_cat();
    house.leave(3);
    house.pass(Duration::from_secs(9));
    house.join(4, Join { fresh_id: id("cat2"), ..wish("cat") }).unwrap();
    house.drain();
    assert_eq!(house.rooms.poll_timeout(), None);
    house.pass(Duration::from_secs(60));
    assert!(house.drain().is_empty());
}

#[test]
fn a_room_that_closes_leaves_no_deadline() {
    let mut house = House::with_ann_bob_and_cat();
    for number in [1, 2, 3] {
        house.leave(number);
    }
    assert_eq!(house.rooms.poll_timeout(), None);
}

#[test]
fn the_host_can_route_a_room_of_two() {
    let mut house = House::with_ann_and_bob();
    let routed = |on| RoomChange { routed: Some(on), ..RoomChange::default() };
    house.change(1, routed(true)).unwrap();
    assert_eq!(house.drain(), ["1,2: locked false password false routed true", "1,2: Routed"]);
    house.change(1, routed(false)).unwrap();
    house.pass(Duration::from_secs(10));
    assert_eq!(house.drain(), ["1,2: locked false password false routed false", "1,2: Direct"]);
}

#[test]
fn two_who_cannot_reach_each_other_are_routed_while_both_are_here() {
    let mut house = House::with_ann_and_bob();
    house.route(2);
    assert_eq!(house.drain(), ["1,2: Routed"]);
    house.route(1);
    house.pass(Duration::from_secs(60));
    assert!(house.drain().is_empty());
    // A third comes and goes, and it holds.
    house.join(3, wish("cat")).unwrap();
    house.leave(3);
    house.pass(Duration::from_secs(60));
    house.drain();
    assert_eq!(house.rooms.place(connection(1)).unwrap().topology, Topology::Routed);
    // The next pair has to find out for itself.
    house.leave(2);
    house.join(4, Join { fresh_id: id("dan"), ..wish("dan") }).unwrap();
    house.pass(Duration::from_secs(10));
    assert_eq!(house.drain().last().unwrap(), "1,4: Direct");
}

#[test]
fn a_reloaded_page_has_lost_its_peer_connections_and_a_resumed_one_has_not() {
    let mut house = House::with_ann_and_bob();
    house.lose(1, Loss::Unexplained);
    house.join(3, Join { resume: was("ann", Some(0)), ..wish("ann") }).unwrap();
    house.drain();
    assert!(house.media_over.is_empty());
    house.join(4, Join { resume: was("ann", None), ..wish("ann") }).unwrap();
    house.drain();
    assert_eq!(house.media_over, ["ann"]);
}
