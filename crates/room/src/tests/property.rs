//! Random sequences of commands: whatever happens, what clients are told adds up to what is true.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Join { client: u64, room: u8, media_only: bool },
    Resume { client: u64, reload: bool },
    Leave { client: u64 },
    Lose { client: u64, away: bool },
    Media { client: u64, mic: bool },
    Chat { client: u64 },
    Signal { client: u64, to: u64 },
    Set { client: u64, locked: Option<bool>, routed: Option<bool>, waiting: Option<bool>, mics: Option<bool> },
    LetIn { client: u64 },
    Mute { client: u64, whom: Option<u64> },
    Role { client: u64, whom: u64, host: bool },
    Hand { client: u64, raised: bool },
    OpenBreakouts { client: u64, rooms: u16, whom: u64, room: u16, minutes: Option<u32> },
    BreakOut { client: u64, whom: Option<u64>, room: Option<u16> },
    CallBack { client: u64 },
    SendAway { client: u64, whom: u64 },
    Route { client: u64 },
    Watch { viewer: u64, room: u8 },
    Unwatch { viewer: u64 },
    Open { room: u8 },
    End { room: u8 },
    Wait { seconds: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let client = 0..5u64;
    prop_oneof![
        4 => (client.clone(), 0..2u8, proptest::bool::weighted(0.2))
            .prop_map(|(client, room, media_only)| Step::Join { client, room, media_only }),
        3 => (client.clone(), any::<bool>()).prop_map(|(client, reload)| Step::Resume { client, reload }),
        1 => client.clone().prop_map(|client| Step::Leave { client }),
        3 => (client.clone(), any::<bool>()).prop_map(|(client, away)| Step::Lose { client, away }),
        1 => (client.clone(), any::<bool>()).prop_map(|(client, mic)| Step::Media { client, mic }),
        1 => client.clone().prop_map(|client| Step::Chat { client }),
        2 => (client.clone(), 0..5u64).prop_map(|(client, to)| Step::Signal { client, to }),
        1 => (client.clone(), proptest::option::weighted(0.3, proptest::bool::weighted(0.3)), any::<Option<bool>>(),
            any::<Option<bool>>(), any::<Option<bool>>())
            .prop_map(|(client, locked, routed, waiting, mics)| Step::Set { client, locked, routed, waiting, mics }),
        1 => client.clone().prop_map(|client| Step::LetIn { client }),
        1 => (client.clone(), proptest::option::of(0..5u64)).prop_map(|(client, whom)| Step::Mute { client, whom }),
        1 => (client.clone(), 0..5u64, any::<bool>())
            .prop_map(|(client, whom, host)| Step::Role { client, whom, host }),
        1 => (client.clone(), any::<bool>()).prop_map(|(client, raised)| Step::Hand { client, raised }),
        2 => (client.clone(), 1..3u16, 0..5u64, 0..2u16, proptest::option::of(1..3u32)).prop_map(
            |(client, rooms, whom, room, minutes)| Step::OpenBreakouts { client, rooms, whom, room, minutes }),
        3 => (client.clone(), proptest::option::of(0..5u64), proptest::option::of(0..2u16))
            .prop_map(|(client, whom, room)| Step::BreakOut { client, whom, room }),
        1 => client.clone().prop_map(|client| Step::CallBack { client }),
        1 => (client.clone(), 0..5u64).prop_map(|(client, whom)| Step::SendAway { client, whom }),
        1 => client.prop_map(|client| Step::Route { client }),
        1 => (0..2u64, 0..2u8).prop_map(|(viewer, room)| Step::Watch { viewer, room }),
        1 => (0..2u64).prop_map(|viewer| Step::Unwatch { viewer }),
        1 => (0..2u8).prop_map(|room| Step::Open { room }),
        1 => (0..2u8).prop_map(|room| Step::End { room }),
        1 => (1..40u64).prop_map(|seconds| Step::Wait { seconds }),
    ]
}

/// What one client believes, from nothing but the answers and events it got.
#[derive(Clone, Debug, Default)]
struct Client {
    connection: u64,
    room: Option<u8>,
    /// In which of its breakout rooms.
    breakout: Option<u16>,
    media: MediaState,
    hand: bool,
    me: Option<(ParticipantId, u32)>,
    others: BTreeMap<ParticipantId, Participant>,
    last_seq: BTreeMap<(ParticipantId, u32), u64>,
    host: bool,
    media_only: bool,
    topology: Topology,
    settings: RoomSettings,
}

impl Client {
    /// Nothing of before counts.
    fn enter(&mut self, joined: Joined) {
        self.me = Some((joined.participant.id, joined.participant.incarnation));
        self.host = joined.participant.host;
        self.media = joined.participant.media;
        self.hand = joined.participant.hand.is_some();
        self.breakout = joined.breakouts.own;
        (self.topology, self.settings) = (joined.topology, joined.settings);
        self.others = joined.others.into_iter().map(|p| (p.id.clone(), p)).collect();
    }
}

struct World {
    house: House,
    clients: Vec<Client>,
    /// Who watches which room, by the viewer's connection.
    viewers: BTreeMap<u64, u8>,
    /// Who waits to be let in, by connection: which client, where to, and what it is.
    waiting: BTreeMap<u64, (u64, u8, bool)>,
    next: u64,
    seq: u64,
    /// How media goes, as told outside of the rooms.
    topology: BTreeMap<RoomName, Topology>,
    /// What the SFU may forward, as it was told.
    sources: BTreeMap<(RoomName, ParticipantId), MediaState>,
    /// Who is in the rooms that have begun, by the record.
    record: BTreeMap<RoomName, BTreeSet<ParticipantId>>,
}

impl World {
    fn new() -> Self {
        let clients = vec![Client::default(); 5];
        Self {
            house: House::with_places(4),
            clients,
            viewers: BTreeMap::new(),
            waiting: BTreeMap::new(),
            next: 1,
            seq: 0,
            topology: BTreeMap::new(),
            sources: BTreeMap::new(),
            record: BTreeMap::new(),
        }
    }

    fn fresh(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn join(&mut self, client: u64, room: u8, media_only: bool, resume: Option<Identity>) {
        let number = self.fresh();
        let wish = Join {
            room: RoomName::parse(&format!("room-{room}")).unwrap(),
            fresh_id: id(&format!("p{number}")),
            resume,
            media_only,
            ..wish(&format!("client {client}"))
        };
        let slot = client as usize;
        if self.clients[slot].connection != 0 {
            return;
        }
        let joined = match self.house.join(number, wish.clone()) {
            Err(Refusal::Waiting) => {
                // It knocks once more when it was let in; if not, it goes.
                if self.house.join(number, wish).is_err() {
                    self.waiting.insert(number, (client, room, media_only));
                }
                return;
            }
            joined => joined,
        };
        if let Ok(joined) = joined {
            let mine = &mut self.clients[slot];
            mine.connection = number;
            mine.room = Some(room);
            mine.media_only = media_only;
            mine.enter(joined);
        }
    }

    fn number(&self, client: u64) -> ConnectionId {
        ConnectionId(self.clients[client as usize].connection)
    }

    fn id_of(&self, client: u64) -> Option<ParticipantId> {
        self.clients[client as usize].me.as_ref().map(|(id, _)| id.clone())
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Join { client, room, media_only } => self.join(client, room, media_only, None),
            Step::Resume { client, reload } => {
                let mine = &self.clients[client as usize];
                if let (Some(room), Some((id, incarnation))) = (mine.room, mine.me.clone()) {
                    let live = (!reload).then_some(incarnation);
                    let identity =
                        Identity { id, incarnation, live, joined_at: 1, restorable: false, routed: false };
                    self.join(client, room, mine.media_only, Some(identity));
                }
            }
            Step::Leave { client } => {
                let now = self.house.now();
                let mine = &mut self.clients[client as usize];
                let left = self.house.rooms.leave(now, ConnectionId(mine.connection));
                assert_eq!(left.is_ok(), mine.connection != 0);
                *mine = Client::default();
            }
            Step::Lose { client, away } => {
                let number = std::mem::take(&mut self.clients[client as usize].connection);
                self.house.lose(number, if away { Loss::Away } else { Loss::Unexplained });
            }
            Step::Media { client, mic } => {
                let media = MediaState { mic, ..MediaState::default() };
                let number = self.number(client);
                let mine = &mut self.clients[client as usize];
                let may = mine.connection != 0 && (mine.host || !mic || mine.settings.allowed.mic);
                assert_eq!(self.house.rooms.set_media(number, media).is_ok(), may);
                if may {
                    mine.media = media;
                }
            }
            Step::LetIn { client } => {
                let number = self.number(client);
                let _ = self.house.rooms.let_in(number, None);
            }
            Step::Mute { client, whom } => {
                let number = self.number(client);
                let whom = whom.and_then(|whom| self.id_of(whom));
                let _ = self.house.rooms.mute(number, whom.as_ref(), Source::Microphone);
            }
            Step::Role { client, whom, host } => {
                let number = self.number(client);
                if let Some(whom) = self.id_of(whom) {
                    let _ = self.house.rooms.set_role(number, &whom, host);
                }
            }
            Step::Hand { client, raised } => {
                let (now, number) = (self.house.now(), self.number(client));
                assert_eq!(self.house.rooms.set_hand(now, number, None, raised).is_ok(), number.0 != 0);
            }
            Step::OpenBreakouts { client, rooms, whom, room, minutes } => {
                let (now, number) = (self.house.now(), self.number(client));
                let titles = (0..rooms).map(|room| format!("breakout {room}")).collect();
                let people = self.id_of(whom).map(|id| (id, room)).into_iter().collect();
                let plan = BreakoutPlan { titles, people, minutes };
                let _ = self.house.rooms.open_breakouts(now, number, plan);
            }
            Step::BreakOut { client, whom, room } => {
                let (now, number) = (self.house.now(), self.number(client));
                let whom = whom.and_then(|whom| self.id_of(whom));
                let _ = self.house.rooms.break_out(now, number, whom, room);
            }
            Step::CallBack { client } => {
                let (now, number) = (self.house.now(), self.number(client));
                let _ = self.house.rooms.close_breakouts(now, number);
            }
            Step::Chat { client } => {
                let now = self.house.now();
                let number = self.clients[client as usize].connection;
                assert_eq!(
                    self.house.rooms.chat(now, ConnectionId(number), "hi".into(), None, None).is_ok(),
                    number != 0
                );
            }
            Step::Signal { client, to } => {
                self.seq += 1;
                if let Some((to, incarnation)) = self.clients[to as usize].me.clone() {
                    let signal = Signal { to, incarnation, seq: self.seq, payload: "offer", bytes: 5 };
                    let number = self.clients[client as usize].connection;
                    let _ = self.house.rooms.signal(ConnectionId(number), signal);
                }
            }
            Step::Set { client, locked, routed, waiting, mics } => {
                let now = self.house.now();
                let mine = &self.clients[client as usize];
                let allowed = mics.map(|mic| Permissions { mic, ..Permissions::ALL });
                let change = RoomChange { locked, routed, waiting, allowed, password: None };
                let changed = self.house.rooms.change(now, ConnectionId(mine.connection), change);
                assert_eq!(changed.is_ok(), mine.connection != 0 && mine.host);
            }
            Step::SendAway { client, whom } => {
                let now = self.house.now();
                let mine = &self.clients[client as usize];
                if let Some((id, _)) = &self.clients[whom as usize].me {
                    let removed = self.house.rooms.send_away(now, ConnectionId(mine.connection), id, true);
                    // It may be in another of the breakout rooms, too.
                    let may = mine.connection != 0 && mine.host;
                    assert!(removed.is_ok() || !(may && mine.others.contains_key(id)));
                    assert!(removed.is_err() || may);
                }
            }
            Step::Route { client } => {
                let now = self.house.now();
                let number = self.clients[client as usize].connection;
                assert_eq!(self.house.rooms.route(now, ConnectionId(number)).is_ok(), number != 0);
            }
            Step::Watch { viewer, room } => {
                let (now, number) = (self.house.now(), 1_000_000 + viewer);
                let watch = Watch {
                    room: RoomName::parse(&format!("room-{room}")).unwrap(),
                    password: None,
                    grant: None,
                };
                if self.house.rooms.watch(now, ConnectionId(number), &watch).is_ok() {
                    assert_eq!(self.viewers.insert(number, room), None, "one watches one room");
                }
            }
            Step::Unwatch { viewer } => {
                let (now, number) = (self.house.now(), 1_000_000 + viewer);
                self.house.rooms.unwatch(now, ConnectionId(number));
                self.viewers.remove(&number);
            }
            Step::Open { room } => {
                let (now, name) = (self.house.now(), RoomName::parse(&format!("room-{room}")).unwrap());
                let reservation = Reservation { empty_for: Duration::from_secs(20), capacity: Some(3) };
                let fresh = !self.house.rooms.is_open(&name);
                let opened = self.house.rooms.open(now, name, RoomChange::default(), reservation);
                assert_eq!(opened.is_ok(), fresh);
            }
            Step::End { room } => {
                let (now, name) = (self.house.now(), RoomName::parse(&format!("room-{room}")).unwrap());
                let open = self.house.rooms.is_open(&name);
                assert_eq!(self.house.rooms.end(now, &name).is_ok(), open);
                self.deliver();
                assert!(!self.house.rooms.is_open(&name));
            }
            Step::Wait { seconds } => self.house.pass(Duration::from_secs(seconds)),
        }
        self.deliver();
        self.check();
    }

    fn keep_record(&mut self, happening: Happening) {
        match happening {
            Happening::Started { room } => assert!(self.record.insert(room, BTreeSet::new()).is_none()),
            Happening::Ended { room } => {
                assert_eq!(self.record.remove(&room), Some(BTreeSet::new()));
                self.topology.remove(&room);
            }
            Happening::Came { room, participant } => {
                assert!(self.record.get_mut(&room).expect("it has begun").insert(participant.id));
            }
            Happening::Went { room, participant, .. } => {
                assert!(self.record.get_mut(&room).expect("it has begun").remove(&participant.id));
            }
        }
    }

    fn deliver(&mut self) {
        let mut admitted = Vec::new();
        while let Some(output) = self.house.rooms.poll_output() {
            let (to, event) = match output {
                Output::Tell { to, event } => (to, event),
                Output::Topology { room, mode } => {
                    let before = self.topology.insert(room, mode).unwrap_or_default();
                    assert_ne!(before, mode, "only a change is told");
                    continue;
                }
                Output::WatchOver { connection } => {
                    assert!(self.viewers.remove(&connection.0).is_some(), "it watched until now");
                    continue;
                }
                Output::Happened(happening) => {
                    self.keep_record(happening);
                    continue;
                }
                Output::Sources { room, id, sources } => {
                    self.sources.insert((room, id), sources);
                    continue;
                }
                Output::MediaOver { room, id } => {
                    self.sources.remove(&(room, id));
                    continue;
                }
            };
            assert_eq!(to.iter().collect::<BTreeSet<_>>().len(), to.len(), "nobody is told twice");
            for connection in to {
                match event {
                    Event::Admitted => {
                        let (client, room, media_only) =
                            self.waiting.remove(&connection.0).expect("it waited");
                        if self.clients[client as usize].connection == 0 {
                            admitted.push((client, room, media_only));
                        }
                        self.house.lose(connection.0, Loss::Unexplained);
                        continue;
                    }
                    Event::TurnedAway { .. } => {
                        assert!(self.waiting.remove(&connection.0).is_some(), "it waited until now");
                        continue;
                    }
                    _ => {}
                }
                let client = self.clients.iter_mut().find(|client| client.connection == connection.0);
                if matches!(event, Event::Replaced | Event::Removed { .. }) {
                    if let Some(client) = client {
                        client.connection = 0;
                        client.me = None;
                    }
                    continue;
                }
                let client = client.expect("only living connections are told");
                match event.clone() {
                    Event::Updated(who) if client.me.as_ref().is_some_and(|(me, _)| who.id == *me) => {
                        let told = (who.host, who.hand.is_some());
                        assert_ne!((client.host, client.hand), told, "nothing else about oneself is told");
                        (client.host, client.hand) = told;
                    }
                    Event::Muted { source, .. } => {
                        assert_ne!(
                            client.media,
                            client.media.without(source),
                            "only what was on is turned off"
                        );
                        client.media = client.media.without(source);
                    }
                    Event::Moved(joined) => client.enter(*joined),
                    Event::Roster(_) => panic!("no room here is large"),
                    Event::Joined(who) | Event::Updated(who) => {
                        assert_ne!(Some(&who.id), client.me.as_ref().map(|(me, _)| me));
                        client.others.insert(who.id.clone(), who);
                    }
                    Event::Topology(mode) => {
                        assert_ne!(client.topology, mode, "only a change is told");
                        client.topology = mode;
                    }
                    Event::Settings(settings) => {
                        assert_ne!(client.settings, settings, "only a change is told");
                        client.settings = settings;
                        if !client.host {
                            client.media = settings.allowed.mask(client.media);
                        }
                    }
                    Event::Left(id, _) => assert!(client.others.remove(&id).is_some(), "who left was there"),
                    Event::Signal { from, incarnation, seq, .. } => {
                        let last = client.last_seq.insert((from, incarnation), seq);
                        assert!(last.is_none_or(|last| last < seq), "signals keep their order");
                    }
                    Event::Waiting(_) => assert!(client.host, "only hosts are told who waits"),
                    Event::Breakouts(breakouts) => assert_eq!(breakouts.own, client.breakout),
                    Event::Chat(_) | Event::ChatChanged(_) | Event::Reaction(..) => {}
                    Event::Replaced | Event::Removed { .. } | Event::Admitted | Event::TurnedAway { .. } => {}
                }
            }
        }
        for (client, room, media_only) in admitted {
            self.join(client, room, media_only, None);
        }
        let rooms = &self.house.rooms;
        self.topology.retain(|room, _| rooms.is_open(room));
    }

    /// Everyone connected to a room believes the same about everyone else in it.
    fn check(&self) {
        let mut present = 0;
        for client in self.clients.iter().filter(|client| client.connection != 0) {
            present += 1;
            let (me, incarnation) = client.me.clone().expect("a connected client knows itself");
            for other in self.clients.iter().filter(|other| {
                other.connection != 0
                    && (other.room, other.breakout) == (client.room, client.breakout)
                    && other.connection != client.connection
            }) {
                let seen = other.others.get(&me).expect("who is here is seen");
                assert!(seen.connected);
                assert_eq!(seen.incarnation, incarnation);
                assert_eq!(client.others.len(), other.others.len());
                assert_eq!((seen.host, seen.hand.is_some()), (client.host, client.hand));
                assert_eq!(seen.media, client.media);
                assert_eq!((client.topology, client.settings), (other.topology, other.settings));
            }
            assert!(client.others.len() < 4);
            let place = self.house.rooms.place(ConnectionId(client.connection)).expect("it has joined");
            assert_eq!(client.topology, place.topology);
            assert_eq!(self.topology.get(place.room).copied().unwrap_or_default(), place.topology);
            assert_eq!(self.sources[&(place.room.clone(), me.clone())], client.media);
            let whole = place.room.whole();
            let everyone = [whole.clone(), whole.breakout(0), whole.breakout(1)];
            let everyone: Vec<_> =
                everyone.iter().flat_map(|name| self.house.rooms.participants(name)).collect();
            let hosts = everyone.iter().filter(|who| who.host).count();
            assert_eq!(hosts == 0, self.house.rooms.keeps_role(&whole), "a host, or one who is waited for");
            assert!(everyone.len() <= 4);
            let watched =
                client.breakout.is_none() && self.viewers.values().any(|room| Some(*room) == client.room);
            if client.others.len() > 1
                || client.settings.routed
                || !client.settings.allowed.mic
                || client.media_only
                || watched
            {
                assert_eq!(client.topology, Topology::Routed);
            }
        }
        assert_eq!(self.viewers.len(), self.house.rooms.viewer_count());
        assert!(present <= self.house.rooms.participant_count());
        // A whole room stays while somebody is in one of its breakout rooms, or an application keeps it.
        assert!(self.house.rooms.room_count() <= 2 * self.house.rooms.participant_count() + 2);
        for view in self.house.rooms.views(None, 10) {
            let everybody = self.house.rooms.everybody_in(&view.name).expect("it is open");
            let ids = everybody.into_iter().map(|(who, _)| who.id).collect::<BTreeSet<_>>();
            assert_eq!(self.record.get(&view.name).cloned().unwrap_or_default(), ids);
            assert_eq!((view.participants, view.started_at.is_some()), (ids.len(), !ids.is_empty()));
            assert!(!ids.is_empty() || view.reservation.is_some(), "an empty room is kept open by somebody");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_clients_are_told_adds_up_to_what_is_true(steps in proptest::collection::vec(step(), 1..60)) {
        let mut world = World::new();
        for step in steps {
            world.run(step);
        }
        // When everyone is gone for long enough, nothing is left behind.
        for client in 0..5 {
            world.run(Step::Lose { client, away: false });
        }
        world.run(Step::Wait { seconds: 31 });
        // What applications keep open, too.
        world.run(Step::Wait { seconds: 21 });
        prop_assert!(world.waiting.is_empty(), "whose room is closed waits for nothing");
        prop_assert!(world.topology.is_empty());
        prop_assert_eq!(world.house.rooms.participant_count(), 0);
        prop_assert_eq!(world.house.rooms.room_count(), 0);
        prop_assert_eq!(world.house.rooms.poll_timeout(), None);
    }
}
