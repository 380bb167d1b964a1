//! The bridge without threads: what they are told, and what comes of what they tell.

use std::{
    cell::RefCell,
    sync::{Arc, Mutex},
};

use kaigi_protocol::vocabulary::{Receive, VideoSource};
use kaigi_worker::{
    Report,
    sfu::{CloseReason, Layers, OfferError, SlotState},
};

use super::*;

/// Threads that only note what they are told.
struct Noting {
    count: u16,
    busy: bool,
    orders: RefCell<Vec<Order>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Order {
    Connect { thread: u16, session: u64, participant: String },
    View { thread: u16, session: u64, wants: Vec<String> },
    Sources { session: u64, sources: sfu::Sources },
    Disconnect { thread: u16, session: u64 },
}

impl Threads for Noting {
    fn count(&self) -> u16 {
        self.count
    }

    fn connect(&self, thread: u16, connect: Connect) -> Result<(), Busy> {
        if self.busy {
            return Err(Busy);
        }
        let (session, participant) = (connect.session.0, connect.participant);
        self.orders.borrow_mut().push(Order::Connect { thread, session, participant });
        Ok(())
    }

    fn set_view(&self, thread: u16, session: SessionId, view: sfu::View) {
        let wants = view.wants.into_iter().map(|want| want.participant).collect();
        self.orders.borrow_mut().push(Order::View { thread, session: session.0, wants });
    }

    fn set_sources(&self, _: u16, session: SessionId, sources: sfu::Sources) {
        // With every offer; what is allowed from the start is nothing to note.
        if sources != room::sources(ALL) {
            self.orders.borrow_mut().push(Order::Sources { session: session.0, sources });
        }
    }

    fn disconnect(&self, thread: u16, session: SessionId) {
        self.orders.borrow_mut().push(Order::Disconnect { thread, session: session.0 });
    }
}

const ALL: MediaState = MediaState { mic: true, camera: true, screen: true, screen_audio: true };

struct House {
    bridge: Bridge<Noting>,
    now: Instant,
    answers: Arc<Mutex<Vec<String>>>,
}

fn room(name: &str) -> RoomName {
    RoomName::parse(name).unwrap()
}

fn id(name: &str) -> ParticipantId {
    ParticipantId(name.into())
}

impl House {
    fn new(count: u16) -> Self {
        let threads = Noting { count, busy: false, orders: RefCell::default() };
        Self { bridge: Bridge::new(threads), now: Instant::now(), answers: Arc::default() }
    }

    fn offer(&mut self, room_name: &str, who: &str, connection: u32) {
        let (answers, who) = (self.answers.clone(), who.to_owned());
        let name = who.clone();
        let reply = Box::new(move |answer| {
            let answer = match answer {
                wire::Answer::Ok(wire::MediaAnswer { sdp }) => format!("{name}: {sdp}"),
                wire::Answer::Error(wire::Error { code, .. }) => format!("{name}: {code:?}"),
            };
            answers.lock().unwrap().push(answer);
        });
        let request = wire::MediaOffer { connection, sdp: "offer".into() };
        let offer = Offer { request, candidates: vec![], sources: ALL, sees: Sees::ALL };
        self.bridge.connect(self.now, &room(room_name), &id(&who), offer, reply);
    }

    fn orders(&mut self) -> Vec<Order> {
        self.bridge.threads.orders.borrow_mut().drain(..).collect()
    }

    fn answers(&mut self) -> Vec<String> {
        self.answers.lock().unwrap().drain(..).collect()
    }

    fn session(&self, room_name: &str, who: &str) -> SessionId {
        self.bridge.rooms[&room(room_name)].members[&id(who)].session.unwrap()
    }

    /// Offers, and has the thread answer.
    fn connect(&mut self, room_name: &str, who: &str, connection: u32) -> SessionId {
        self.offer(room_name, who, connection);
        let session = self.session(room_name, who);
        self.report(Report { answers: vec![(session, Ok("answer".into()))], ..Report::default() });
        assert_eq!(self.answers(), [format!("{who}: answer")]);
        session
    }

    /// A line for everything that is told.
    fn report(&mut self, report: Report) -> Vec<String> {
        let told = self.bridge.handle_report(report);
        told.into_iter()
            .map(|Told { to, event, .. }| {
                format!("{}: {}", to.map_or("all".into(), |id| id.0), words(&event))
            })
            .collect()
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.bridge.handle_timeout(self.now);
    }
}

fn words(event: &wire::Event) -> String {
    match event {
        wire::Event::Slots(wire::Slots { slots }) => {
            let slot = |slot: &wire::Slot| {
                let track = slot.participant.as_ref().zip(slot.source);
                let track = track.map_or("nothing".into(), |(who, source)| format!("{who}'s {source:?}"));
                format!("{} {track}{}", slot.mid, if slot.paused { " paused" } else { "" })
            };
            slots.iter().map(slot).collect::<Vec<_>>().join(", ")
        }
        wire::Event::Layers(wire::Layers { source, active }) => format!("{source:?} {active:?}"),
        wire::Event::Speakers(wire::Speakers { participants }) => {
            participants.iter().map(|id| id.0.as_str()).collect::<Vec<_>>().join(", ")
        }
        wire::Event::MediaRestart(_) => "restart".into(),
        other => format!("{other:?}"),
    }
}

fn want(participant: &str) -> wire::Want {
    wire::Want { participant: id(participant), source: VideoSource::Camera, height: 360, preferred: false }
}

#[test]
fn an_offer_is_answered_by_its_thread_and_a_room_stays_on_one() {
    let mut house = House::new(3);
    let ann = house.connect("one", "ann", 1);
    let bob = house.connect("one", "bob", 1);
    let cat = house.connect("two", "cat", 1);
    let dan = house.connect("three", "dan", 1);
    let threads: Vec<u16> = [ann, bob, cat, dan].map(|session| house.bridge.sessions[&session].thread).into();
    assert_eq!(threads, [0, 0, 1, 2]);
    assert_eq!(house.bridge.load, [2, 1, 1]);
    // When all are gone, the room is nowhere any more, and the next goes where there is least to do.
    for (room_name, who) in [("two", "cat"), ("two", "cat")] {
        house.bridge.forget(&room(room_name), &id(who));
    }
    assert_eq!(house.bridge.load, [2, 0, 1]);
    let eve = house.connect("four", "eve", 1);
    assert_eq!(house.bridge.sessions[&eve].thread, 1);
}

#[test]
fn the_same_number_is_the_same_session_and_a_higher_one_replaces_it() {
    let mut house = House::new(1);
    let first = house.connect("one", "ann", 3);
    assert_eq!(house.connect("one", "ann", 3), first);
    house.orders();
    let second = house.connect("one", "ann", 4);
    assert_ne!(first, second);
    assert_eq!(
        house.orders(),
        [
            Order::Disconnect { thread: 0, session: first.0 },
            Order::Connect { thread: 0, session: second.0, participant: "ann".into() },
        ]
    );
    house.offer("one", "ann", 3);
    assert_eq!((house.answers(), house.orders().len()), (vec!["ann: OfferRefused".to_owned()], 0));
}

#[test]
fn a_number_whose_session_has_ended_stands_for_nothing_any_more() {
    let mut house = House::new(1);
    house.connect("one", "ann", 1);
    house.bridge.disconnect(&room("one"), &id("ann"));
    house.offer("one", "ann", 1);
    assert_eq!(house.answers(), ["ann: OfferRefused"]);
    house.connect("one", "ann", 2);
    // A reloaded page begins to count anew.
    house.bridge.forget(&room("one"), &id("ann"));
    house.connect("one", "ann", 1);
}

#[test]
fn a_refused_offer_changes_nothing() {
    let mut house = House::new(1);
    house.offer("one", "ann", 1);
    let session = house.session("one", "ann");
    let refused = Err(OfferError::NoCodec);
    house.report(Report { answers: vec![(session, refused.clone())], ..Report::default() });
    assert_eq!(house.answers(), ["ann: OfferRefused"]);
    let session = house.connect("one", "ann", 1);
    house.offer("one", "ann", 1);
    house.report(Report { answers: vec![(session, refused)], ..Report::default() });
    assert_eq!(house.answers(), ["ann: OfferRefused"]);
    assert_eq!(house.session("one", "ann"), session, "it goes on as it was");
    house.bridge.threads.busy = true;
    house.offer("one", "bob", 1);
    assert_eq!(house.answers(), ["bob: RateLimited"]);
    house.bridge.threads.busy = false;
    house.connect("one", "bob", 1);
    house.offer("one", "cat", 1);
    let full = Err(OfferError::Full { most: 2 });
    let session = house.session("one", "cat");
    house.report(Report { answers: vec![(session, full)], ..Report::default() });
    assert_eq!(house.answers(), ["cat: ServerFull"]);
}

#[test]
fn there_is_one_offer_at_a_time_and_each_is_answered_once() {
    let mut house = House::new(1);
    house.offer("one", "ann", 1);
    house.offer("one", "ann", 1);
    assert_eq!(house.answers(), ["ann: OfferRefused"]);
    house.offer("one", "ann", 2);
    assert_eq!(house.answers(), ["ann: OfferRefused"], "the first is given up");
    house.bridge.forget(&room("one"), &id("ann"));
    assert_eq!(house.answers(), ["ann: OfferRefused"]);
    assert_eq!(house.bridge.poll_timeout(), None);
}

#[test]
fn a_thread_that_does_not_answer_is_not_waited_for_long() {
    let mut house = House::new(1);
    house.offer("one", "ann", 1);
    assert_eq!(house.bridge.poll_timeout(), Some(house.now + PATIENCE));
    house.pass(PATIENCE);
    assert_eq!(house.answers(), ["ann: OfferRefused"]);
    assert_eq!((house.bridge.poll_timeout(), house.bridge.sessions.len()), (None, 0));
}

#[test]
fn slots_layers_and_speakers_are_told_by_participant_and_again_to_who_comes_back() {
    let mut house = House::new(1);
    let (ann, bob) = (house.connect("one", "ann", 1), house.connect("one", "bob", 1));
    let number = house.bridge.rooms[&room("one")].number;
    let slot = |mid: &str, track, paused| SlotState { mid: mid.into(), track, paused };
    let told = house.report(Report {
        slots: [(
            ann,
            vec![
                slot("4", Some((bob, sfu::Source::Camera)), true),
                slot("5", Some((SessionId(99), sfu::Source::Camera)), false),
                slot("6", None, false),
                slot("16", Some((bob, sfu::Source::Microphone)), false),
            ],
        )]
        .into(),
        layers: [((bob, sfu::Source::Camera), Layers([true, false, false]))].into(),
        speakers: [(number, vec![bob, ann, SessionId(99)])].into(),
        ..Report::default()
    });
    let slots = "4 bob's Camera paused, 5 nothing, 6 nothing, 16 bob's Microphone";
    assert_eq!(
        told,
        [format!("ann: {slots}"), "bob: Camera [true, false, false]".into(), "all: bob, ann".into()]
    );
    let recalled = |who: &str| -> Vec<String> {
        house.bridge.recall(&room("one"), &id(who)).iter().map(words).collect()
    };
    assert_eq!(recalled("ann"), [slots, "bob, ann"]);
    assert_eq!(recalled("bob"), ["Camera [true, false, false]", "bob, ann"]);
    assert_eq!(recalled("cat"), [""; 0]);
}

#[test]
fn a_view_is_passed_on_and_holds_for_the_next_connection() {
    let mut house = House::new(1);
    let view = wire::View { receive: Receive::Everything, wants: vec![want("bob")] };
    let refused = house.bridge.set_view(&room("one"), &id("ann"), &view).unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotRouted);
    let first = house.connect("one", "ann", 1);
    house.orders();
    house.bridge.set_view(&room("one"), &id("ann"), &view).unwrap();
    let passed =
        |session: SessionId| Order::View { thread: 0, session: session.0, wants: vec!["bob".into()] };
    assert_eq!(house.orders(), [passed(first)]);
    let second = house.connect("one", "ann", 2);
    assert_eq!(house.orders().last(), Some(&passed(second)));
}

#[test]
fn a_session_that_ends_by_itself_is_to_be_made_anew_unless_the_client_closed_it() {
    let mut house = House::new(1);
    let sessions = ["ann", "bob", "cat"].map(|who| house.connect("one", who, 1));
    let closed = [CloseReason::Closed, CloseReason::TimedOut, CloseReason::Failed];
    let closed = sessions.into_iter().zip(closed).collect();
    let told = house.report(Report { closed, ..Report::default() });
    assert_eq!(told, ["bob: restart", "cat: restart"]);
    assert_eq!(house.bridge.recall(&room("one"), &id("bob")), [wire::Event::MediaRestart(wire::Empty {})]);
    assert_eq!(house.bridge.load, [0]);
    house.connect("one", "bob", 2);
    assert!(
        !house.bridge.recall(&room("one"), &id("bob")).contains(&wire::Event::MediaRestart(wire::Empty {}))
    );
}

#[test]
fn a_thread_that_panicked_loses_what_it_had_and_no_more() {
    let mut house = House::new(2);
    let ann = house.connect("one", "ann", 1);
    house.connect("two", "bob", 1);
    house.offer("one", "cat", 1);
    let cat = house.session("one", "cat");
    house.offer("one", "dan", 1);
    let dan = house.session("one", "dan");
    assert!(ann < cat && cat < dan);
    let mut told = house.report(Report { lost: [(0, cat)].into(), ..Report::default() });
    told.sort();
    assert_eq!(told, ["ann: restart", "cat: restart"]);
    assert_eq!(house.answers(), ["cat: OfferRefused"]);
    // Dan's offer came after it had started anew.
    house.report(Report { answers: vec![(dan, Ok("answer".into()))], ..Report::default() });
    assert_eq!(house.answers(), ["dan: answer"]);
    assert_eq!(house.bridge.load, [1, 1]);
}

#[test]
fn sessions_end_a_while_after_a_room_went_back_to_direct() {
    let mut house = House::new(1);
    let ann = house.connect("one", "ann", 1);
    house.orders();
    house.bridge.set_topology(house.now, &room("one"), Topology::Direct);
    house.pass(GRACE / 2);
    // The direct way does not work: back, and nothing was lost.
    house.bridge.set_topology(house.now, &room("one"), Topology::Routed);
    assert_eq!(house.bridge.poll_timeout(), None);
    house.bridge.set_topology(house.now, &room("one"), Topology::Direct);
    house.pass(GRACE - Duration::from_millis(1));
    assert!(house.orders().is_empty());
    house.pass(Duration::from_millis(1));
    assert_eq!(house.orders(), [Order::Disconnect { thread: 0, session: ann.0 }]);
    house.bridge.forget(&room("one"), &id("ann"));
    assert!(
        house.bridge.rooms.is_empty()
            && house.bridge.by_number.is_empty()
            && house.bridge.sessions.is_empty()
    );
}

#[test]
fn a_room_that_ends_while_it_closes_leaves_nothing_behind() {
    let mut house = House::new(1);
    house.connect("one", "ann", 1);
    house.bridge.set_topology(house.now, &room("one"), Topology::Direct);
    house.bridge.forget(&room("one"), &id("ann"));
    assert_eq!(house.bridge.poll_timeout(), None);
    // What its thread still reports is for nobody.
    let told = house.report(Report {
        answers: vec![(SessionId(1), Ok(String::new()))],
        closed: vec![(SessionId(1), CloseReason::TimedOut)],
        speakers: [(RoomId(2), vec![SessionId(1)])].into(),
        ..Report::default()
    });
    assert_eq!(told, [""; 0]);
}
