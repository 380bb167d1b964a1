//! RFC 8656 §8, and how allocations end.

use std::time::Duration;

use turn_types::message::{ALLOCATE, REFRESH};

use super::pair::*;
use crate::{CloseReason, Counters, Event, Outcome, Reason};

fn dual() -> (Pair, Client) {
    let mut pair = Pair::new();
    let mut ann = Client::udp("198.41.0.4:4000");
    assert_eq!(pair.ask(&mut ann, ALLOCATE, &[UDP_TRANSPORT, (0x8000, &[2, 0, 0, 0])]).code(), 0);
    (pair, ann)
}

fn closed(pair: &Pair) -> Option<(CloseReason, Duration, Counters)> {
    pair.events.iter().find_map(|event| match event {
        Event::Closed { reason, age, counters, .. } => Some((*reason, *age, *counters)),
        _ => None,
    })
}

#[test]
fn an_allocation_that_is_not_refreshed_expires_with_its_counters() {
    let mut pair = Pair::new();
    let mut ann = Client::udp("198.41.0.4:4000");
    pair.allocate(&mut ann);
    pair.bind(&mut ann, 0x4000, addr(PEER));
    let relay = *pair.relays.keys().next().unwrap();
    pair.feed(&ann.path, &[0x40, 0, 0, 3, 1, 2, 3]);
    pair.datagram(relay, PEER, b"12345").unwrap();
    let (due, reason) = pair.server.poll_timeout().unwrap();
    assert_eq!((due - pair.clock.instant(), reason), (Duration::from_secs(600), Reason::AllocationExpires));
    pair.pass(600);
    let counters = Counters { up_packets: 1, up_bytes: 3, down_packets: 1, down_bytes: 5 };
    assert_eq!(closed(&pair), Some((CloseReason::Expired, Duration::from_secs(600), counters)));
    assert!(pair.relays.is_empty() && pair.server.poll_timeout().is_none());
    assert_eq!(pair.server.sizes(), crate::Sizes::default());
}

#[test]
fn nothing_works_past_the_lifetime_even_if_the_timeout_comes_late() {
    let mut pair = Pair::new();
    let mut ann = Client::udp("198.41.0.4:4000");
    pair.allocate(&mut ann);
    let relay = *pair.relays.keys().next().unwrap();
    pair.clock.advance(Duration::from_secs(599));
    pair.bind(&mut ann, 0x4000, addr(PEER));
    pair.clock.advance(Duration::from_secs(1));
    assert!(matches!(pair.feed(&ann.path, &[0x40, 0, 0, 0]), Outcome::Dropped(_)));
    assert!(pair.datagram(relay, PEER, b"x").is_err());
    assert_eq!(pair.refresh(&mut ann, 600).code(), 437);
    // A new one on the same 5-tuple takes its place.
    pair.allocate(&mut ann);
    assert_eq!(pair.relays.len(), 1);
}

#[test]
fn a_refresh_prolongs_within_the_bounds() {
    let mut pair = Pair::new();
    let mut ann = Client::udp("198.41.0.4:4000");
    pair.allocate(&mut ann);
    for (asked, granted) in [(1, 600), (1200, 1200), (99_999, 3600)] {
        assert_eq!(pair.refresh(&mut ann, asked).lifetime(), granted);
    }
    assert_eq!(pair.ask(&mut ann, REFRESH, &[]).lifetime(), 600);
    assert_eq!(pair.ask(&mut ann, REFRESH, &[(0x000D, &[1, 2])]).code(), 400);
    pair.pass(599);
    assert_eq!(pair.refresh(&mut ann, 600).code(), 0);
    pair.pass(599);
    assert!(closed(&pair).is_none());
}

#[test]
fn a_refresh_with_lifetime_0_releases_and_its_retransmission_is_answered_alike() {
    let mut pair = Pair::new();
    let mut ann = Client::udp("198.41.0.4:4000");
    pair.allocate(&mut ann);
    let request = ann.request(77, REFRESH, &[(0x000D, &[0; 4])]);
    for _ in 0..2 {
        let answer = pair.exchange(&ann, &request).unwrap();
        assert_eq!((answer.code(), answer.lifetime()), (0, 0));
    }
    assert_eq!(closed(&pair).unwrap().0, CloseReason::Released);
    assert!(pair.relays.is_empty());
    // Another transaction is told that there is nothing, and so is this one when nobody retransmits any more.
    assert_eq!(pair.refresh(&mut ann, 0).code(), 437);
    pair.pass(41);
    assert_eq!(pair.exchange(&ann, &request).unwrap().code(), 437);
}

#[test]
fn a_retransmitted_release_does_not_harm_the_next_allocation() {
    let mut pair = Pair::new();
    let mut ann = Client::udp("198.41.0.4:4000");
    pair.allocate(&mut ann);
    let request = ann.request(77, REFRESH, &[(0x000D, &[0; 4])]);
    pair.exchange(&ann, &request).unwrap();
    pair.allocate(&mut ann);
    pair.exchange(&ann, &request).unwrap();
    assert_eq!(pair.server.sizes().allocations, 1);
}

#[test]
fn each_family_of_a_dual_allocation_is_refreshed_and_released_alone() {
    let (mut pair, mut ann) = dual();
    let family = |number: u8| (0x0017, vec![number, 0, 0, 0]);
    let lifetime = |seconds: u32| (0x000D, seconds.to_be_bytes().to_vec());
    let ask = |pair: &mut Pair, ann: &mut Client, attributes: &[(u16, Vec<u8>)]| {
        let attributes: Vec<(u16, &[u8])> =
            attributes.iter().map(|(kind, value)| (*kind, &value[..])).collect();
        pair.ask(ann, REFRESH, &attributes).code()
    };
    assert_eq!(ask(&mut pair, &mut ann, &[family(2), lifetime(3600)]), 0);
    pair.pass(600);
    assert_eq!(pair.relays.len(), 1);
    assert!(pair.relays.values().all(|address| address.is_ipv6()));
    assert!(closed(&pair).is_none());
    assert_eq!(ask(&mut pair, &mut ann, &[family(1)]), 443);
    assert_eq!(ask(&mut pair, &mut ann, &[family(9)]), 443);
    assert_eq!(pair.permit(&mut ann, &[addr(PEER)]), 443);
    assert_eq!(pair.permit(&mut ann, &[addr(PEER6)]), 0);
    assert_eq!(ask(&mut pair, &mut ann, &[family(2), lifetime(0)]), 0);
    assert_eq!(closed(&pair).unwrap().0, CloseReason::Released);
    assert!(pair.relays.is_empty());
}

#[test]
fn releasing_one_family_keeps_the_other() {
    let (mut pair, mut ann) = dual();
    assert_eq!(pair.ask(&mut ann, REFRESH, &[(0x0017, &[1, 0, 0, 0]), (0x000D, &[0; 4])]).code(), 0);
    assert!(pair.relays.values().all(|address| address.is_ipv6()) && pair.relays.len() == 1);
    assert_eq!(pair.refresh(&mut ann, 600).code(), 0);
    assert_eq!(pair.refresh(&mut ann, 0).code(), 0);
    assert_eq!(pair.server.sizes(), crate::Sizes::default());
}

#[test]
fn a_closed_stream_takes_its_allocation_with_it() {
    let mut pair = Pair::new();
    let mut ann = Client::tcp("198.41.0.4:4000", 5);
    let mut bob = Client::tcp("198.41.0.4:4000", 6).named("bob", "hunter2");
    pair.allocate(&mut ann);
    pair.allocate(&mut bob);
    pair.server.handle_stream_closed(pair.now(), &ann.path);
    pair.drain();
    assert_eq!(closed(&pair).unwrap().0, CloseReason::StreamClosed);
    assert_eq!(pair.relays.len(), 1);
    assert_eq!(pair.refresh(&mut bob, 600).code(), 0);
    // For datagrams there is no such thing.
    let udp = Client::udp("198.41.0.4:4000");
    pair.server.handle_stream_closed(pair.now(), &udp.path);
}

#[test]
fn a_stream_closed_while_the_socket_is_opened_closes_the_socket() {
    let mut pair = Pair::new();
    let mut ann = Client::tcp("198.41.0.4:4000", 5);
    let challenge = pair.exchange(&ann, &ann.request(1, ALLOCATE, &[UDP_TRANSPORT])).unwrap();
    ann.learn(&challenge);
    pair.hold = true;
    pair.feed(&ann.path, &ann.request(2, ALLOCATE, &[UDP_TRANSPORT]));
    let relay = pair.held[0].0;
    pair.server.handle_stream_closed(pair.now(), &ann.path);
    pair.drain();
    assert!(pair.held.is_empty() && pair.events.is_empty());
    // The socket opened all the same: nobody is told.
    pair.server.handle_relay_opened(pair.now(), relay, Ok(addr("93.184.216.10:50001")));
    pair.drain();
    assert!(pair.received(&ann.path).is_none());
    assert_eq!(pair.server.sizes(), crate::Sizes::default());
}
