use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use kaigi_protocol::vocabulary::{
    DisplayName, ErrorCode, LeaveReason, MediaState, ParticipantId, Permissions, Reaction, RoomName, Source,
    Topology, limits,
};
use kaigi_testkit::VirtualClock;

use super::*;

mod breakouts;
mod chatting;
mod gathering;
mod granting;
mod hosting;
mod operating;
mod property;
mod roles;
mod waiting;
mod watching;

/// Rooms with a clock and readable names: connection 1 is `C(1)`, participants are named by their id.
struct House {
    rooms: Rooms<&'static str>,
    clock: VirtualClock,
    /// Whose peer connections are gone, as of the last drain.
    media_over: Vec<String>,
    /// What the SFU may forward, as it was told.
    sources: BTreeMap<String, MediaState>,
    /// What a record would say.
    record: Vec<String>,
}

const fn connection(number: u64) -> ConnectionId {
    ConnectionId(number)
}

fn id(text: &str) -> ParticipantId {
    ParticipantId(text.into())
}

fn wish(name: &str) -> Join {
    Join {
        room: RoomName::parse("room").unwrap(),
        name: DisplayName::parse(name).unwrap(),
        media: MediaState::default(),
        guest: None,
        may_open: true,
        fresh_id: id(name),
        resume: None,
        password: None,
        media_only: false,
        grant: None,
    }
}

fn was(name: &str, live: Option<u32>) -> Option<Identity> {
    Some(Identity { id: id(name), incarnation: 0, live, joined_at: 5, restorable: false, routed: false })
}

fn to(name: &str, seq: u64) -> Signal<&'static str> {
    Signal { to: id(name), incarnation: 0, seq, payload: "offer", bytes: 5 }
}

fn said(line: &ChatLine) -> String {
    let name = line.name.as_str();
    let to = line.to.as_ref().map(|to| format!(" to {to}")).unwrap_or_default();
    match &line.body {
        ChatBody::Message(text) => format!("chat {name}{to}: {text}"),
        ChatBody::Poll(poll) => {
            let votes: Vec<_> = poll.standings().iter().map(|standing| standing.votes).collect();
            format!("poll {name}: {} {votes:?} closed {}", poll.question, poll.closed)
        }
        ChatBody::File(file) => format!("file {name}{to}: {}", file.name),
        ChatBody::Deleted => format!("deleted {name}{to}"),
        ChatBody::Joined => format!("notice: {name} joined"),
        ChatBody::Left => format!("notice: {name} left"),
    }
}

/// As `main ann | red bob, cat | blue`.
fn rooms_of(breakouts: &Breakouts) -> String {
    let names = |people: &[Person]| people.iter().map(|who| who.id.0.as_str()).collect::<Vec<_>>().join(", ");
    let mut rooms = vec![format!("main {}", names(&breakouts.main))];
    rooms.extend(breakouts.rooms.iter().map(|room| format!("{} {}", room.title, names(&room.people))));
    rooms.join(" | ")
}

/// Who, and what of it is not usual.
fn state_of(who: &Participant) -> String {
    let mic = if who.media.mic { " mic" } else { "" };
    let lost = if who.connected { "" } else { " lost" };
    format!("{}{mic}{lost}", who.id)
}

impl House {
    fn new() -> Self {
        Self {
            rooms: Rooms::new(Limits::default()),
            clock: VirtualClock::new(),
            media_over: Vec::new(),
            sources: BTreeMap::new(),
            record: Vec::new(),
        }
    }

    fn with_places(room_capacity: usize) -> Self {
        Self { rooms: Rooms::new(Limits { room_capacity, ..Limits::default() }), ..Self::new() }
    }

    fn with_ann_and_bob() -> Self {
        let mut house = Self::new();
        house.join(1, wish("ann")).unwrap();
        house.join(2, wish("bob")).unwrap();
        house.drain();
        house
    }

    fn now(&self) -> Now {
        Now { instant: self.clock.instant(), unix_ms: self.clock.unix_ms() }
    }

    fn join(&mut self, number: u64, wish: Join) -> Result<Joined, Refusal> {
        let now = self.now();
        self.rooms.join(now, connection(number), wish)
    }

    fn lose(&mut self, number: u64, loss: Loss) {
        let now = self.now();
        self.rooms.handle_disconnect(now, connection(number), loss);
    }

    /// Everything to send, a line each: to whom and what.
    fn drain(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(output) = self.rooms.poll_output() {
            let (to, event) = match output {
                Output::Tell { to, event } => (to, event),
                Output::MediaOver { id, .. } => {
                    self.media_over.push(id.0);
                    continue;
                }
                Output::Topology { .. } => continue,
                Output::Happened(happening) => {
                    self.record.push(match happening {
                        Happening::Started { room } => format!("{room} started"),
                        Happening::Ended { room } => format!("{room} ended"),
                        Happening::Came { room, participant } => format!("{} came to {room}", participant.id),
                        Happening::Went { room, participant, reason } => {
                            format!("{} went from {room}: {reason:?}", participant.id)
                        }
                    });
                    continue;
                }
                Output::Sources { id, sources, .. } => {
                    self.sources.insert(id.0, sources);
                    continue;
                }
                Output::WatchOver { connection } => {
                    lines.push(format!("{}: watched enough", connection.0));
                    continue;
                }
            };
            let what = match event {
                Event::Joined(who) => format!("joined {}", who.id),
                Event::Updated(who) => {
                    let state = if who.connected { "here" } else { "lost" };
                    let host = if who.host { " host" } else { "" };
                    let hand = if who.hand.is_some() { " hand" } else { "" };
                    format!("updated {} {state} #{}{host}{hand}", who.id, who.incarnation)
                }
                Event::Left(id, LeaveReason::Left) => format!("left {id}"),
                Event::Left(id, LeaveReason::ConnectionLost) => format!("lost {id}"),
                Event::Left(id, LeaveReason::Removed) => format!("removed {id}"),
                Event::Left(id, LeaveReason::Moved) => format!("moved {id}"),
                Event::Roster(roster) => {
                    let people: Vec<_> = roster.participants.iter().map(state_of).collect();
                    let left: Vec<_> = roster.left.iter().map(|(id, _)| id.0.as_str()).collect();
                    let (people, left) = (people.join(", "), left.join(", "));
                    format!("roster [{people}] left [{left}], {} lines of chat", roster.chat.len())
                }
                Event::Signal { from, seq, payload, .. } => format!("{payload} {seq} from {from}"),
                Event::Chat(line) => said(&line),
                Event::ChatChanged(line) => format!("changed {}", said(&line)),
                Event::Reaction(from, reaction) => format!("{reaction:?} from {from}"),
                Event::Muted { source, by: Some(by) } => format!("{source:?} off by {by}"),
                Event::Muted { source, by: None } => format!("{source:?} off by the application"),
                Event::Waiting(waiters) => {
                    let names: Vec<_> = waiters.iter().map(|waiter| waiter.name.as_str()).collect();
                    format!("waiting {names:?}")
                }
                Event::Admitted => "admitted".into(),
                Event::TurnedAway { over } => format!("turned away, over {over}"),
                Event::Breakouts(breakouts) => rooms_of(&breakouts),
                Event::Moved(joined) => {
                    let others: Vec<_> = joined.others.iter().map(|who| who.id.0.as_str()).collect();
                    format!("moved to {:?} with {others:?}", joined.breakouts.own)
                }
                Event::Replaced => "replaced".into(),
                Event::Topology(mode) => format!("{mode:?}"),
                Event::Settings(RoomSettings { locked, password, routed, waiting, allowed }) => {
                    let more = if waiting { " waiting" } else { "" };
                    let less = if allowed == Permissions::ALL { "" } else { " restricted" };
                    format!("locked {locked} password {password} routed {routed}{more}{less}")
                }
                Event::Removed { ended: true, .. } => "the meeting was ended".into(),
                Event::Removed { ban: true, .. } => "sent away".into(),
                Event::Removed { ban: false, .. } => "sent out".into(),
            };
            let to: Vec<String> = to.iter().map(|connection| connection.0.to_string()).collect();
            lines.push(format!("{}: {what}", to.join(",")));
        }
        lines
    }

    fn pass(&mut self, time: Duration) {
        self.clock.advance(time);
        let now = self.now();
        self.rooms.handle_timeout(now);
    }
}

#[test]
fn two_meet_and_each_learns_of_the_other() {
    let mut house = House::new();
    assert!(house.join(1, wish("ann")).unwrap().others.is_empty());
    let joined = house.join(2, wish("bob")).unwrap();
    assert_eq!(joined.outcome, JoinOutcome::New);
    assert_eq!(joined.others.iter().map(|p| &p.id).collect::<Vec<_>>(), [&id("ann")]);
    assert_eq!(house.drain(), ["1: joined bob", "1: notice: bob joined"]);
}

#[test]
fn the_third_is_refused_in_words_and_nobody_notices() {
    let mut house = House::with_places(2);
    house.join(1, wish("ann")).unwrap();
    house.join(2, wish("bob")).unwrap();
    house.drain();
    let refusal = house.join(3, wish("cat")).unwrap_err();
    assert_eq!(refusal.code(), ErrorCode::RoomFull);
    assert!(refusal.to_string().contains("2 people"));
    assert!(house.drain().is_empty());
    assert_eq!(house.rooms.participant_count(), 2);
}

#[test]
fn leaving_is_told_and_the_last_one_closes_the_room() {
    let mut house = House::with_ann_and_bob();
    let now = house.now();
    house.rooms.leave(now, connection(1)).unwrap();
    assert_eq!(house.drain(), ["2: left ann", "2: notice: ann left", "2: updated bob here #0 host"]);
    assert_eq!(house.rooms.leave(now, connection(1)), Err(Refusal::NotJoined));
    house.rooms.leave(now, connection(2)).unwrap();
    assert_eq!((house.rooms.room_count(), house.rooms.participant_count()), (0, 0));
}

#[test]
fn a_lost_connection_resumes_without_a_notice() {
    let mut house = House::with_ann_and_bob();
    house.lose(1, Loss::Unexplained);
    assert_eq!(house.drain(), ["2: updated ann lost #0 host"]);
    house.pass(Duration::from_secs(29));
    let joined = house.join(3, Join { resume: was("ann", Some(0)), ..wish("ann") }).unwrap();
    assert_eq!(joined.outcome, JoinOutcome::Resumed);
    assert_eq!(joined.participant.incarnation, 0);
    assert_eq!(house.drain(), ["2: updated ann here #0 host"]);
    assert_eq!(house.rooms.poll_timeout(), None);
}

#[test]
fn who_does_not_come_back_is_gone_after_30_seconds() {
    let mut house = House::with_ann_and_bob();
    house.lose(1, Loss::Unexplained);
    house.drain();
    let (at, reason) = house.rooms.poll_timeout().unwrap();
    assert_eq!((at - house.clock.instant(), reason), (Duration::from_secs(30), Deadline::ResumeGraceOver));
    house.pass(Duration::from_millis(29_999));
    assert!(house.drain().is_empty());
    house.pass(Duration::from_millis(1));
    assert_eq!(house.drain(), ["2: lost ann", "2: notice: ann left"]);
    let joined =
        house.join(3, Join { resume: was("ann", Some(0)), fresh_id: id("ann2"), ..wish("ann") }).unwrap();
    assert_eq!((joined.outcome, joined.participant.id), (JoinOutcome::New, id("ann2")));
}

#[test]
fn a_closed_page_is_gone_after_5_seconds() {
    let mut house = House::with_ann_and_bob();
    house.lose(1, Loss::Away);
    house.pass(Duration::from_secs(5));
    assert_eq!(house.drain(), ["2: updated ann lost #0 host", "2: lost ann", "2: notice: ann left"]);
}

#[test]
fn a_reloaded_page_gets_a_new_incarnation_and_takes_over_from_a_connection_that_still_lives() {
    let mut house = House::with_ann_and_bob();
    let joined = house.join(3, Join { resume: was("ann", None), ..wish("ann") }).unwrap();
    assert_eq!((joined.outcome, joined.participant.incarnation), (JoinOutcome::Resumed, 1));
    assert_eq!(house.drain(), ["1: replaced", "2: updated ann here #1 host"]);
    // The old connection's end changes nothing.
    house.lose(1, Loss::Unexplained);
    assert!(house.drain().is_empty());
    // What was meant for the old page is not for the new one.
    assert_eq!(house.rooms.signal(connection(2), to("ann", 1)), Err(Refusal::StaleParticipant));
}

#[test]
fn signals_wait_for_a_lost_connection_and_come_in_order() {
    let mut house = House::with_ann_and_bob();
    house.lose(1, Loss::Unexplained);
    house.drain();
    for seq in [1, 2] {
        house.rooms.signal(connection(2), to("ann", seq)).unwrap();
    }
    assert!(house.drain().is_empty());
    house.join(3, Join { resume: was("ann", Some(0)), ..wish("ann") }).unwrap();
    assert_eq!(house.drain(), ["3: offer 1 from bob", "3: offer 2 from bob", "2: updated ann here #0 host"]);
}

#[test]
fn signals_that_wait_have_a_bound() {
    let mut house = House::with_ann_and_bob();
    house.lose(1, Loss::Unexplained);
    for seq in 0..limits::SIGNALS_KEPT as u64 {
        house.rooms.signal(connection(2), to("ann", seq)).unwrap();
    }
    assert_eq!(house.rooms.signal(connection(2), to("ann", 999)), Err(Refusal::ParticipantUnreachable));
    let mut house = House::with_ann_and_bob();
    house.lose(1, Loss::Unexplained);
    let large = Signal { bytes: limits::SIGNALS_KEPT_BYTES + 1, ..to("ann", 1) };
    assert_eq!(house.rooms.signal(connection(2), large), Err(Refusal::ParticipantUnreachable));
}

#[test]
fn after_a_restart_both_are_restored_in_silence() {
    let mut house = House::with_places(2);
    let restorable = |name: &str, live| Some(Identity { restorable: true, ..was(name, live).unwrap() });
    let ann =
        house.join(1, Join { resume: restorable("ann", Some(0)), may_open: false, ..wish("ann") }).unwrap();
    assert_eq!(
        (ann.outcome, ann.participant.id, ann.participant.joined_at),
        (JoinOutcome::Restored, id("ann"), 5)
    );
    let bob = house.join(2, Join { resume: restorable("bob", None), ..wish("bob") }).unwrap();
    assert_eq!((bob.outcome, bob.participant.incarnation), (JoinOutcome::Restored, 1));
    assert_eq!(house.drain(), ["1: joined bob"]);
    assert!(house.join(3, wish("cat")).unwrap_err().code() == ErrorCode::RoomFull);
}

#[test]
fn a_room_that_was_routed_is_routed_from_the_first_who_is_back() {
    let mut house = House::new();
    let back = |name: &str, routed| {
        let identity = Identity { restorable: true, routed, ..was(name, Some(0)).unwrap() };
        Join { resume: Some(identity), ..wish(name) }
    };
    assert_eq!(house.join(1, back("ann", true)).unwrap().topology, Topology::Routed);
    assert_eq!(house.join(2, back("bob", true)).unwrap().topology, Topology::Routed);
    assert_eq!(house.join(3, back("cat", true)).unwrap().topology, Topology::Routed);
    let told = house.drain();
    assert!(told.iter().all(|line| !line.contains("direct")), "{told:?}");

    // Somebody who was not there before came first.
    let mut house = House::new();
    assert_eq!(house.join(1, wish("dan")).unwrap().topology, Topology::Direct);
    assert_eq!(house.join(2, back("ann", true)).unwrap().topology, Topology::Routed);
    // Nobody else comes back.
    house.pass(crate::topology::RETURN);
    assert_eq!(house.rooms.place(connection(1)).unwrap().topology, Topology::Direct);
}

#[test]
fn chat_reaches_all_and_the_last_200_lines_reach_the_late() {
    let mut house = House::new();
    house.join(1, wish("ann")).unwrap();
    let now = house.now();
    let mut last = 0;
    for number in 0..limits::CHAT_HISTORY + 50 {
        let line = house.rooms.chat(now, connection(1), format!("message {number}"), None, None).unwrap();
        assert!(line > last, "numbers grow within one millisecond too");
        last = line;
    }
    assert_eq!(house.drain().last().unwrap(), "1: chat ann: message 249");
    let bob = house.join(2, wish("bob")).unwrap();
    assert_eq!(bob.chat.len(), limits::CHAT_HISTORY);
    assert_eq!(bob.chat.last().unwrap().body, ChatBody::Message("message 249".into()));
}

#[test]
fn media_is_told_to_others_once() {
    let mut house = House::with_ann_and_bob();
    let media = MediaState { mic: true, ..MediaState::default() };
    house.rooms.set_media(connection(1), media).unwrap();
    house.rooms.set_media(connection(1), media).unwrap();
    assert_eq!(house.drain(), ["2: updated ann here #0 host"]);
}

#[test]
fn guests_cannot_open_rooms_but_join_open_ones() {
    let mut house = House::new();
    assert_eq!(house.join(1, Join { may_open: false, ..wish("bob") }).unwrap_err(), Refusal::RoomNotOpen);
    house.join(2, wish("ann")).unwrap();
    house.join(1, Join { may_open: false, ..wish("bob") }).unwrap();
}

#[test]
fn the_server_has_a_bound_on_rooms_and_participants() {
    let mut house = House::new();
    house.rooms = Rooms::new(Limits { rooms: 1, participants: 1, ..Limits::default() });
    house.join(1, wish("ann")).unwrap();
    let elsewhere = Join { room: RoomName::parse("other").unwrap(), ..wish("bob") };
    assert_eq!(house.join(2, elsewhere).unwrap_err(), Refusal::ServerFull { what: "rooms" });
    assert_eq!(house.join(2, wish("bob")).unwrap_err(), Refusal::ServerFull { what: "participants" });
}

#[test]
fn the_same_browser_is_recognized_and_its_ghost_gives_way() {
    let mut house = House::with_places(2);
    let guest = Some(GuestId("browser".into()));
    house.join(1, Join { guest: guest.clone(), ..wish("ann") }).unwrap();
    let second = house.join(2, Join { guest: guest.clone(), ..wish("ann's tablet") }).unwrap();
    assert!(second.same_device);
    house.drain();
    // The first tab crashes; a new one is not told to wait for the ghost.
    house.lose(1, Loss::Unexplained);
    house.join(3, Join { guest, ..wish("ann again") }).unwrap();
    assert_eq!(
        house.drain(),
        [
            "2: updated ann lost #0 host",
            "2: lost ann",
            "2: notice: ann left",
            "2: joined ann again",
            "2: notice: ann again joined"
        ]
    );
    // Somebody else's ghost stays.
    house.lose(3, Loss::Unexplained);
    assert_eq!(house.join(4, wish("cat")).unwrap_err().code(), ErrorCode::RoomFull);
}

#[test]
fn a_browser_counts_as_present_until_its_last_participant_is_gone() {
    let mut house = House::new();
    let guest = GuestId("browser".into());
    house.join(1, Join { guest: Some(guest.clone()), ..wish("ann") }).unwrap();
    house.join(2, Join { guest: Some(guest.clone()), ..wish("ann's tablet") }).unwrap();
    house.lose(1, Loss::Unexplained);
    house.join(3, Join { guest: Some(guest.clone()), resume: was("ann", Some(0)), ..wish("ann") }).unwrap();
    let now = house.now();
    house.rooms.leave(now, connection(2)).unwrap();
    assert!(house.rooms.holds(&guest));
    house.lose(3, Loss::Unexplained);
    assert!(house.rooms.holds(&guest), "one who reconnects is present");
    house.pass(Duration::from_secs(30));
    assert!(!house.rooms.holds(&guest));
}

#[test]
fn nobody_signals_to_themselves() {
    let mut house = House::with_ann_and_bob();
    assert_eq!(house.rooms.signal(connection(1), to("ann", 1)), Err(Refusal::NoSuchParticipant));
}

#[test]
fn a_connection_joins_once() {
    let mut house = House::with_ann_and_bob();
    assert_eq!(house.join(1, wish("ann")).unwrap_err(), Refusal::AlreadyJoined);
    let ids: BTreeSet<_> = [1, 2].map(connection).into();
    assert_eq!(ids.len(), 2);
}
