//! RFC 8489 §9.2.

use turn_types::message::{ALLOCATE, REFRESH};

use super::pair::*;
use crate::{
    Config, Credentials, Dropped, Limits, Outcome, Rate, Realm, SharedSecret, Source, Transport,
    integrity::{Integrity, PasswordAlgorithm, sign},
};

fn ann() -> Client {
    Client::udp("198.41.0.4:4000")
}

/// A client that has seen its challenge.
fn challenged(pair: &mut Pair) -> Client {
    let mut ann = ann();
    let challenge = pair.exchange(&ann, &ann.request(1, ALLOCATE, &[UDP_TRANSPORT])).unwrap();
    ann.learn(&challenge);
    ann
}

#[test]
fn a_401_names_realm_nonce_and_algorithms_in_100_bytes() {
    for fingerprint in [false, true] {
        for realm in ["kaigi", "twelve-bytes"] {
            let credentials = Credentials::new(Realm::new(realm).unwrap(), vec![]);
            let mut pair = Pair::with(Config { credentials, ..config() });
            let mut ann = ann();
            ann.fingerprint = fingerprint;
            let answer = pair.exchange(&ann, &ann.request(1, ALLOCATE, &[UDP_TRANSPORT])).unwrap();
            assert_eq!(answer.code(), 401);
            assert!(answer.0.len() <= 100, "{}", answer.0.len());
            assert_eq!(answer.raw(0x8002).unwrap(), [0, 2, 0, 0, 0, 1, 0, 0]);
            assert_eq!(answer.raw(0x0014).unwrap(), realm.as_bytes());
            assert!(answer.raw(0x0015).unwrap().starts_with(b"obMatJos2AAAB"));
            assert_eq!(answer.raw(0x8028).is_some(), fingerprint);
            assert!(answer.raw(0x0006).is_none() && answer.raw(0x0008).is_none());
        }
    }
    assert!(
        Realm::new("thirteen-long").is_none() && Realm::new("").is_none() && Realm::new("a\"b").is_none()
    );
}

#[test]
fn every_pairing_of_password_algorithm_and_integrity_proves() {
    for algorithm in [None, Some(PasswordAlgorithm::Md5), Some(PasswordAlgorithm::Sha256)] {
        for integrity in [Integrity::Sha1, Integrity::Sha256] {
            let mut pair = Pair::new();
            let mut ann = Client { algorithm, integrity, ..ann() };
            let answer = pair.ask(&mut ann, ALLOCATE, &[UDP_TRANSPORT]);
            assert_eq!(answer.code(), 0, "{algorithm:?} {integrity:?}");
            assert!(ann.trusts(&answer));
        }
    }
}

#[test]
fn missing_username_realm_or_nonce_gets_400_without_a_challenge() {
    let mut pair = Pair::new();
    let ann = challenged(&mut pair);
    let (realm, nonce) = (ann.realm.clone().unwrap(), ann.nonce.clone().unwrap());
    let all: [(u16, &[u8]); 3] = [(0x0006, b"ann"), (0x0014, realm.as_bytes()), (0x0015, nonce.as_bytes())];
    for leave_out in 0..3 {
        let kept: Vec<(u16, &[u8])> = (0..3).filter(|at| *at != leave_out).map(|at| all[at]).collect();
        let bare = Client { nonce: None, ..ann.clone() };
        let mut request = bare.request(5, ALLOCATE, &[&[UDP_TRANSPORT][..], &kept].concat());
        sign(&mut request, Integrity::Sha1, &crate::integrity::Key::raw(b"any"));
        let answer = pair.exchange(&ann, &request).unwrap();
        assert_eq!(answer.code(), 400);
        assert!(answer.raw(0x0015).is_none() && answer.raw(0x0014).is_none());
    }
}

#[test]
fn unknown_users_wrong_passwords_and_wrong_realms_get_401() {
    let mut pair = Pair::new();
    let ann = challenged(&mut pair);
    for wrong in [
        ann.clone().named("eve", "secret"),
        ann.clone().named("ann", "wrong"),
        ann.clone().named("ann", "hunter2"),
        Client { realm: Some("other".into()), ..ann.clone() },
    ] {
        let answer = pair.exchange(&wrong, &wrong.request(7, ALLOCATE, &[UDP_TRANSPORT])).unwrap();
        assert_eq!(answer.code(), 401);
        assert!(answer.raw(0x0015).is_some());
    }
    assert_eq!(pair.server.sizes().allocations, 0);
}

#[test]
fn a_nonce_is_good_for_an_hour_on_its_own_5_tuple_only() {
    let mut pair = Pair::new();
    let ann = challenged(&mut pair);
    let code = |pair: &mut Pair, client: &Client| {
        pair.exchange(client, &client.request(9, REFRESH, &[])).unwrap().code()
    };
    assert_eq!(code(&mut pair, &ann), 437);
    let elsewhere = Client { path: Client::udp("198.41.0.4:4001").path, ..ann.clone() };
    assert_eq!(code(&mut pair, &elsewhere), 438);
    let mut other_server = ann.clone();
    other_server.path.server = None;
    assert_eq!(code(&mut pair, &other_server), 438);
    let mut stream = ann.clone();
    stream.path.transport = Transport::Tcp(crate::StreamId(1));
    assert_eq!(code(&mut pair, &stream), 438);
    pair.pass(3590);
    assert_eq!(code(&mut pair, &ann), 437);
    pair.pass(60);
    assert_eq!(code(&mut pair, &ann), 438);
}

#[test]
fn a_438_brings_a_fresh_nonce_within_100_bytes_after_which_the_request_works() {
    let mut pair = Pair::new();
    let mut ann = ann();
    pair.allocate(&mut ann);
    ann.nonce = Some("obMatJos2AAABxxxxxxxxxxxxxxxx".into());
    let answer = pair.exchange(&ann, &ann.request(3, REFRESH, &[])).unwrap();
    assert_eq!(answer.code(), 438);
    assert!(answer.0.len() <= 100);
    ann.learn(&answer);
    assert_eq!(pair.refresh(&mut ann, 600).code(), 0);
}

#[test]
fn nonces_of_any_shape_are_only_stale() {
    let mut pair = Pair::new();
    let ann = challenged(&mut pair);
    for nonce in [
        "",
        "o",
        "obMatJos2",
        "obMatJos2A",
        "obMatJos2AA==",
        "obMatJos2A===",
        "obMatJos2AAA=",
        "obMatJos2====",
        "obMatJos2AAABAAAAAAAAAAAAAAAA",
        "obMatJos2äää",
        "obMatJos2AAABääääääää",
        "obMatJos2AAA\u{10FFFF}",
    ] {
        let odd =
            Client { nonce: Some(nonce.into()), algorithm: Some(PasswordAlgorithm::Md5), ..ann.clone() };
        let code = pair.exchange(&odd, &odd.request(4, ALLOCATE, &[UDP_TRANSPORT])).unwrap().code();
        assert_eq!(code, 438, "{nonce}");
    }
}

#[test]
fn a_wrong_password_is_told_before_a_stale_nonce() {
    let mut pair = Pair::new();
    let mut ann = challenged(&mut pair);
    ann.nonce = Some("made up".into());
    let wrong = ann.clone().named("ann", "wrong");
    assert_eq!(pair.exchange(&wrong, &wrong.request(4, ALLOCATE, &[UDP_TRANSPORT])).unwrap().code(), 401);
    assert_eq!(pair.exchange(&ann, &ann.request(4, ALLOCATE, &[UDP_TRANSPORT])).unwrap().code(), 438);
}

/// The attributes of RFC 8489's bid-down protection, signed as if all were well.
fn bid(pair: &mut Pair, offered: Option<&[u8]>, chosen: Option<&[u8]>) -> u16 {
    let ann = challenged(pair);
    let (realm, nonce) = (ann.realm.clone().unwrap(), ann.nonce.clone().unwrap());
    let mut attributes: Vec<(u16, &[u8])> =
        vec![UDP_TRANSPORT, (0x0006, b"ann"), (0x0014, realm.as_bytes()), (0x0015, nonce.as_bytes())];
    attributes.extend(offered.map(|value| (0x8002, value)));
    attributes.extend(chosen.map(|value| (0x001D, value)));
    let bare = Client { nonce: None, ..ann.clone() };
    let mut request = bare.request(5, ALLOCATE, &attributes);
    let key = crate::integrity::Key::long_term(PasswordAlgorithm::Md5, b"ann", realm.as_bytes(), b"secret");
    sign(&mut request, Integrity::Sha1, &key);
    pair.exchange(&ann, &request).unwrap().code()
}

#[test]
fn bidding_down_is_noticed() {
    let full: &[u8] = &[0, 2, 0, 0, 0, 1, 0, 0];
    let md5: &[u8] = &[0, 1, 0, 0];
    for (offered, chosen, code) in [
        (None, None, 0),
        (Some(full), Some(md5), 0),
        // The list without SHA-256, as an attacker would have it.
        (Some(md5), Some(md5), 400),
        (Some(&[0, 1, 0, 0, 0, 2, 0, 0][..]), Some(md5), 400),
        (Some(full), None, 400),
        (None, Some(md5), 400),
        (Some(full), Some(&[0, 3, 0, 0][..]), 400),
        (Some(full), Some(&[][..]), 400),
    ] {
        assert_eq!(bid(&mut Pair::new(), offered, chosen), code, "{offered:?} {chosen:?}");
    }
}

#[test]
fn userhash_names_a_static_user_and_is_announced_where_all_users_are_static() {
    let user = Source::User { name: "ann".into(), password: "secret".into() };
    let credentials = Credentials::new(Realm::default(), vec![user]);
    let mut pair = Pair::with(Config { credentials, ..config() });
    let mut ann = Client { hashed: true, algorithm: Some(PasswordAlgorithm::Sha256), ..ann() };
    pair.allocate(&mut ann);
    assert!(ann.nonce.as_ref().unwrap().starts_with("obMatJos2AAAD"));
    let mut eve = Client { hashed: true, ..Client::udp("198.41.0.4:4001") }.named("eve", "secret");
    assert_eq!(pair.ask(&mut eve, ALLOCATE, &[UDP_TRANSPORT]).code(), 401);
}

#[test]
fn minted_credentials_work_until_they_expire_and_refresh_checks_again() {
    let mut pair = Pair::new();
    let expires = pair.now().unix_s + 100;
    let minted = SharedSecret::new("shared").mint("carol", expires);
    let mut carol = ann().named(&minted.username, &minted.password);
    pair.allocate(&mut carol);
    pair.pass(90);
    assert_eq!(pair.refresh(&mut carol, 600).code(), 0);
    pair.pass(20);
    assert_eq!(pair.refresh(&mut carol, 600).code(), 401);
    let forged = ann().named(&format!("{}:carol", expires + 1000), &minted.password);
    let mut forged = Client { path: Client::udp("198.41.0.4:4002").path, ..forged };
    assert_eq!(pair.ask(&mut forged, ALLOCATE, &[UDP_TRANSPORT]).code(), 401);
}

#[test]
fn minting_follows_the_turn_rest_api_convention() {
    let minted = SharedSecret::new("north").mint("ann", 1_433_895_918);
    assert_eq!(minted.username, "1433895918:ann");
    assert_eq!(minted.password.len(), 28);
    assert_eq!(format!("{minted:?}"), "Minted { username: \"1433895918:ann\", .. }");
}

#[test]
fn another_users_request_on_an_allocation_gets_441() {
    let mut pair = Pair::new();
    let mut ann = ann();
    pair.allocate(&mut ann);
    let mut bob = ann.clone().named("bob", "hunter2");
    assert_eq!(pair.refresh(&mut bob, 600).code(), 441);
    assert_eq!(pair.permit(&mut bob, &[addr(PEER)]), 441);
    assert_eq!(pair.bind(&mut bob, 0x4000, addr(PEER)), 441);
    assert_eq!(pair.refresh(&mut ann, 600).code(), 0);
}

#[test]
fn binding_needs_no_credentials() {
    let mut pair = Pair::new();
    let ann = ann();
    let request = ann.request(1, stun_types::message::BINDING, &[]);
    assert_eq!(pair.exchange(&ann, &request).unwrap().code(), 0);
}

#[test]
fn a_hundred_thousand_unproven_allocates_leave_the_tables_empty_and_the_answers_budgeted() {
    let mut pair = Pair::new();
    let mut answered = 0;
    for at in 0..100_000u32 {
        // One network floods, as it would under a forged source.
        let mut client = ann();
        client.path.client = ([198, 41, 0, (at % 250) as u8], 1024 + (at % 60_000) as u16).into();
        let request = client.request(u64::from(at), ALLOCATE, &[UDP_TRANSPORT]);
        answered += usize::from(pair.exchange(&client, &request).is_some());
    }
    assert_eq!(answered, 4096);
    assert_eq!(pair.server.sizes(), crate::Sizes::default());
    assert!(pair.server.poll_timeout().is_none());
    // Streams have proven their address, and other networks are not affected.
    let mut tcp = Client::tcp("198.41.0.9:5000", 1);
    pair.allocate(&mut tcp);
    pair.allocate(&mut Client::udp("151.101.9.9:5000"));
    pair.pass(1);
    assert!(pair.exchange(&ann(), &ann().request(1, ALLOCATE, &[UDP_TRANSPORT])).is_some());
}

#[test]
fn an_office_behind_one_nat_fits_the_budget() {
    let mut pair = Pair::new();
    for at in 0..1000 {
        let mut client = Client::udp("198.41.0.4:1").named("ann", "secret");
        client.path.client.set_port(10_000 + at);
        assert!(pair.exchange(&client, &client.request(1, ALLOCATE, &[UDP_TRANSPORT])).is_some());
    }
}

#[test]
fn beyond_the_budget_nothing_is_answered() {
    let limits = Limits { unproven_answers: Rate { per_second: 1, burst: 2 }, ..Limits::default() };
    let mut pair = Pair::with(Config { limits, ..config() });
    let ann = ann();
    let request = ann.request(1, ALLOCATE, &[UDP_TRANSPORT]);
    assert_eq!(pair.feed(&ann.path, &request), Outcome::Handled);
    assert_eq!(pair.feed(&ann.path, &request), Outcome::Handled);
    assert_eq!(pair.feed(&ann.path, &request), Outcome::Dropped(Dropped::OverBudget));
}
