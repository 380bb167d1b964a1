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
    Set { client: u64, locked: Option<bool>, routed: Option<bool> },
    SendAway { client: u64, whom: u64 },
    Route { client: u64 },
    Watch { viewer: u64, room: u8 },
    Unwatch { viewer: u64 },
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
        1 => (client.clone(), any::<Option<bool>>(), any::<Option<bool>>())
            .prop_map(|(client, locked, routed)| Step::Set { client, locked, routed }),
        1 => (client.clone(), 0..5u64).prop_map(|(client, whom)| Step::SendAway { client, whom }),
        1 => client.prop_map(|client| Step::Route { client }),
        1 => (0..2u64, 0..2u8).prop_map(|(viewer, room)| Step::Watch { viewer, room }),
        1 => (0..2u64).prop_map(|viewer| Step::Unwatch { viewer }),
        1 => (1..40u64).prop_map(|seconds| Step::Wait { seconds }),
    ]
}

/// What one client believes, from nothing but the answers and events it got.
#[derive(Clone, Debug, Default)]
struct Client {
    connection: u64,
    room: Option<u8>,
    me: Option<(ParticipantId, u32)>,
    others: BTreeMap<ParticipantId, Participant>,
    last_seq: BTreeMap<(ParticipantId, u32), u64>,
    host: bool,
    media_only: bool,
    topology: Topology,
    settings: RoomSettings,
}

struct World {
    house: House,
    clients: Vec<Client>,
    /// Who watches which room, by the viewer's connection.
    viewers: BTreeMap<u64, u8>,
    next: u64,
    seq: u64,
    /// How media goes, as told outside of the rooms.
    topology: BTreeMap<RoomName, Topology>,
}

impl World {
    fn new() -> Self {
        let clients = vec![Client::default(); 5];
        Self {
            house: House::with_places(4),
            clients,
            viewers: BTreeMap::new(),
            next: 1,
            seq: 0,
            topology: BTreeMap::new(),
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
        if let Ok(joined) = self.house.join(number, wish) {
            let mine = &mut self.clients[slot];
            mine.connection = number;
            mine.room = Some(room);
            mine.media_only = media_only;
            mine.me = Some((joined.participant.id, joined.participant.incarnation));
            mine.host = joined.participant.host;
            (mine.topology, mine.settings) = (joined.topology, joined.settings);
            mine.others = joined.others.into_iter().map(|p| (p.id.clone(), p)).collect();
        }
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Join { client, room, media_only } => self.join(client, room, media_only, None),
            Step::Resume { client, reload } => {
                let mine = &self.clients[client as usize];
                if let (Some(room), Some((id, incarnation))) = (mine.room, mine.me.clone()) {
                    let live = (!reload).then_some(incarnation);
                    let identity = Identity { id, incarnation, live, joined_at: 1, restorable: false };
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
                let number = self.clients[client as usize].connection;
                assert_eq!(self.house.rooms.set_media(ConnectionId(number), media).is_ok(), number != 0);
            }
            Step::Chat { client } => {
                let now = self.house.now();
                let number = self.clients[client as usize].connection;
                assert_eq!(
                    self.house.rooms.chat(now, ConnectionId(number), "hi".into()).is_ok(),
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
            Step::Set { client, locked, routed } => {
                let now = self.house.now();
                let mine = &self.clients[client as usize];
                let change = RoomChange { locked, routed, password: None };
                let changed = self.house.rooms.change(now, ConnectionId(mine.connection), change);
                assert_eq!(changed.is_ok(), mine.connection != 0 && mine.host);
            }
            Step::SendAway { client, whom } => {
                let now = self.house.now();
                let mine = &self.clients[client as usize];
                if let Some((id, _)) = &self.clients[whom as usize].me {
                    let removed = self.house.rooms.send_away(now, ConnectionId(mine.connection), id);
                    assert_eq!(
                        removed.is_ok(),
                        mine.connection != 0 && mine.host && mine.others.contains_key(id)
                    );
                }
            }
            Step::Route { client } => {
                let now = self.house.now();
                let number = self.clients[client as usize].connection;
                assert_eq!(self.house.rooms.route(now, ConnectionId(number)).is_ok(), number != 0);
            }
            Step::Watch { viewer, room } => {
                let (now, number) = (self.house.now(), 1_000_000 + viewer);
                let watch = Watch { room: RoomName::parse(&format!("room-{room}")).unwrap(), password: None };
                if self.house.rooms.watch(now, ConnectionId(number), &watch).is_ok() {
                    assert_eq!(self.viewers.insert(number, room), None, "one watches one room");
                }
            }
            Step::Unwatch { viewer } => {
                let (now, number) = (self.house.now(), 1_000_000 + viewer);
                self.house.rooms.unwatch(now, ConnectionId(number));
                self.viewers.remove(&number);
            }
            Step::Wait { seconds } => self.house.pass(Duration::from_secs(seconds)),
        }
        self.deliver();
        self.check();
    }

    fn deliver(&mut self) {
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
                Output::MediaOver { .. } => continue,
            };
            assert_eq!(to.iter().collect::<BTreeSet<_>>().len(), to.len(), "nobody is told twice");
            for connection in to {
                let client = self.clients.iter_mut().find(|client| client.connection == connection.0);
                if matches!(event, Event::Replaced | Event::Removed) {
                    if let Some(client) = client {
                        client.connection = 0;
                        client.me = None;
                    }
                    continue;
                }
                let client = client.expect("only living connections are told");
                match event.clone() {
                    Event::Updated(who) if client.me.as_ref().is_some_and(|(me, _)| who.id == *me) => {
                        assert_ne!(client.host, who.host, "the one thing about oneself that is told");
                        client.host = who.host;
                    }
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
                    }
                    Event::Left(id, _) => assert!(client.others.remove(&id).is_some(), "who left was there"),
                    Event::Signal { from, incarnation, seq, .. } => {
                        let last = client.last_seq.insert((from, incarnation), seq);
                        assert!(last.is_none_or(|last| last < seq), "signals keep their order");
                    }
                    Event::Chat(_) | Event::Replaced | Event::Removed => {}
                }
            }
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
                other.connection != 0 && other.room == client.room && other.connection != client.connection
            }) {
                let seen = other.others.get(&me).expect("who is here is seen");
                assert!(seen.connected);
                assert_eq!(seen.incarnation, incarnation);
                assert_eq!(client.others.len(), other.others.len());
                assert_eq!(seen.host, client.host);
                assert_eq!((client.topology, client.settings), (other.topology, other.settings));
            }
            assert!(client.others.len() < 4);
            let hosts = client.others.values().filter(|other| other.host).count() + usize::from(client.host);
            assert_eq!(hosts, 1, "one host, and everybody knows who");
            let place = self.house.rooms.place(ConnectionId(client.connection)).expect("it has joined");
            assert_eq!(client.topology, place.topology);
            assert_eq!(self.topology.get(place.room).copied().unwrap_or_default(), place.topology);
            let watched = self.viewers.values().any(|room| Some(*room) == client.room);
            if client.others.len() > 1 || client.settings.routed || client.media_only || watched {
                assert_eq!(client.topology, Topology::Routed);
            }
        }
        assert_eq!(self.viewers.len(), self.house.rooms.viewer_count());
        assert!(present <= self.house.rooms.participant_count());
        assert!(self.house.rooms.room_count() <= self.house.rooms.participant_count());
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
        prop_assert!(world.topology.is_empty());
        prop_assert_eq!(world.house.rooms.participant_count(), 0);
        prop_assert_eq!(world.house.rooms.room_count(), 0);
        prop_assert_eq!(world.house.rooms.poll_timeout(), None);
    }
}
