use std::{net::SocketAddr, time::Instant};

use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};
use stun_types::{
    attribute::Username,
    message::{BINDING, MessageClass},
};

use super::*;
use crate::{
    Config, Credentials, Dropped, FiveTuple, NonceKey, Now, Outcome, Output, Realm, Server, Transport,
    policy::Policy,
};

/// The answer of a server without users.
fn ask(source: &str, payload: &[u8]) -> Result<Vec<u8>, Dropped> {
    let now = Now { instant: Instant::now(), unix_s: 1_767_225_600 };
    let config = Config::new(Credentials::new(Realm::default(), vec![]), Policy::default());
    let rng = Box::new(StdRng::seed_from_u64(1));
    let mut server = Server::new(config, NonceKey([1; 32]), rng, now.instant);
    let client = FiveTuple {
        client: source.parse().unwrap(),
        server: Some("192.0.2.1".parse().unwrap()),
        transport: Transport::Udp,
    };
    match server.handle_client(now, &client, payload) {
        Outcome::Dropped(cause) => Err(cause),
        _ => match server.poll_output() {
            Some(Output::Message { client: to, payload }) if to == client => Ok(payload),
            other => panic!("{other:?}"),
        },
    }
}

/// RFC 5769 §2.1: a request with SOFTWARE, PRIORITY, ICE-CONTROLLED, USERNAME, integrity and fingerprint.
const RFC5769_REQUEST: &str = "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74\
    002400046e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5\
    b2d3f249c1b571a280280004e57a3bcf";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: String = hex.chars().filter(|c| !c.is_whitespace()).collect();
    (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap()).collect()
}

#[test]
fn a_binding_request_learns_its_address() {
    for source in ["203.0.113.7:40000", "[2001:db8::7]:40001"] {
        let request = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
        let payload = ask(source, &request).unwrap();
        let source: SocketAddr = source.parse().unwrap();
        let answer = Message::from_bytes(&payload).unwrap();
        let asked = Message::from_bytes(&request).unwrap();
        assert!(answer.has_class(MessageClass::Success));
        assert_eq!(answer.transaction_id(), asked.transaction_id());
        let mapped = answer.attribute::<XorMappedAddress>().unwrap();
        assert_eq!(mapped.addr(answer.transaction_id()), source);
        assert!(!answer.has_attribute(Fingerprint::TYPE));
    }
}

#[test]
fn the_rfc_5769_sample_request_is_answered_with_a_fingerprint() {
    let payload = ask("192.0.2.9:5000", &bytes(RFC5769_REQUEST)).unwrap();
    let answer = Message::from_bytes(&payload).unwrap();
    assert!(answer.has_class(MessageClass::Success));
    assert!(answer.has_attribute(Fingerprint::TYPE));
}

#[test]
fn a_wrong_fingerprint_gets_no_answer() {
    let mut request = bytes(RFC5769_REQUEST);
    *request.last_mut().unwrap() ^= 1;
    assert_eq!(ask("192.0.2.9:5000", &request), Err(Dropped::Malformed));
}

#[test]
fn an_unknown_required_attribute_gets_420_and_is_named() {
    // CHANGE-REQUEST (RFC 5780), which needs a second address and is not served.
    let request = bytes("000100082112a442000102030405060708090a0b0003000400000006");
    let payload = ask("192.0.2.9:5000", &request).unwrap();
    let answer = Message::from_bytes(&payload).unwrap();
    assert_eq!(answer.attribute::<ErrorCode>().unwrap().code(), 420);
    assert!(answer.attribute::<UnknownAttributes>().unwrap().has_attribute(AttributeType::new(3)));
}

#[test]
fn credentials_that_were_not_asked_for_are_ignored() {
    let mut request = Message::builder_request(BINDING, MessageWriteVec::new());
    request.add_attribute(&Username::new("someone").unwrap()).unwrap();
    let payload = ask("192.0.2.9:5000", &request.finish()).unwrap();
    assert!(Message::from_bytes(&payload).unwrap().has_class(MessageClass::Success));
}

#[test]
fn what_needs_no_answer_gets_none() {
    let request = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
    assert_eq!(ask("192.0.2.9:0", &request), Err(Dropped::PortZero));
    let indication = Message::builder_indication(BINDING, MessageWriteVec::new()).finish();
    assert_eq!(ask("192.0.2.9:5000", &indication), Err(Dropped::NotARequest));
    assert_eq!(ask("192.0.2.9:5000", b"\x00\x01 garbage"), Err(Dropped::Malformed));
}

proptest! {
    #[test]
    fn peer_bytes_never_panic_and_answers_stay_small(payload in proptest::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(answer) = ask("192.0.2.9:5000", &payload) {
            prop_assert!(answer.len() <= 100);
        }
    }

    #[test]
    fn a_damaged_request_never_panics(at in 0usize..108, byte in any::<u8>(), cut in 0usize..108) {
        let mut request = bytes(RFC5769_REQUEST);
        request[at] = byte;
        request.truncate(108 - cut);
        let _ = ask("192.0.2.9:5000", &request);
    }
}
