//! Several threads.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use kaigi_sfu::{Identity, Sfu};
use kaigi_turn::{Limits, NonceKey, Server, policy::Policy};
use rand::{SeedableRng, rngs::StdRng};

use super::{
    client::{ALLOCATE, Client, Path, REFRESH, channel_data},
    config, until, with, worker,
};
use crate::{
    Input, Outbox,
    media::Media,
    neighbours::{Handed, Inbox, Neighbours, Port},
    relays::Addresses,
};

#[test]
fn data_between_relays_of_two_threads_is_handed_over_without_a_socket() {
    let (worker, _) = worker(2);
    let (mut ann, mut bob) = (Client::stream(&worker, 0), Client::stream(&worker, 1));
    let (to_ann, to_bob) = (ann.allocate(), bob.allocate());
    assert_eq!(ann.bind(0x4000, to_bob), 0);
    assert_eq!(bob.bind(0x4001, to_ann), 0);
    for round in 0..50u8 {
        ann.send_channel(0x4000, &[round; 100]);
        assert_eq!(bob.path.receive(), channel_data(0x4001, &[round; 100]));
        bob.send_channel(0x4001, &[round; 50]);
        assert_eq!(ann.path.receive(), channel_data(0x4000, &[round; 50]));
    }
    let metrics = until(&worker, |metrics| metrics.turn.handed_over == 100);
    assert_eq!((metrics.io.sent, metrics.io.received, metrics.io.lost_handovers), (0, 0, 0));
}

#[test]
fn a_connection_that_asks_for_no_relay_loses_its_place() {
    let mut ann = Client::direct(alone());
    let Path::Direct { media, outbox, .. } = &ann.path else { unreachable!() };
    let soon = std::time::Instant::now() + std::time::Duration::from_secs(25);
    media.borrow_mut().look_after(soon);
    assert!(!outbox.is_closed());
    ann.allocate();
    let Path::Direct { media, outbox, .. } = &ann.path else { unreachable!() };
    let later = soon + std::time::Duration::from_secs(3600);
    media.borrow_mut().look_after(later);
    assert!(!outbox.is_closed() && !media.borrow().has_unused_streams());

    let other = Client::direct(alone());
    let Path::Direct { media, outbox, .. } = &other.path else { unreachable!() };
    assert!(media.borrow().has_unused_streams());
    media.borrow_mut().look_after(later);
    assert!(outbox.is_closed() && !media.borrow().has_unused_streams());
}

/// A thread's state without a thread, and without a rule for loopback.
fn alone() -> Media {
    let (port, inbox) = Port::new(1).unwrap();
    media(vec![port].into(), &inbox)
}

fn media(ports: Arc<[Port]>, inbox: &Inbox) -> Media {
    let registry = inbox.poll.registry().try_clone().unwrap();
    let addresses = Addresses { local: vec!["127.0.0.1".parse().unwrap()], public: vec![] };
    let rng = Box::new(StdRng::seed_from_u64(1));
    let config = config(Policy::default(), Limits::default());
    let turn = Server::new(config, NonceKey([7; 32]), rng, std::time::Instant::now());
    let sfu = kaigi_sfu::Config { identity: Identity::generate().unwrap(), thread: 0, sessions: 1 };
    let sfu = Sfu::new(sfu, Box::new(StdRng::seed_from_u64(2)), std::time::Instant::now());
    Media::new((turn, sfu), vec![], Neighbours::new(ports, 0), registry, addresses, Arc::default())
}

#[test]
fn a_thread_knows_of_a_relay_before_it_handles_what_its_client_may_have_caused() {
    let (one, inbox) = Port::new(1).unwrap();
    let (two, _inbox_of_two) = Port::new(1).unwrap();
    let ports: Arc<[Port]> = vec![one, two].into();
    // Without a rule for loopback, only a relay that is known can be a peer.
    let mut ann = Client::direct(media(ports.clone(), &inbox));
    ann.allocate();
    let relayed = "127.0.0.1:50000".parse().unwrap();
    assert_eq!(ann.bind(0x4000, relayed), 403);
    let neighbour = Neighbours::new(ports, 1);
    neighbour.opened(relayed);
    assert_eq!(ann.bind(0x4000, relayed), 0);
    neighbour.closed(relayed);
    assert_eq!(ann.bind(0x4000, relayed), 403);
    neighbour.opened(relayed);
    neighbour.restarted();
    assert_eq!(ann.bind(0x4000, relayed), 403);
}

#[test]
fn limits_of_a_credential_hold_for_all_threads_together() {
    let limits = Limits { allocations_per_credential: 3, ..Limits::default() };
    let (worker, _) = with(2, Policy::default(), limits);
    let mut clients: Vec<Client> = (0..4).map(|id| Client::stream(&worker, id)).collect();
    let mut allocate = |at: usize| clients[at].request(ALLOCATE, &[(0x0019, vec![17, 0, 0, 0])]).0;
    assert_eq!([0, 1, 2, 3].map(&mut allocate), [0, 0, 0, 486]);
    // A thread that panics gives back what its clients had.
    let from = match &clients[1].path {
        Path::Stream { from, .. } => *from,
        _ => panic!(),
    };
    let Path::Stream { runtime, .. } = &clients[0].path else { panic!() };
    runtime.block_on(worker.tell(Input::Panic { from }));
    until(&worker, |metrics| metrics.io.restarts == 1);
    clients.push(Client::stream(&worker, 4));
    assert_eq!(clients[4].request(ALLOCATE, &[(0x0019, vec![17, 0, 0, 0])]).0, 0);
}

#[test]
fn the_bound_of_all_allocations_is_one_for_all_threads() {
    let (worker, _) = with(2, Policy::default(), Limits { allocations: 3, ..Limits::default() });
    let codes = [0, 2, 1, 3].map(|id| {
        let mut client = Client::stream(&worker, id);
        client.request(ALLOCATE, &[(0x0019, vec![17, 0, 0, 0])]).0
    });
    assert_eq!(codes, [0, 0, 0, 508]);
}

#[test]
fn a_relay_that_is_closed_is_forgotten_by_the_other_thread() {
    let (worker, _) = worker(2);
    let (mut ann, mut bob) = (Client::stream(&worker, 0), Client::stream(&worker, 1));
    ann.allocate();
    let to_bob = bob.allocate();
    assert_eq!(ann.bind(0x4000, to_bob), 0);
    assert_eq!(bob.request(REFRESH, &[(0x000D, vec![0; 4])]).0, 0);
    ann.send_channel(0x4000, b"x");
    until(&worker, |metrics| metrics.turn.dropped.iter().sum::<u64>() == 1 && metrics.turn.handed_over == 0);
}

#[test]
fn clients_of_all_threads_reach_each_other() {
    let (worker, server) = worker(4);
    let mut clients: Vec<Client> = (0..12).map(|_| Client::udp(server)).collect();
    let relays: Vec<_> = clients.iter_mut().map(Client::allocate).collect();
    for (at, client) in clients.iter_mut().enumerate() {
        for (other, relay) in relays.iter().enumerate().filter(|(other, _)| *other != at) {
            assert_eq!(client.bind(0x4000 + other as u16, *relay), 0);
        }
    }
    for from in 0..clients.len() {
        for to in (0..clients.len()).filter(|to| *to != from) {
            clients[from].send_channel(0x4000 + to as u16, &[from as u8; 8]);
            assert_eq!(clients[to].path.receive(), channel_data(0x4000 + from as u16, &[from as u8; 8]));
        }
    }
    until(&worker, |metrics| metrics.turn.handed_over == 12 * 11);
}

#[test]
fn a_thread_that_panics_starts_anew_and_the_others_go_on() {
    // Without a rule for loopback, only a relay that is known can be a peer.
    let (worker, server) = with(2, Policy::default(), Limits::default());
    let (mut ann, mut bob) = (Client::stream(&worker, 0), Client::stream(&worker, 1));
    let (to_ann, to_bob) = (ann.allocate(), bob.allocate());
    let mut clients: Vec<Client> = (0..8).map(|_| Client::udp(server)).collect();
    clients.iter_mut().for_each(|client| {
        client.allocate();
    });
    assert_eq!(ann.bind(0x4000, to_bob), 0);
    let Path::Stream { from, outbox, runtime, .. } = &bob.path else { panic!() };
    runtime.block_on(worker.tell(Input::Panic { from: *from }));
    let more = runtime.block_on(async {
        let mut taken = Vec::new();
        tokio::time::timeout(super::DEADLINE, outbox.take(&mut taken)).await
    });
    assert!(!more.expect("it ends"), "the connection is told to end");
    until(&worker, |metrics| metrics.io.restarts == 1);

    // Its relays are gone, for its own clients (437 to whoever still believes in one) and for the other thread.
    let codes: Vec<u16> = clients.iter_mut().map(|client| client.request(REFRESH, &[]).0).collect();
    assert!(codes.iter().all(|code| [0, 437].contains(code)), "{codes:?}");
    assert_eq!(ann.bind(0x4000, to_bob), 403);
    // It works again, and learns the relays of the others.
    let mut bob = Client::stream(&worker, 3);
    let to_bob = bob.allocate();
    assert_eq!(bob.bind(0x4000, to_ann), 0);
    assert_eq!(ann.bind(0x4002, to_bob), 0);
    bob.send_channel(0x4000, b"here again");
    assert_eq!(ann.path.receive(), channel_data(0x4002, b"here again"));
    clients.iter_mut().zip(codes).filter(|(_, code)| *code == 437).for_each(|(client, _)| {
        client.allocate();
    });
}

#[test]
fn parcels_for_a_thread_that_does_not_keep_up_have_a_bound() {
    let (one, _inbox_of_one) = Port::new(1).unwrap();
    let (two, inbox) = Port::new(1).unwrap();
    let mut neighbours = Neighbours::new(vec![one, two].into(), 0);
    let (from, to) = ("192.0.2.1:1".parse().unwrap(), "192.0.2.2:2".parse().unwrap());
    let handed = Handed::Relay { from, to };
    let payload = [0; 1000];
    let mut lost = 0;
    for _ in 0..20_000 {
        lost += neighbours.hand_over(1, handed, &payload);
    }
    lost += neighbours.flush();
    let mut kept = 0;
    while let Some(parcel) = Neighbours::next(&inbox) {
        kept += parcel.datagrams().count();
    }
    assert_eq!(kept + lost, 20_000);
    assert!(lost > 0 && kept * payload.len() < 5_000_000, "{kept} wait");
}

#[test]
fn a_connection_waits_while_its_thread_is_busy() {
    let (port, inbox) = Port::new(2).unwrap();
    let input = || {
        let from = kaigi_turn::FiveTuple {
            client: "192.0.2.1:1".parse().unwrap(),
            server: None,
            transport: kaigi_turn::Transport::Tcp(kaigi_turn::StreamId(0)),
        };
        Input::StreamOpened { from, outbox: Arc::new(Outbox::default()) }
    };
    assert!(port.inputs.try_send(input()).is_ok() && port.inputs.try_send(input()).is_ok());
    assert!(port.inputs.try_send(input()).is_err());
    drop(inbox);
}

#[test]
fn a_thread_that_hangs_is_told_from_one_that_has_nothing_to_do() {
    let (worker, _) = worker(3);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let silent = |within| runtime.block_on(worker.silent_threads(Duration::from_millis(within)));
    assert_eq!(silent(5_000), [0; 0]);
    let metrics = worker.0.metrics[1].clone();
    // A thread shows its metrics a second after something came, and cannot as long as this is held.
    let held = metrics.lock().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while silent(500) != [1] {
        assert!(Instant::now() < deadline);
    }
    drop(held);
    assert_eq!(silent(5_000), [0; 0]);
}
