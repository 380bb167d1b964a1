//! Sessions of the SFU: every way to reach them, from every thread.

use std::{
    collections::HashSet,
    net::{SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

use kaigi_sfu::{OfferError, RoomId, SessionId};
use kaigi_turn::{Limits, policy::Policy};
use tokio::runtime::Runtime;

use super::{
    DEADLINE,
    peer::{Link, Peer},
    until, with,
};
use crate::{Connect, Input, Report, Worker};

/// A worker, and what it reports.
struct House {
    worker: Worker,
    server: SocketAddr,
    runtime: Runtime,
    connected: HashSet<SessionId>,
}

impl House {
    fn new(threads: usize) -> Self {
        // Without a rule for loopback: the SFU is no peer like others.
        let (worker, server) = with(threads, Policy::default(), Limits::default());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { worker, server, runtime, connected: HashSet::new() }
    }

    /// What has happened within a moment.
    fn reports(&mut self) -> Option<Report> {
        let moment = Duration::from_millis(1);
        let report =
            self.runtime.block_on(async { tokio::time::timeout(moment, self.worker.reports()).await });
        let report = report.ok()?;
        self.connected.extend(&report.connected);
        Some(report)
    }

    /// Has a thread answer a peer's offer.
    fn offer(&mut self, thread: u16, session: u64, peer: &mut Peer) {
        let answer = self.answer(thread, session, peer.offer.clone(), peer.candidates());
        peer.accept(&answer.unwrap());
    }

    fn answer(
        &mut self,
        thread: u16,
        session: u64,
        offer: String,
        candidates: Vec<String>,
    ) -> Result<String, OfferError> {
        let session = SessionId(session);
        let participant = format!("participant-{}", session.0);
        let connect = Connect { session, room: RoomId(1), participant, offer, candidates };
        self.worker.connect(thread, connect).unwrap();
        let deadline = Instant::now() + DEADLINE;
        loop {
            assert!(Instant::now() < deadline, "no answer");
            let Some(report) = self.reports() else { continue };
            if let Some((of, answer)) = report.answers.into_iter().next() {
                assert_eq!(of, session);
                return answer;
            }
        }
    }

    /// Lets the peers talk until all are connected, on both sides.
    fn connect(&mut self, peers: &mut [Peer]) {
        let deadline = Instant::now() + DEADLINE;
        while !peers.iter().all(Peer::is_connected) || self.connected.len() < peers.len() {
            assert!(Instant::now() < deadline, "{} of {}", self.connected.len(), peers.len());
            peers.iter_mut().for_each(Peer::step);
            self.reports();
        }
    }
}

#[test]
fn a_client_reaches_its_session_whichever_thread_the_system_gives_it_to() {
    let mut house = House::new(4);
    let mut peers: Vec<Peer> = (0..12).map(|_| Peer::udp(house.server)).collect();
    for (session, peer) in peers.iter_mut().enumerate() {
        house.offer(3, session as u64, peer);
    }
    house.connect(&mut peers);
    let metrics = until(&house.worker, |metrics| metrics.open.sessions == 12);
    assert_eq!(metrics.sfu.refused, Default::default());
    assert_eq!(metrics.io.lost_handovers, 0);
}

#[test]
fn a_session_is_reached_by_a_relay_of_its_own_and_of_another_thread() {
    let mut house = House::new(2);
    let mut peers: Vec<Peer> = [0, 1].map(|thread| Peer::relay(&house.worker, thread)).into();
    for (session, peer) in peers.iter_mut().enumerate() {
        house.offer(1, session as u64, peer);
    }
    house.connect(&mut peers);
    let metrics = until(&house.worker, |metrics| metrics.open.sessions == 2 && metrics.turn.handed_over > 0);
    assert_eq!((metrics.io.received, metrics.io.sent), (0, 0), "nothing goes through a socket");
    assert_eq!(metrics.turn.dropped, [0; 12]);
}

#[test]
fn a_session_is_reached_over_tcp() {
    let mut house = House::new(2);
    let mut peers = [Peer::stream(&house.worker, house.server)];
    house.offer(1, 7, &mut peers[0]);
    house.connect(&mut peers);
    let Link::Stream { outbox, .. } = &peers[0].link else { unreachable!() };
    assert!(!outbox.is_closed());
    house.worker.disconnect(1, SessionId(7));
    // Whoever holds the connection hears of it once nothing of the session is left.
    let deadline = Instant::now() + DEADLINE;
    while !outbox.is_closed() {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
}

#[test]
fn a_connection_without_an_authentic_check_is_closed() {
    let house = House::new(2);
    let outbox = std::sync::Arc::new(crate::Outbox::default());
    let check = binding_request("01abcdefgh:peer");
    let frames = [&(check.len() as u16).to_be_bytes()[..], &check].concat().into();
    let id = house.worker.stream_on(1);
    let (remote, local) = ("127.0.0.1:40000".parse().unwrap(), house.server.ip());
    let opened = Input::IceOpened { id, remote, local, outbox: outbox.clone(), frames };
    house.runtime.block_on(house.worker.tell(opened));
    let mut taken = Vec::new();
    let more =
        house.runtime.block_on(async { tokio::time::timeout(DEADLINE, outbox.take(&mut taken)).await });
    assert!(!more.expect("it ends"), "nothing is answered");
    until(&house.worker, |metrics| metrics.sfu.refused.stun == 1);
}

#[test]
fn dtls_and_srtp_from_nowhere_are_dropped_whatever_came_before() {
    let house = House::new(4);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for thread in 0..4 {
        let check = binding_request(&format!("{thread:02x}abcdefgh:peer"));
        socket.send_to(&check, house.server).unwrap();
        for payload in [&[22, 254, 253, 0][..], &[128, 111, 0, 0]] {
            socket.send_to(payload, house.server).unwrap();
        }
    }
    until(&house.worker, |metrics| metrics.sfu.refused.stun == 4 && metrics.sfu.refused.unknown_path == 8);
}

#[test]
fn a_question_without_user_name_is_still_answered_by_stun() {
    let house = House::new(2);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut request = binding_request("");
    request.truncate(20);
    request[3] = 0;
    socket.send_to(&request, house.server).unwrap();
    let mut answer = [0; 200];
    let length = socket.recv(&mut answer).unwrap();
    assert_eq!(answer[..2], [1, 1], "{:?}", &answer[..length]);
}

#[test]
fn a_bad_offer_is_answered_in_words() {
    let mut house = House::new(1);
    let refused = house.answer(0, 1, "hello".into(), vec![]);
    assert!(matches!(refused, Err(OfferError::Malformed(_))), "{refused:?}");
    let peer = Peer::udp(house.server);
    assert!(house.answer(0, 2, peer.offer.clone(), peer.candidates()).is_ok());
}

#[test]
fn a_thread_that_panics_says_that_its_sessions_are_gone_and_takes_new_ones() {
    let mut house = House::new(2);
    let mut peers = [Peer::udp(house.server), Peer::udp(house.server)];
    house.offer(0, 10, &mut peers[0]);
    house.offer(1, 11, &mut peers[1]);
    house.connect(&mut peers);
    let from = kaigi_turn::FiveTuple {
        client: "127.0.0.1:40000".parse().unwrap(),
        server: None,
        transport: kaigi_turn::Transport::Tcp(house.worker.stream_on(1)),
    };
    house.runtime.block_on(house.worker.tell(Input::Panic { from }));
    let deadline = Instant::now() + DEADLINE;
    let lost = loop {
        assert!(Instant::now() < deadline, "nothing is told");
        if let Some(report) = house.reports().filter(|report| !report.lost.is_empty()) {
            break report.lost;
        }
    };
    assert_eq!(lost, [(1, SessionId(11))].into());
    until(&house.worker, |metrics| metrics.open.sessions == 1);
    // The other thread's session lives on, and this one takes the next.
    house.connected.clear();
    let mut next = [Peer::udp(house.server)];
    house.offer(1, 12, &mut next[0]);
    house.connect(&mut next);
    until(&house.worker, |metrics| metrics.open.sessions == 2);
}

/// A Binding request with USERNAME and nothing that proves it.
fn binding_request(user: &str) -> Vec<u8> {
    let mut body = vec![0, 6];
    body.extend((user.len() as u16).to_be_bytes());
    body.extend(user.as_bytes());
    body.resize(body.len().next_multiple_of(4), 0);
    let mut message = vec![0, 1];
    message.extend((body.len() as u16).to_be_bytes());
    message.extend([0x21, 0x12, 0xA4, 0x42]);
    message.extend([7; 12]);
    message.extend(body);
    message
}
