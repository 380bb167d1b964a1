//! What an application's word is worth.

use super::*;

fn sent(name: &str, grant: Grant) -> Join {
    Join { grant: Some(grant), ..wish(name) }
}

fn host(name: &str) -> Join {
    sent(name, Grant { role: GrantedRole::Host, ..Grant::default() })
}

fn guest(name: &str) -> Join {
    sent(name, Grant { role: GrantedRole::Guest, ..Grant::default() })
}

#[test]
fn a_host_by_token_is_one_beside_the_first_and_comes_in_through_locks_and_waiting_rooms() {
    let mut house = House::with_ann_and_bob();
    house.change(1, RoomChange { locked: Some(true), waiting: Some(true), ..RoomChange::default() }).unwrap();
    assert_eq!(house.join(3, wish("cat")), Err(Refusal::RoomLocked));
    house.join(4, host("dan")).unwrap();
    let hosts: Vec<_> =
        house.rooms.participants(&wish("x").room).into_iter().filter(|who| who.host).collect();
    assert_eq!(hosts.iter().map(|who| &who.id).collect::<Vec<_>>(), [&id("ann"), &id("dan")]);
    house.change(4, RoomChange { locked: Some(false), ..RoomChange::default() }).unwrap();
    assert_eq!(house.join(5, guest("eve")), Err(Refusal::Waiting), "who is no host waits with all others");
}

#[test]
fn a_guest_by_token_becomes_no_host_by_being_first() {
    let mut house = House::new();
    assert!(!house.join(1, guest("ann")).unwrap().participant.host);
    assert!(!house.join(2, guest("bob")).unwrap().participant.host);
    assert!(house.join(3, wish("cat")).unwrap().participant.host, "the first who may be");
    house.rooms.set_role(connection(3), &id("bob"), true).unwrap();
    house.drain();
    let now = house.now();
    house.rooms.leave(now, connection(3)).unwrap();
    assert!(house.rooms.participants(&wish("x").room)[1].host, "a host may make it one");
}

#[test]
fn a_token_is_worth_the_password_of_its_room_but_opens_no_lock() {
    let mut house = House::with_ann_and_bob();
    let password = Some(Some(PasswordDigest([7; 32])));
    house.change(1, RoomChange { password, ..RoomChange::default() }).unwrap();
    assert_eq!(house.join(3, wish("cat")), Err(Refusal::PasswordRequired));
    house.join(4, guest("dan")).unwrap();
    house.change(1, RoomChange { locked: Some(true), ..RoomChange::default() }).unwrap();
    assert_eq!(house.join(5, guest("eve")), Err(Refusal::RoomLocked));
}

#[test]
fn what_it_may_not_send_is_masked_even_for_a_host_and_the_room_is_routed() {
    let mut house = House::new();
    let publish = Permissions { camera: false, ..Permissions::ALL };
    let media = MediaState { mic: true, camera: true, ..MediaState::default() };
    let role = GrantedRole::Host;
    let identity = Some("user-7".to_owned());
    let grant = Grant { identity: identity.clone(), role, publish, sees: Sees::ALL };
    let joined = house.join(1, Join { media, ..sent("ann", grant) }).unwrap();
    assert_eq!(joined.participant.media, MediaState { mic: true, ..MediaState::default() });
    assert_eq!(joined.participant.identity, identity);
    assert_eq!(joined.topology, Topology::Routed, "only there can it be enforced");
    assert!(matches!(house.rooms.set_media(connection(1), media), Err(Refusal::NotAllowed { .. })));
    house.drain();
    assert!(!house.sources["ann"].camera);

    // The grant outlasts a lost connection, and a fresh token replaces it.
    house.lose(1, Loss::Unexplained);
    let back = Join { resume: was("ann", Some(0)), media, ..wish("ann") };
    assert!(!house.join(2, back.clone()).unwrap().participant.media.camera);
    house.lose(2, Loss::Unexplained);
    assert!(house.join(3, Join { grant: Some(Grant::default()), ..back }).unwrap().participant.media.camera);
}

#[test]
fn what_it_may_not_see_is_told_and_routed() {
    let mut house = House::new();
    let sees = Sees { screen: false, ..Sees::ALL };
    house.join(1, sent("ann", Grant { sees, ..Grant::default() })).unwrap();
    let place = house.rooms.place(connection(1)).unwrap();
    assert_eq!((place.sees, place.topology), (sees, Topology::Routed));
}
