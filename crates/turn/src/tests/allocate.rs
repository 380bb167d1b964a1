use stun_types::attribute::{AttributeStaticType, XorMappedAddress};
use turn_types::{
    attribute::AddressErrorCode,
    message::{ALLOCATE, REFRESH},
};

use super::pair::*;
use crate::{Config, Dropped, Event, Families, Family, Outcome, RelayError};

const REQUESTED: u16 = 0x0017;
const ADDITIONAL: u16 = 0x8000;
const ADDITIONAL_OF_COTURN: u16 = 0x8032;
const EVEN_PORT: u16 = 0x0018;
const RESERVATION: u16 = 0x0022;
const V4_FAMILY: &[u8] = &[1, 0, 0, 0];
const V6_FAMILY: &[u8] = &[2, 0, 0, 0];

fn ann() -> Client {
    Client::udp("198.41.0.4:4000")
}

/// The code for an Allocate with UDP transport and these attributes.
fn code(config: Config, attributes: &[(u16, &[u8])]) -> u16 {
    let all = [&[UDP_TRANSPORT][..], attributes].concat();
    Pair::with(config).ask(&mut ann(), ALLOCATE, &all).code()
}

fn only(v4: bool, v6: bool) -> Config {
    Config { families: Families { v4, v6 }, ..config() }
}

#[test]
fn an_allocate_tells_the_relayed_and_the_mapped_address_and_the_lifetime() {
    let mut pair = Pair::new();
    let mut ann = ann();
    let answer = pair.ask(&mut ann, ALLOCATE, &[UDP_TRANSPORT]);
    assert_eq!(answer.code(), 0);
    assert_eq!(answer.relayed(), vec![addr("93.184.216.10:50001")]);
    assert_eq!(answer.lifetime(), 600);
    let message = answer.message();
    let mapped = message.attribute::<XorMappedAddress>().unwrap();
    assert_eq!(mapped.addr(message.transaction_id()), ann.path.client);
    assert!(ann.trusts(&answer));
    assert!(matches!(pair.events[..], [Event::Created { .. }]));
}

#[test]
fn lifetimes_are_at_least_the_default_and_at_most_an_hour() {
    for (asked, granted) in [(0, 600), (1, 600), (600, 600), (1000, 1000), (3600, 3600), (u32::MAX, 3600)] {
        let asked = u32::to_be_bytes(asked);
        let answer = Pair::new().ask(&mut ann(), ALLOCATE, &[UDP_TRANSPORT, (0x000D, &asked)]);
        assert_eq!(answer.lifetime(), granted);
    }
}

#[test]
fn the_transport_has_to_be_udp() {
    let ask = |attributes: &[(u16, &[u8])]| Pair::new().ask(&mut ann(), ALLOCATE, attributes).code();
    assert_eq!(ask(&[]), 400);
    assert_eq!(ask(&[(0x0019, &[17])]), 400);
    assert_eq!(ask(&[(0x0019, &[6, 0, 0, 0])]), 442);
    assert_eq!(ask(&[UDP_TRANSPORT]), 0);
}

#[test]
fn the_requested_family_is_given_or_refused_with_440() {
    let family = |config, value| {
        let answer = Pair::with(config).ask(&mut ann(), ALLOCATE, &[UDP_TRANSPORT, (REQUESTED, value)]);
        answer.relayed().first().map(|one| Family::of(one.ip())).ok_or(answer.code())
    };
    assert_eq!(family(config(), V4_FAMILY), Ok(Family::V4));
    assert_eq!(family(config(), V6_FAMILY), Ok(Family::V6));
    assert_eq!(family(only(true, false), V6_FAMILY), Err(440));
    assert_eq!(family(only(false, true), V4_FAMILY), Err(440));
    assert_eq!(family(config(), &[3, 0, 0, 0]), Err(440));
    assert_eq!(family(config(), &[1]), Err(400));
}

#[test]
fn who_never_asks_for_a_family_gets_ipv6_where_there_is_only_ipv6() {
    let mut pair = Pair::with(only(false, true));
    assert_eq!(pair.allocate(&mut ann()), addr("[2606:2800:220::10]:50001"));
    let mut pair = Pair::with(config());
    assert!(pair.allocate(&mut ann()).is_ipv4());
    assert_eq!(code(only(false, false), &[]), 440);
}

#[test]
fn a_dual_allocation_has_both_families() {
    let mut pair = Pair::new();
    let answer = pair.ask(&mut ann(), ALLOCATE, &[UDP_TRANSPORT, (ADDITIONAL, V6_FAMILY)]);
    let families: Vec<Family> = answer.relayed().iter().map(|one| Family::of(one.ip())).collect();
    assert_eq!(families, [Family::V4, Family::V6]);
    assert_eq!(answer.raw(AddressErrorCode::TYPE.value()), None);
}

#[test]
fn the_number_coturns_clients_use_asks_for_both_families_too() {
    let mut pair = Pair::new();
    let mut ann = ann();
    let answer = pair.ask(&mut ann, ALLOCATE, &[UDP_TRANSPORT, (ADDITIONAL_OF_COTURN, V6_FAMILY)]);
    assert_eq!(answer.relayed().len(), 2);
    for family in [V4_FAMILY, V6_FAMILY] {
        assert_eq!(pair.ask(&mut ann, REFRESH, &[(REQUESTED, family)]).code(), 0);
    }
    // Whatever else may stand under that number one day is an unknown optional attribute.
    for value in [&[][..], V4_FAMILY, &[2], &[2, 0, 0, 1], &[0; 8]] {
        let mut pair = Pair::new();
        let answer = pair.ask(&mut self::ann(), ALLOCATE, &[UDP_TRANSPORT, (ADDITIONAL_OF_COTURN, value)]);
        assert_eq!((answer.code(), answer.relayed().len()), (0, 1), "{value:?}");
    }
}

#[test]
fn a_dual_allocation_with_one_family_names_the_other_with_its_error() {
    let cases = [
        (only(true, false), None, 2, 440),
        (only(false, true), None, 1, 440),
        (config(), Some((Family::V6, RelayError::NoCapacity)), 2, 508),
        (config(), Some((Family::V4, RelayError::FamilyNotSupported)), 1, 440),
    ];
    for (config, broken, family, code) in cases {
        let mut pair = Pair::with(config);
        pair.broken.extend(broken);
        let answer = pair.ask(&mut ann(), ALLOCATE, &[UDP_TRANSPORT, (ADDITIONAL, V6_FAMILY)]);
        assert_eq!((answer.code(), answer.relayed().len()), (0, 1));
        let error = answer.raw(AddressErrorCode::TYPE.value()).unwrap();
        assert_eq!((error[0], error[2], error[3]), (family, (code / 100) as u8, (code % 100) as u8));
    }
    let mut pair = Pair::new();
    pair.broken = [Family::V4, Family::V6].map(|family| (family, RelayError::NoCapacity)).into();
    let answer = pair.ask(&mut ann(), ALLOCATE, &[UDP_TRANSPORT, (ADDITIONAL, V6_FAMILY)]);
    assert_eq!(answer.code(), 508);
    assert_eq!(pair.server.sizes().allocations, 0);
}

#[test]
fn contradicting_attributes_get_400() {
    let token: &[u8] = &[0; 8];
    for attributes in [
        &[(REQUESTED, V4_FAMILY), (ADDITIONAL, V6_FAMILY)][..],
        &[(ADDITIONAL, V4_FAMILY)],
        &[(ADDITIONAL, &[7, 0, 0, 0])],
        &[(ADDITIONAL, V6_FAMILY), (EVEN_PORT, &[0x80])],
        &[(ADDITIONAL_OF_COTURN, V6_FAMILY), (EVEN_PORT, &[0x80])],
        &[(ADDITIONAL_OF_COTURN, V6_FAMILY), (REQUESTED, V4_FAMILY)],
        &[(RESERVATION, token), (EVEN_PORT, &[0])],
        &[(RESERVATION, token), (REQUESTED, V4_FAMILY)],
        &[(RESERVATION, token), (ADDITIONAL, V6_FAMILY)],
        &[(0x000D, &[1])],
        &[(EVEN_PORT, &[])],
    ] {
        assert_eq!(code(config(), attributes), 400, "{attributes:?}");
    }
}

#[test]
fn an_even_port_is_given_and_reservations_get_508() {
    let mut pair = Pair::new();
    let answer = pair.ask(&mut ann(), ALLOCATE, &[UDP_TRANSPORT, (EVEN_PORT, &[0])]);
    assert!(pair.last_even);
    assert_eq!(answer.relayed()[0].port() % 2, 0);
    assert_eq!(code(config(), &[(EVEN_PORT, &[0x80])]), 508);
    assert_eq!(code(config(), &[(RESERVATION, &[1; 8])]), 508);
}

#[test]
fn dont_fragment_is_unknown_where_the_system_cannot() {
    assert_eq!(code(config(), &[(0x001A, &[])]), 0);
    let config = Config { dont_fragment: false, ..config() };
    let mut pair = Pair::with(config);
    let answer = pair.ask(&mut ann(), ALLOCATE, &[UDP_TRANSPORT, (0x001A, &[])]);
    assert_eq!(answer.code(), 420);
    assert_eq!(answer.raw(0x000A).unwrap(), [0, 0x1A]);
}

#[test]
fn unknown_required_attributes_get_420_after_proof_and_optional_ones_nothing() {
    // CONNECTION-ID (TCP relays) and ACCESS-TOKEN (OAuth) are not implemented; MOBILITY-TICKET is optional.
    let mut pair = Pair::new();
    let answer = pair.ask(&mut ann(), ALLOCATE, &[UDP_TRANSPORT, (0x002A, &[0; 4]), (0x001B, &[0; 4])]);
    assert_eq!(answer.code(), 420);
    assert_eq!(answer.raw(0x000A).unwrap(), [0, 0x2A, 0, 0x1B]);
    assert_eq!(code(config(), &[(0x8030, &[])]), 0);
}

#[test]
fn a_second_allocate_on_a_5_tuple_is_a_mismatch_but_a_retransmission_is_answered_again() {
    let mut pair = Pair::new();
    let mut ann = ann();
    pair.allocate(&mut ann);
    assert_eq!(pair.ask(&mut ann, ALLOCATE, &[UDP_TRANSPORT]).code(), 437);

    let mut bob = Client { path: Client::udp("198.41.0.4:4001").path, ..ann.clone() };
    bob.nonce = None;
    let mut probe = pair.exchange(&bob, &bob.request(1, ALLOCATE, &[UDP_TRANSPORT])).unwrap();
    bob.learn(&probe);
    let request = bob.request(2, ALLOCATE, &[UDP_TRANSPORT, (ADDITIONAL, V6_FAMILY)]);
    probe = pair.exchange(&bob, &request).unwrap();
    let again = pair.exchange(&bob, &request).unwrap();
    assert_eq!((probe.code(), &probe.0), (0, &again.0));
    assert_eq!(pair.server.sizes().allocations, 2);
}

#[test]
fn a_retransmission_while_the_socket_is_opened_is_dropped_and_answered_once() {
    let mut pair = Pair::new();
    let mut ann = ann();
    let challenge = pair.exchange(&ann, &ann.request(1, ALLOCATE, &[UDP_TRANSPORT])).unwrap();
    ann.learn(&challenge);
    pair.hold = true;
    let request = ann.request(2, ALLOCATE, &[UDP_TRANSPORT]);
    assert_eq!(pair.feed(&ann.path, &request), Outcome::Handled);
    assert_eq!(pair.feed(&ann.path, &request), Outcome::Dropped(Dropped::InProgress));
    // Nothing works yet.
    assert_eq!(pair.ask(&mut ann, REFRESH, &[]).code(), 437);
    let (relay, family, even) = pair.held[0];
    pair.open(relay, family, even);
    assert_eq!(Answer(pair.received(&ann.path).unwrap()).code(), 0);
    assert!(pair.received(&ann.path).is_none());
}

#[test]
fn a_socket_that_never_opens_gets_508_in_time_and_leaves_nothing() {
    let mut pair = Pair::new();
    let mut ann = ann();
    let challenge = pair.exchange(&ann, &ann.request(1, ALLOCATE, &[UDP_TRANSPORT])).unwrap();
    ann.learn(&challenge);
    pair.hold = true;
    pair.feed(&ann.path, &ann.request(2, ALLOCATE, &[UDP_TRANSPORT, (ADDITIONAL, V6_FAMILY)]));
    let v4 = pair.held[0];
    pair.open(v4.0, v4.1, v4.2);
    // One family opened: the other's deadline does not take it away.
    pair.pass(11);
    let answer = Answer(pair.received(&ann.path).unwrap());
    assert_eq!((answer.code(), answer.relayed().len()), (0, 1));
    assert_eq!(answer.raw(0x8001).unwrap()[2..4], [5, 8]);

    let mut bob = Client { path: Client::udp("198.41.0.4:4001").path, nonce: None, ..ann.clone() };
    let challenge = pair.exchange(&bob, &bob.request(1, ALLOCATE, &[UDP_TRANSPORT])).unwrap();
    bob.learn(&challenge);
    pair.feed(&bob.path, &bob.request(2, ALLOCATE, &[UDP_TRANSPORT]));
    pair.pass(11);
    assert_eq!(Answer(pair.received(&bob.path).unwrap()).code(), 508);
    assert_eq!(pair.server.sizes().allocations, 1);
    assert_eq!(pair.server.sizes().relays, 1);
}
