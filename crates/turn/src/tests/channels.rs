//! CreatePermission and ChannelBind, RFC 8656 §10 and §12.

use turn_types::message::{CHANNEL_BIND, CREATE_PERMISSION};

use super::pair::*;
use crate::{Config, Dropped, Forward, Limits, Outcome};

const OTHER: &str = "151.101.2.2:6000";

fn ready() -> (Pair, Client) {
    let mut pair = Pair::new();
    let mut ann = Client::udp("198.41.0.4:4000");
    pair.allocate(&mut ann);
    (pair, ann)
}

fn channel_data(number: u16) -> Vec<u8> {
    [&number.to_be_bytes()[..], &[0, 4], b"abcd"].concat()
}

#[test]
fn channels_are_0x4000_to_0x7fff() {
    for (number, code) in [
        (0x3FFF, 400),
        (0x4000, 0),
        (0x4FFF, 0),
        (0x5000, 0),
        (0x7FFF, 0),
        (0x8000, 400),
        (0xFFFF, 400),
        (0, 400),
    ] {
        let (mut pair, mut ann) = ready();
        assert_eq!(pair.bind(&mut ann, number, addr(PEER)), code, "{number:#x}");
    }
}

#[test]
fn a_channel_bind_needs_both_its_attributes() {
    let (mut pair, mut ann) = ready();
    let peer = ann.xor(addr(PEER));
    assert_eq!(pair.ask(&mut ann, CHANNEL_BIND, &[(0x000C, &[0x40, 0, 0, 0])]).code(), 400);
    assert_eq!(pair.ask(&mut ann, CHANNEL_BIND, &[(0x0012, &peer)]).code(), 400);
    assert_eq!(pair.ask(&mut ann, CHANNEL_BIND, &[(0x000C, &[0x40]), (0x0012, &peer)]).code(), 400);
}

#[test]
fn a_channel_keeps_its_peer_and_a_peer_its_channel() {
    let (mut pair, mut ann) = ready();
    assert_eq!(pair.bind(&mut ann, 0x4000, addr(PEER)), 0);
    assert_eq!(pair.bind(&mut ann, 0x4000, addr(PEER)), 0);
    assert_eq!(pair.bind(&mut ann, 0x4000, addr(OTHER)), 400);
    assert_eq!(pair.bind(&mut ann, 0x4001, addr(PEER)), 400);
    assert_eq!(pair.bind(&mut ann, 0x4001, addr(OTHER)), 0);
    // Another port is another transport address.
    assert_eq!(pair.bind(&mut ann, 0x4002, addr("151.101.1.1:5001")), 0);
}

#[test]
fn a_channel_lives_600_s_from_its_last_binding_and_may_then_be_bound_otherwise() {
    let (mut pair, mut ann) = ready();
    pair.bind(&mut ann, 0x4000, addr(PEER));
    pair.pass(500);
    assert_eq!(pair.refresh(&mut ann, 3600).code(), 0);
    assert_eq!(pair.bind(&mut ann, 0x4000, addr(PEER)), 0);
    pair.pass(599);
    assert!(matches!(pair.feed(&ann.path, &channel_data(0x4000)), Outcome::Forward(_)));
    pair.pass(1);
    assert_eq!(pair.feed(&ann.path, &channel_data(0x4000)), Outcome::Dropped(Dropped::NoChannel));
    assert_eq!(pair.bind(&mut ann, 0x4000, addr(OTHER)), 0);
    assert_eq!(pair.bind(&mut ann, 0x4001, addr(PEER)), 0);
}

#[test]
fn a_permission_lives_300_s_and_a_channel_does_not_replace_it() {
    let (mut pair, mut ann) = ready();
    let relay = *pair.relays.keys().next().unwrap();
    pair.bind(&mut ann, 0x4000, addr(PEER));
    pair.pass(299);
    assert!(pair.datagram(relay, PEER, b"x").is_ok());
    pair.pass(1);
    assert_eq!(pair.datagram(relay, PEER, b"x"), Err(Dropped::NoPermission));
    // The channel is still bound (RFC 8656 §12): a new permission makes it work again.
    assert_eq!(pair.permit(&mut ann, &[addr("151.101.1.1:1")]), 0);
    let Ok(Forward::Client { head, .. }) = pair.datagram(relay, PEER, b"x") else { panic!() };
    assert_eq!(&head[..], [0x40, 0, 0, 1]);
}

#[test]
fn data_renews_no_permission() {
    let (mut pair, mut ann) = ready();
    let relay = *pair.relays.keys().next().unwrap();
    pair.permit(&mut ann, &[addr(PEER)]);
    for _ in 0..3 {
        pair.pass(100);
        let sent = pair.send(&ann, addr(PEER), b"x");
        let came = pair.datagram(relay, PEER, b"x");
        assert_eq!(matches!(sent, Outcome::Forward(_)), came.is_ok());
    }
    assert_eq!(pair.send(&ann, addr(PEER), b"x"), Outcome::Dropped(Dropped::NoPermission));
}

#[test]
fn several_permissions_are_installed_together_or_not_at_all() {
    let (mut pair, mut ann) = ready();
    let private = addr("10.0.0.1:5000");
    assert_eq!(pair.permit(&mut ann, &[addr(PEER), private]), 403);
    assert_eq!(pair.permit(&mut ann, &[addr(PEER), addr(PEER6)]), 443);
    assert_eq!(pair.server.sizes().permissions, 0);
    assert_eq!(pair.permit(&mut ann, &[addr(PEER), addr(OTHER), addr(PEER)]), 0);
    assert_eq!(pair.server.sizes().permissions, 2);
    assert_eq!(pair.ask(&mut ann, CREATE_PERMISSION, &[]).code(), 400);
    assert_eq!(pair.ask(&mut ann, CREATE_PERMISSION, &[(0x0012, &[0, 9, 1, 2, 3, 4, 5, 6])]).code(), 400);
}

#[test]
fn peers_of_a_family_without_a_relay_get_443() {
    let (mut pair, mut ann) = ready();
    assert_eq!(pair.permit(&mut ann, &[addr(PEER6)]), 443);
    assert_eq!(pair.bind(&mut ann, 0x4000, addr(PEER6)), 443);
}

#[test]
fn full_lists_answer_508_and_what_expired_makes_room() {
    let limits = Limits { permissions: 2, channels: 2, ..Limits::default() };
    let mut pair = Pair::with(Config { limits, ..config() });
    let mut ann = Client::udp("198.41.0.4:4000");
    pair.allocate(&mut ann);
    let peer = |at: u8| ([151, 101, 0, at], 5000).into();
    assert_eq!(pair.permit(&mut ann, &[peer(1), peer(2), peer(3)]), 508);
    assert_eq!(pair.permit(&mut ann, &[peer(1), peer(2)]), 0);
    assert_eq!(pair.permit(&mut ann, &[peer(2), peer(1)]), 0);
    assert_eq!(pair.permit(&mut ann, &[peer(3)]), 508);
    assert_eq!(pair.bind(&mut ann, 0x4003, peer(3)), 508);
    assert_eq!(pair.bind(&mut ann, 0x4001, peer(1)), 0);
    assert_eq!(pair.bind(&mut ann, 0x4002, ([151, 101, 0, 1], 5001).into()), 0);
    assert_eq!(pair.bind(&mut ann, 0x4003, ([151, 101, 0, 1], 5002).into()), 508);
    pair.pass(300);
    assert_eq!(pair.permit(&mut ann, &[peer(3)]), 0);
    pair.refresh(&mut ann, 600);
    pair.pass(300);
    assert_eq!(pair.bind(&mut ann, 0x4003, peer(3)), 0);
}

#[test]
fn requests_without_an_allocation_get_437() {
    let mut pair = Pair::new();
    let mut ann = Client::udp("198.41.0.4:4000");
    assert_eq!(pair.permit(&mut ann, &[addr(PEER)]), 437);
    assert_eq!(pair.bind(&mut ann, 0x4000, addr(PEER)), 437);
    assert_eq!(pair.refresh(&mut ann, 600).code(), 437);
    assert_eq!(pair.feed(&ann.path, &channel_data(0x4000)), Outcome::Dropped(Dropped::NoAllocation));
}
