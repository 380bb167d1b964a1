//! Who is a host, and for how long.

use super::*;

impl House {
    fn role(&mut self, number: u64, whom: &str, host: bool) -> Result<(), Refusal> {
        self.rooms.set_role(connection(number), &id(whom), host)
    }
}

#[test]
fn a_lost_hosts_role_passes_on_after_a_minute() {
    let mut house = House::with_ann_and_bob();
    house.lose(1, Loss::Unexplained);
    assert_eq!(house.change(2, RoomChange::default()), Err(Refusal::NotHost));
    house.drain();
    house.pass(Duration::from_secs(30));
    assert_eq!(house.drain(), ["2: lost ann", "2: notice: ann left"]);
    let (at, why) = house.rooms.poll_timeout().unwrap();
    assert_eq!((at - house.clock.instant(), why), (Duration::from_secs(30), Deadline::HostGraceOver));
    assert!(!house.join(3, wish("cat")).unwrap().participant.host, "nor does a newcomer get it");
    house.drain();
    house.pass(Duration::from_secs(30));
    assert_eq!(house.drain(), ["2,3: updated bob here #0 host"]);
    // Who comes later finds it taken.
    let late = Join { resume: was("ann", None), fresh_id: id("ann2"), ..wish("ann") };
    assert!(!house.join(4, late).unwrap().participant.host);
}

#[test]
fn a_lost_host_who_comes_back_within_the_minute_is_host_again() {
    for by_cookie in [false, true] {
        let mut house = House::new();
        let browser = Some(GuestId("browser".into()));
        house.join(1, Join { guest: browser.clone(), ..wish("ann") }).unwrap();
        house.join(2, wish("bob")).unwrap();
        house.lose(1, Loss::Away);
        house.pass(Duration::from_secs(45));
        house.drain();
        let back = match by_cookie {
            true => Join { guest: browser, fresh_id: id("ann2"), ..wish("ann") },
            false => Join { resume: was("ann", None), fresh_id: id("ann2"), ..wish("ann") },
        };
        assert!(house.join(3, back).unwrap().participant.host);
        assert_eq!(house.rooms.poll_timeout(), None);
        house.drain();
        house.pass(Duration::from_secs(60));
        assert!(house.drain().is_empty(), "nobody else becomes host");
        house.change(3, RoomChange::default()).unwrap();
    }
}

#[test]
fn hosts_share_the_role_hand_it_over_and_lay_it_down() {
    let mut house = House::with_ann_bob_and_cat();
    assert_eq!(house.role(2, "bob", true), Err(Refusal::NotHost));
    assert_eq!(house.role(1, "ann", false), Err(Refusal::LastHost));
    assert_eq!(house.role(1, "dan", true), Err(Refusal::NoSuchParticipant));
    house.role(1, "bob", true).unwrap();
    house.role(1, "bob", true).unwrap();
    assert_eq!(house.drain(), ["1,2,3: updated bob here #0 host"]);
    house.role(1, "ann", false).unwrap();
    assert_eq!(house.drain(), ["1,2,3: updated ann here #0"]);
    house.role(2, "cat", true).unwrap();
    house.leave(2);
    house.drain();
    assert!(house.change(3, RoomChange::default()).is_ok(), "cat is a host still");
    house.leave(3);
    assert_eq!(house.drain().last().unwrap(), "1: updated ann here #0 host", "the last one has left");
}

#[test]
fn who_only_sends_media_cannot_be_made_a_host() {
    let mut house = House::with_ann_and_bob();
    house.join(3, Join { media_only: true, ..wish("cam") }).unwrap();
    assert_eq!(house.role(1, "cam", true), Err(Refusal::MediaOnly));
}

#[test]
fn who_is_no_host_any_more_sends_only_what_is_allowed() {
    let mut house = House::with_ann_and_bob();
    let media = MediaState { mic: true, ..MediaState::default() };
    house.role(1, "bob", true).unwrap();
    house.rooms.set_media(connection(2), media).unwrap();
    let allowed = Some(Permissions { mic: false, ..Permissions::ALL });
    house.change(1, RoomChange { allowed, ..RoomChange::default() }).unwrap();
    house.drain();
    assert!(house.sources["bob"].mic);
    house.role(1, "bob", false).unwrap();
    house.drain();
    assert!(!house.sources["bob"].mic);
}
