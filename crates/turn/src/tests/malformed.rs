//! Peer bytes never panic.

use proptest::prelude::*;
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH};

use super::pair::*;
use crate::{Outcome, Output};

/// A server with a client in the middle of everything, and a message of each kind that works.
fn busy() -> (Pair, Client, Vec<Vec<u8>>) {
    let mut pair = Pair::new();
    let mut ann = Client::udp("198.41.0.4:4000");
    pair.allocate(&mut ann);
    pair.bind(&mut ann, 0x4000, addr(PEER));
    let peer = ann.xor(addr(PEER));
    let messages = vec![
        ann.request(5, ALLOCATE, &[UDP_TRANSPORT, (0x0018, &[0]), (0x8000, &[2, 0, 0, 0])]),
        ann.request(6, REFRESH, &[(0x000D, &[0, 0, 4, 0]), (0x0017, &[1, 0, 0, 0])]),
        ann.request(7, CREATE_PERMISSION, &[(0x0012, &peer)]),
        ann.request(8, CHANNEL_BIND, &[(0x000C, &[0x40, 1, 0, 0]), (0x0012, &peer)]),
        ann.indication(&[(0x0012, &peer), (0x0013, b"data")]),
        [&[0x40, 0, 0, 4][..], b"abcd"].concat(),
    ];
    (pair, ann, messages)
}

proptest! {
    #[test]
    fn any_bytes_from_a_client_never_panic(payload in proptest::collection::vec(any::<u8>(), 0..300)) {
        let (mut pair, ann, _) = busy();
        pair.feed(&ann.path, &payload);
    }

    #[test]
    fn stun_with_any_attributes_never_panics(
        kind in 0u16..0x4000,
        attributes in proptest::collection::vec(
            (prop_oneof![0u16..0x30, 0x8000u16..0x8030, any::<u16>()], proptest::collection::vec(any::<u8>(), 0..40)),
            0..8,
        ),
    ) {
        let (mut pair, ann, _) = busy();
        let mut message = kind.to_be_bytes().to_vec();
        message.extend([0, 0, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        for (kind, value) in &attributes {
            push(&mut message, *kind, value);
        }
        pair.server.handle_client(pair.now(), &ann.path, &message);
        while let Some(output) = pair.server.poll_output() {
            if let Output::Message { payload, .. } = output {
                prop_assert!(payload.len() <= 160 && payload.len() % 4 == 0);
            }
        }
    }

    #[test]
    fn a_damaged_message_never_panics_and_a_damaged_request_changes_nothing(
        which in 0usize..6, at in 0usize..200, byte in any::<u8>(), cut in 0usize..200,
    ) {
        let (mut pair, ann, messages) = busy();
        let before = pair.server.sizes();
        let mut message = messages[which].clone();
        let at = at % message.len();
        let changed = message[at] != byte;
        message[at] = byte;
        message.truncate(message.len() - cut % message.len());
        let cut = message.len() < messages[which].len();
        let outcome = pair.feed(&ann.path, &message);
        if which < 4 && (changed || cut) {
            prop_assert_eq!(pair.server.sizes(), before);
            prop_assert!(!matches!(outcome, Outcome::Forward(_)));
        }
    }

    #[test]
    fn any_datagram_from_any_peer_never_panics(source: std::net::SocketAddr, length in 0usize..65_600) {
        let (mut pair, _, _) = busy();
        let relay = *pair.relays.keys().next().unwrap();
        let _ = pair.server.handle_peer(pair.now(), relay, source, &vec![0; length]);
    }
}

#[test]
fn the_longest_data_is_framed_and_longer_is_dropped() {
    let (mut pair, _, _) = busy();
    let relay = *pair.relays.keys().next().unwrap();
    let with_channel = |pair: &mut Pair, length: usize| pair.datagram(relay, PEER, &vec![0; length]).is_ok();
    assert!(with_channel(&mut pair, 65_535) && !with_channel(&mut pair, 65_536));
    let without =
        |pair: &mut Pair, length: usize| pair.datagram(relay, "151.101.1.1:9", &vec![0; length]).is_ok();
    assert!(without(&mut pair, 65_507) && !without(&mut pair, 65_536));
}
