use turn_types::message::ALLOCATE;

use super::pair::*;
use crate::{Config, Dropped, Limits, Outcome, Rate, SharedSecret};

fn with(limits: Limits) -> Pair {
    Pair::with(Config { limits, ..config() })
}

fn code(pair: &mut Pair, port: u16, username: &str, password: &str) -> u16 {
    let mut client = Client::udp("198.41.0.4:1").named(username, password);
    client.path.client.set_port(port);
    pair.ask(&mut client, ALLOCATE, &[UDP_TRANSPORT]).code()
}

#[test]
fn a_credential_has_at_least_64_allocations_and_then_gets_486() {
    let most = Limits::default().allocations_per_credential as u16;
    assert!(most >= 64);
    let mut pair = Pair::new();
    for at in 0..most {
        assert_eq!(code(&mut pair, 4000 + at, "ann", "secret"), 0);
    }
    assert_eq!(code(&mut pair, 9000, "ann", "secret"), 486);
    assert_eq!(code(&mut pair, 9001, "bob", "hunter2"), 0);
    pair.pass(600);
    assert_eq!(code(&mut pair, 9000, "ann", "secret"), 0);
}

#[test]
fn renewing_a_minted_credential_does_not_double_the_quota() {
    let mut pair = with(Limits { allocations_per_credential: 1, ..Limits::default() });
    let now = pair.now().unix_s;
    let secret = SharedSecret::new("shared");
    let codes: Vec<u16> = [("carol", 100), ("carol", 200), ("dave", 100)]
        .iter()
        .enumerate()
        .map(|(at, (name, more))| {
            let minted = secret.mint(name, now + more);
            code(&mut pair, 4000 + at as u16, &minted.username, &minted.password)
        })
        .collect();
    assert_eq!(codes, [0, 486, 0]);
}

#[test]
fn a_full_server_answers_508() {
    let mut pair = with(Limits { allocations: 2, ..Limits::default() });
    assert_eq!(code(&mut pair, 4000, "ann", "secret"), 0);
    assert_eq!(code(&mut pair, 4001, "bob", "hunter2"), 0);
    assert_eq!(code(&mut pair, 4002, "bob", "hunter2"), 508);
    assert_eq!(pair.server.metrics().refused[11], 1);
}

fn burst(pair: &mut Pair, client: &Client, bytes: usize) -> bool {
    let length = (bytes as u16).to_be_bytes();
    let message = [&[0x40, 0][..], &length, &vec![0; bytes]].concat();
    match pair.feed(&client.path, &message) {
        Outcome::Forward(_) => true,
        outcome => {
            assert_eq!(outcome, Outcome::Dropped(Dropped::OverBandwidth));
            false
        }
    }
}

fn bound(pair: &mut Pair, source: &str, name: (&str, &str)) -> Client {
    let mut client = Client::udp(source).named(name.0, name.1);
    pair.allocate(&mut client);
    assert_eq!(pair.bind(&mut client, 0x4000, addr(PEER)), 0);
    client
}

#[test]
fn bandwidth_is_bounded_per_credential_in_each_direction() {
    let rate = Rate { per_second: 1000, burst: 2000 };
    let mut pair = with(Limits { bandwidth_per_credential: Some(rate), ..Limits::default() });
    let ann = bound(&mut pair, "198.41.0.4:4000", ("ann", "secret"));
    let also = bound(&mut pair, "151.101.3.3:4000", ("ann", "secret"));
    let bob = bound(&mut pair, "198.41.0.4:4001", ("bob", "hunter2"));
    assert!(burst(&mut pair, &ann, 1000) && burst(&mut pair, &also, 1000));
    assert!(!burst(&mut pair, &ann, 1000) && !burst(&mut pair, &also, 1000));
    assert!(burst(&mut pair, &bob, 1000));
    let relay = pair.relay_at(addr("93.184.216.10:50001"));
    assert!(pair.datagram(relay, PEER, &[0; 1000]).is_ok());
    pair.pass(1);
    assert!(burst(&mut pair, &ann, 900) && !burst(&mut pair, &ann, 900));
}

#[test]
fn bandwidth_is_bounded_per_source_address() {
    let rate = Rate { per_second: 1000, burst: 2000 };
    let mut pair = with(Limits { bandwidth_per_source: Some(rate), ..Limits::default() });
    let ann = bound(&mut pair, "198.41.0.4:4000", ("ann", "secret"));
    let bob = bound(&mut pair, "198.41.0.4:4001", ("bob", "hunter2"));
    let elsewhere = bound(&mut pair, "198.41.0.5:4001", ("bob", "hunter2"));
    assert!(
        burst(&mut pair, &ann, 1500) && !burst(&mut pair, &bob, 1500) && burst(&mut pair, &elsewhere, 1500)
    );
}

#[test]
fn leaving_and_coming_back_gains_no_second_burst() {
    let rate = Rate { per_second: 1000, burst: 2000 };
    let mut pair = with(Limits { bandwidth_per_credential: Some(rate), ..Limits::default() });
    let mut ann = bound(&mut pair, "198.41.0.4:4000", ("ann", "secret"));
    assert!(burst(&mut pair, &ann, 2000));
    pair.refresh(&mut ann, 0);
    assert_eq!(pair.server.sizes().accounts, 0);
    let ann = bound(&mut pair, "198.41.0.4:4001", ("ann", "secret"));
    assert!(!burst(&mut pair, &ann, 1000));
    pair.pass(2);
    assert!(burst(&mut pair, &ann, 1900));
}

#[test]
fn no_limit_is_no_limit() {
    let limits = Limits { bandwidth_per_credential: None, bandwidth_per_source: None, ..Limits::default() };
    let mut pair = with(limits);
    let ann = bound(&mut pair, "198.41.0.4:4000", ("ann", "secret"));
    assert!((0..100_000).all(|_| burst(&mut pair, &ann, 1200)));
}

#[test]
fn an_idle_allocation_takes_less_than_2_kb() {
    // Rows, twice for growth of the tables, plus what hangs on them.
    let rows = std::mem::size_of::<crate::allocation::Allocation>()
        + std::mem::size_of::<crate::allocation::Relay>();
    let hanging = 2 * 48 + 2 * 32 + 64;
    assert!(2 * rows + hanging < 2048, "{rows}");
}
