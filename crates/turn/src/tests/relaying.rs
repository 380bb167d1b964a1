use stun_types::message::Message;
use turn_types::attribute::{Data, XorPeerAddress};

use super::pair::*;
use crate::{Dropped, Family, Forward, IcmpError, Outcome, StreamId};

fn channel_data(number: u16, payload: &[u8]) -> Vec<u8> {
    [&number.to_be_bytes()[..], &(payload.len() as u16).to_be_bytes(), payload].concat()
}

#[test]
fn a_client_allocates_binds_a_channel_and_talks_to_its_peer() {
    let mut pair = Pair::new();
    let mut ann = Client::udp("198.41.0.4:4000");
    let relayed = pair.allocate(&mut ann);
    let relay = pair.relay_at(relayed);
    assert_eq!(pair.bind(&mut ann, 0x4000, addr(PEER)), 0);

    let message = channel_data(0x4000, b"hello");
    let outcome = pair.feed(&ann.path, &message);
    let up = Forward::Peer { relay, peer: addr(PEER), payload: 4..9, dont_fragment: false };
    assert_eq!(outcome, Outcome::Forward(up));

    let down = pair.datagram(relay, PEER, b"world").unwrap();
    assert_eq!(wire(&down, b"world"), channel_data(0x4000, b"world"));
    let Forward::Client { client, .. } = down else { panic!() };
    assert_eq!(client, ann.path);
}

#[test]
fn send_and_data_indications_carry_data_without_a_channel() {
    let mut pair = Pair::new();
    let mut ann = Client::udp("198.41.0.4:4000");
    let relayed = pair.allocate(&mut ann);
    let relay = pair.relay_at(relayed);
    assert_eq!(pair.permit(&mut ann, &[addr(PEER)]), 0);
    let Outcome::Forward(Forward::Peer { peer, payload, dont_fragment, .. }) =
        pair.send(&ann, addr(PEER), b"abc")
    else {
        panic!()
    };
    assert_eq!((peer, dont_fragment, payload.len()), (addr(PEER), false, 3));

    let other_port = "151.101.1.1:9999";
    let down = pair.datagram(relay, other_port, b"abcde").unwrap();
    let bytes = wire(&down, b"abcde");
    let message = Message::from_bytes(&bytes).unwrap();
    assert_eq!(message.attribute::<Data>().unwrap().data(), b"abcde");
    let from = message.attribute::<XorPeerAddress>().unwrap().addr(message.transaction_id());
    assert_eq!(from, addr(other_port));
}

#[test]
fn padding_follows_channel_data_on_streams_and_not_on_udp() {
    for (mut ann, padding) in [(Client::udp("198.41.0.4:4000"), 0), (Client::tcp("198.41.0.4:4000", 1), 3)] {
        let mut pair = Pair::new();
        let relayed = pair.allocate(&mut ann);
        pair.bind(&mut ann, 0x4000, addr(PEER));
        let down = pair.datagram(pair.relay_at(relayed), PEER, b"hello").unwrap();
        assert_eq!(wire(&down, b"hello").len(), 9 + padding);
        // From the client, padding may be there or not.
        for more in 0..=3 {
            let message = [channel_data(0x4000, b"hello"), vec![0; more]].concat();
            let Outcome::Forward(Forward::Peer { payload, .. }) = pair.feed(&ann.path, &message) else {
                panic!()
            };
            assert_eq!(payload, 4..9);
        }
    }
}

#[test]
fn channel_data_longer_than_its_datagram_is_dropped_and_empty_data_is_sent() {
    let mut pair = Pair::new();
    let mut ann = Client::udp("198.41.0.4:4000");
    pair.allocate(&mut ann);
    pair.bind(&mut ann, 0x4000, addr(PEER));
    assert_eq!(pair.feed(&ann.path, &[0x40, 0, 0, 5, 1, 2, 3, 4]), Outcome::Dropped(Dropped::Malformed));
    assert_eq!(pair.feed(&ann.path, &[0x40, 0, 0]), Outcome::Dropped(Dropped::Malformed));
    assert_eq!(pair.feed(&ann.path, &[0x40, 1, 0, 0]), Outcome::Dropped(Dropped::NoChannel));
    let Outcome::Forward(Forward::Peer { payload, .. }) = pair.feed(&ann.path, &[0x40, 0, 0, 0]) else {
        panic!()
    };
    assert!(payload.is_empty());
}

#[test]
fn who_has_no_permission_is_not_heard() {
    let mut pair = Pair::new();
    let mut ann = Client::udp("198.41.0.4:4000");
    let relay = {
        let relayed = pair.allocate(&mut ann);
        pair.relay_at(relayed)
    };
    assert_eq!(pair.datagram(relay, PEER, b"x"), Err(Dropped::NoPermission));
    assert_eq!(pair.send(&ann, addr(PEER), b"x"), Outcome::Dropped(Dropped::NoPermission));
    pair.permit(&mut ann, &[addr(PEER)]);
    assert_eq!(pair.datagram(relay, "151.101.1.2:5000", b"x"), Err(Dropped::NoPermission));
    assert_eq!(pair.datagram(relay, "151.101.1.1:0", b"x"), Err(Dropped::PortZero));
    assert!(pair.datagram(relay, PEER, b"x").is_ok());
    pair.refresh(&mut ann, 0);
    assert_eq!(pair.datagram(relay, PEER, b"x"), Err(Dropped::NoAllocation));
    // The row is used again: the old name does not reach the new relay.
    pair.allocate(&mut ann);
    pair.permit(&mut ann, &[addr(PEER)]);
    assert_eq!(pair.datagram(relay, PEER, b"x"), Err(Dropped::NoAllocation));
}

#[test]
fn dont_fragment_is_passed_on_or_the_indication_dropped() {
    for (supported, sent) in [(true, true), (false, false)] {
        let mut pair = Pair::with(crate::Config { dont_fragment: supported, ..config() });
        let mut ann = Client::udp("198.41.0.4:4000");
        pair.allocate(&mut ann);
        pair.permit(&mut ann, &[addr(PEER)]);
        let peer = ann.xor(addr(PEER));
        let outcome =
            pair.feed(&ann.path, &ann.indication(&[(0x0012, &peer), (0x001A, &[]), (0x0013, b"x")]));
        let with_df = matches!(outcome, Outcome::Forward(Forward::Peer { dont_fragment: true, .. }));
        assert_eq!(with_df, sent);
    }
}

#[test]
fn an_indication_without_peer_data_or_with_unknown_attributes_is_dropped() {
    let mut pair = Pair::new();
    let mut ann = Client::udp("198.41.0.4:4000");
    pair.allocate(&mut ann);
    pair.permit(&mut ann, &[addr(PEER)]);
    let peer = ann.xor(addr(PEER));
    for attributes in [
        &[(0x0012, &peer[..])][..],
        &[(0x0013, b"x")],
        &[(0x0012, &peer), (0x7777, b"x"), (0x0013, b"x")],
        &[(0x0012, &peer[..7]), (0x0013, b"x")],
    ] {
        let outcome = pair.feed(&ann.path, &ann.indication(attributes));
        assert_eq!(outcome, Outcome::Dropped(Dropped::Malformed), "{attributes:?}");
    }
    let empty = pair.feed(&ann.path, &ann.indication(&[(0x0012, &peer), (0x0013, b"")]));
    assert!(matches!(empty, Outcome::Forward(_)));
}

/// Ann and Bob with relays of the same server.
fn two() -> (Pair, Client, Client, std::net::SocketAddr, std::net::SocketAddr) {
    let mut pair = Pair::new();
    let mut ann = Client::udp("198.41.0.4:4000");
    let mut bob = Client::tcp("151.101.7.7:4000", 9).named("bob", "hunter2");
    let (ann_relay, bob_relay) = (pair.allocate(&mut ann), pair.allocate(&mut bob));
    (pair, ann, bob, ann_relay, bob_relay)
}

#[test]
fn relay_to_relay_stays_inside_and_shows_the_senders_relayed_address() {
    let (mut pair, mut ann, mut bob, ann_relay, bob_relay) = two();
    assert_eq!(pair.bind(&mut ann, 0x4000, bob_relay), 0);
    let message = channel_data(0x4000, b"hello");
    // Bob has to permit it too.
    assert_eq!(pair.feed(&ann.path, &message), Outcome::Dropped(Dropped::NoPermission));
    assert_eq!(pair.permit(&mut bob, &[ann_relay]), 0);
    let Outcome::Forward(forward) = pair.feed(&ann.path, &message) else { panic!() };
    let bytes = wire(&forward, &message);
    let Forward::Client { client, .. } = forward else { panic!() };
    assert_eq!(client, bob.path);
    let indication = Message::from_bytes(&bytes).unwrap();
    let from = indication.attribute::<XorPeerAddress>().unwrap().addr(indication.transaction_id());
    assert_eq!(from, ann_relay);
    assert_eq!(indication.attribute::<Data>().unwrap().data(), b"hello");
    // With a channel on Bob's side: ChannelData, padded for his stream.
    assert_eq!(pair.bind(&mut bob, 0x4ABC, ann_relay), 0);
    let Outcome::Forward(forward) = pair.send(&ann, bob_relay, b"hello") else { panic!() };
    let Forward::Client { head, padding, .. } = forward else { panic!() };
    assert_eq!((&head[..], padding), (&[0x4A, 0xBC, 0, 5][..], 3));
    assert_eq!(pair.server.metrics().handed_over, 2);
}

#[test]
fn a_relay_may_talk_to_itself() {
    let mut pair = Pair::new();
    let mut ann = Client::udp("198.41.0.4:4000");
    let relayed = pair.allocate(&mut ann);
    pair.bind(&mut ann, 0x4000, relayed);
    let message = channel_data(0x4000, b"echo");
    let Outcome::Forward(forward) = pair.feed(&ann.path, &message) else { panic!() };
    assert_eq!(wire(&forward, &message), message);
}

#[test]
fn a_channel_to_a_relay_that_is_gone_reaches_nobody_or_who_has_its_address_now() {
    let (mut pair, mut ann, mut bob, ann_relay, bob_relay) = two();
    pair.bind(&mut ann, 0x4000, bob_relay);
    pair.permit(&mut bob, &[ann_relay]);
    let message = channel_data(0x4000, b"x");
    assert!(matches!(pair.feed(&ann.path, &message), Outcome::Forward(_)));
    pair.refresh(&mut bob, 0);
    assert_eq!(pair.feed(&ann.path, &message), Outcome::Dropped(Dropped::NoAllocation));
    assert_eq!(
        pair.send(&ann, bob_relay, b"x"),
        Outcome::Dropped(Dropped::Denied(crate::policy::Denial::OwnAddress))
    );
    assert_eq!(pair.bind(&mut ann, 0x4001, addr("93.184.216.10:50002")), 400);
    assert_eq!(pair.bind(&mut ann, 0x4001, addr("93.184.216.10:50003")), 403);
}

#[test]
fn a_channel_to_a_relay_that_is_gone_does_not_reach_the_next_in_its_row() {
    let (mut pair, mut ann, mut bob, ann_relay, bob_relay) = two();
    pair.bind(&mut ann, 0x4000, bob_relay);
    pair.refresh(&mut bob, 0);
    let mut carol = Client::udp("151.101.8.8:4000");
    let carol_relay = pair.allocate(&mut carol);
    assert_ne!(carol_relay, bob_relay);
    pair.permit(&mut carol, &[ann_relay]);
    let outcome = pair.feed(&ann.path, &channel_data(0x4000, b"x"));
    assert_eq!(outcome, Outcome::Dropped(Dropped::NoAllocation));
}

#[test]
fn a_neighbours_relay_is_reached_through_its_thread() {
    let mut one = Pair::new();
    let mut two = Pair::new();
    let mut ann = Client::udp("198.41.0.4:4000");
    let mut bob = Client::udp("151.101.7.7:4000").named("bob", "hunter2");
    two.allocate(&mut Client::udp("151.101.7.8:1"));
    let (ann_relay, bob_relay) = (one.allocate(&mut ann), two.allocate(&mut bob));
    assert_eq!(one.bind(&mut ann, 0x4000, bob_relay), 403);
    one.server.add_neighbour(bob_relay, 2);
    two.server.add_neighbour(ann_relay, 1);
    assert_eq!(one.bind(&mut ann, 0x4000, bob_relay), 0);
    assert_eq!(two.permit(&mut bob, &[ann_relay]), 0);
    let message = channel_data(0x4000, b"over");
    let Outcome::Forward(Forward::Neighbour { thread, from, to, payload }) = one.feed(&ann.path, &message)
    else {
        panic!()
    };
    assert_eq!((thread, from, to), (2, ann_relay, bob_relay));
    let forward = two.server.handle_handover(two.now(), from, to, &message[payload]).unwrap();
    assert!(matches!(forward, Forward::Client { client, .. } if client == bob.path));
    one.server.remove_neighbour(bob_relay, 3);
    one.server.remove_neighbours(3);
    assert!(matches!(one.feed(&ann.path, &message), Outcome::Forward(Forward::Neighbour { .. })));
    one.server.remove_neighbour(bob_relay, 2);
    assert!(matches!(one.feed(&ann.path, &message), Outcome::Dropped(Dropped::NoAllocation)));
    one.server.add_neighbour(bob_relay, 2);
    one.server.remove_neighbours(2);
    assert!(matches!(one.feed(&ann.path, &message), Outcome::Dropped(Dropped::NoAllocation)));
}

#[test]
fn icmp_errors_are_told_to_clients_whose_peer_is_permitted() {
    let mut pair = Pair::new();
    let mut ann = Client::udp("198.41.0.4:4000");
    let relay = {
        let relayed = pair.allocate(&mut ann);
        pair.relay_at(relayed)
    };
    pair.permit(&mut ann, &[addr(PEER)]);
    let mut tell = |peer: &str, kind, code, data| {
        let error = IcmpError { peer: addr(peer), kind, code, data };
        pair.server.handle_icmp(pair.now(), relay, &error);
        pair.drain();
        pair.received(&ann.path)
    };
    assert!(tell("151.101.9.9:5000", 3, 3, 0).is_none());
    assert!(tell(PEER, 0, 0, 0).is_none());
    let bytes = tell(PEER, 3, 4, 1280).unwrap();
    let message = Message::from_bytes(&bytes).unwrap();
    assert_eq!(message.raw_attribute(0x8004.into()).unwrap().value[..], [0, 0, 3, 4, 0, 0, 5, 0]);
    let peer = message.attribute::<XorPeerAddress>().unwrap().addr(message.transaction_id());
    assert_eq!(peer, addr(PEER));
    assert!(!message.has_attribute(0x0013.into()));
    // Only "fragmentation needed" carries data.
    let bytes = tell(PEER, 3, 3, 1280).unwrap();
    assert_eq!(bytes[bytes.len() - 4..], [0; 4]);
}

#[test]
fn ipv6_peers_are_relayed_like_ipv4_ones() {
    let mut pair = Pair::new();
    let mut ann = Client::udp("[2001:500:9f::42]:4000");
    let answer = pair.ask(&mut ann, turn_types::message::ALLOCATE, &[UDP_TRANSPORT, (0x0017, &[2, 0, 0, 0])]);
    let relayed = answer.relayed()[0];
    assert_eq!(Family::of(relayed.ip()), Family::V6);
    let relay = pair.relay_at(relayed);
    assert_eq!(pair.permit(&mut ann, &[addr(PEER6)]), 0);
    assert!(
        matches!(pair.send(&ann, addr(PEER6), b"x"), Outcome::Forward(Forward::Peer { peer, .. }) if peer == addr(PEER6))
    );
    let down = pair.datagram(relay, PEER6, b"abc").unwrap();
    let bytes = wire(&down, b"abc");
    let message = Message::from_bytes(&bytes).unwrap();
    assert_eq!(message.attribute::<XorPeerAddress>().unwrap().addr(message.transaction_id()), addr(PEER6));
}

#[test]
fn two_streams_from_one_address_are_two_clients() {
    let mut pair = Pair::new();
    let (mut one, mut two) = (Client::tcp("198.41.0.4:4000", 1), Client::tcp("198.41.0.4:4000", 2));
    assert_ne!(pair.allocate(&mut one), pair.allocate(&mut two));
    assert_eq!(one.path.transport.stream(), Some(StreamId(1)));
}
