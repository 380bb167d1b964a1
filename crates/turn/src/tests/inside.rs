//! The SFU of the same process as a peer.

use super::pair::*;
use crate::{
    Dropped, Forward, Outcome,
    policy::{Denial, Policy, Rule},
};

const SFU_PORTS: [u16; 2] = [8443, 29_479];

fn with_sfu() -> (Pair, Client) {
    let mut pair = Pair::with(crate::Config { sfu_ports: SFU_PORTS.to_vec(), ..config() });
    let mut ann = Client::udp("198.41.0.4:4000");
    pair.allocate(&mut ann);
    (pair, ann)
}

fn own(port: u16) -> std::net::SocketAddr {
    addr(&format!("{V4}:{port}"))
}

#[test]
fn data_for_the_sfu_is_handed_over_under_exactly_its_ports() {
    let (mut pair, mut ann) = with_sfu();
    let relayed = *pair.relays.values().next().unwrap();
    assert_eq!(pair.permit(&mut ann, &[own(1)]), 0, "the permission is the address's");
    for port in SFU_PORTS {
        let Outcome::Forward(Forward::Sfu { from, to, payload }) = pair.send(&ann, own(port), b"hello")
        else {
            panic!("port {port}")
        };
        assert_eq!((from, to, payload.len()), (relayed, own(port), 5));
    }
    for port in [22, 1024, 8444, 29_478] {
        let refused = Outcome::Dropped(Dropped::Denied(Denial::OwnAddress));
        assert_eq!(pair.send(&ann, own(port), b"hello"), refused, "port {port}");
        assert_eq!(pair.bind(&mut ann, 0x4000, own(port)), 403, "port {port}");
    }
    assert_eq!(pair.bind(&mut ann, 0x4001, own(8443)), 0);
    let message = [&[0x40, 0x01, 0, 2][..], b"hi"].concat();
    assert!(matches!(
        pair.feed(&ann.path, &message),
        Outcome::Forward(Forward::Sfu { to, payload, .. }) if to == own(8443) && payload == (4..6)
    ));
}

#[test]
fn loopback_is_ours_for_the_sfu_alone() {
    let (mut pair, mut ann) = with_sfu();
    let local = |port| addr(&format!("127.0.0.1:{port}"));
    assert_eq!(pair.permit(&mut ann, &[local(8443)]), 0);
    assert!(matches!(pair.send(&ann, local(8443), b"x"), Outcome::Forward(Forward::Sfu { .. })));
    assert!(matches!(
        pair.send(&ann, local(6379), b"x"),
        Outcome::Dropped(Dropped::Denied(Denial::Range(_)))
    ));
}

#[test]
fn the_port_at_a_foreign_address_is_a_peer_like_any_other() {
    let (mut pair, mut ann) = with_sfu();
    let foreign = addr("151.101.1.1:8443");
    pair.permit(&mut ann, &[foreign]);
    assert!(
        matches!(pair.send(&ann, foreign, b"x"), Outcome::Forward(Forward::Peer { peer, .. }) if peer == foreign)
    );
}

#[test]
fn what_the_sfu_sends_needs_the_clients_permission_and_comes_from_the_address_that_was_asked() {
    let (mut pair, mut ann) = with_sfu();
    let relayed = *pair.relays.values().next().unwrap();
    let now = pair.now();
    assert_eq!(pair.server.handle_sfu(now, own(8443), relayed, b"x"), Err(Dropped::NoPermission));
    pair.bind(&mut ann, 0x4000, own(8443));
    let forward = pair.server.handle_sfu(now, own(8443), relayed, b"hello").unwrap();
    assert_eq!(wire(&forward, b"hello"), [&[0x40, 0, 0, 5][..], b"hello"].concat());
    // Not through the channel: that is for another of our ports.
    let forward = pair.server.handle_sfu(now, own(29_479), relayed, b"hello").unwrap();
    assert_eq!(wire(&forward, b"hello")[..2], [0x00, 0x17]);
    let nowhere = addr(&format!("{V4}:50999"));
    assert_eq!(pair.server.handle_sfu(now, own(8443), nowhere, b"x"), Err(Dropped::NoAllocation));
    pair.server.add_neighbour(nowhere, 3);
    let forward = pair.server.handle_sfu(now, own(8443), nowhere, b"x");
    assert_eq!(forward, Ok(Forward::Neighbour { thread: 3, from: own(8443), to: nowhere, payload: 0..1 }));
}

#[test]
fn without_an_sfu_the_same_addresses_are_closed() {
    let mut pair = Pair::new();
    let mut ann = Client::udp("198.41.0.4:4000");
    pair.allocate(&mut ann);
    assert_eq!(pair.bind(&mut ann, 0x4000, own(8443)), 403);
    let open: Rule = V4.parse().unwrap();
    pair.server.set_policy(Policy::new(vec![open], vec![], vec![]));
    assert!(!matches!(pair.send(&ann, own(8443), b"x"), Outcome::Forward(Forward::Sfu { .. })));
}
