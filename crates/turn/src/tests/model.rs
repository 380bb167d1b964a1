//! Random sequences of requests, data and waiting, against a model that knows nothing but the RFC's lifetimes.

use std::collections::HashMap;

use proptest::prelude::*;
use turn_types::message::ALLOCATE;

use super::pair::*;
use crate::{Forward, Outcome};

const CLIENTS: usize = 3;
const PEERS: usize = 4;

#[derive(Clone, Debug)]
enum Op {
    Allocate(usize),
    Refresh(usize, u32),
    Permit(usize, usize),
    Bind(usize, u16, usize),
    Channel(usize, u16),
    Send(usize, usize),
    FromPeer(usize, usize),
    Wait(u64),
}

fn op() -> impl Strategy<Value = Op> {
    let client = 0..CLIENTS;
    let peer = 0..PEERS;
    let channel = 0x4000u16..0x4003;
    prop_oneof![
        2 => client.clone().prop_map(Op::Allocate),
        2 => (client.clone(), prop_oneof![Just(0u32), Just(1), Just(900), Just(9000)])
            .prop_map(|(client, lifetime)| Op::Refresh(client, lifetime)),
        2 => (client.clone(), peer.clone()).prop_map(|(client, peer)| Op::Permit(client, peer)),
        3 => (client.clone(), channel.clone(), peer.clone())
            .prop_map(|(client, number, peer)| Op::Bind(client, number, peer)),
        3 => (client.clone(), channel).prop_map(|(client, number)| Op::Channel(client, number)),
        3 => (client.clone(), peer.clone()).prop_map(|(client, peer)| Op::Send(client, peer)),
        3 => (client, peer).prop_map(|(client, peer)| Op::FromPeer(client, peer)),
        2 => (1u64..400).prop_map(Op::Wait),
    ]
}

/// Peers 0 and 1 share an address, so a permission for one is one for the other.
fn peer(at: usize) -> std::net::SocketAddr {
    ([151, 101, 1, (at / 2) as u8], 5000 + at as u16).into()
}

/// What the RFC says there is, all times in seconds.
#[derive(Default)]
struct Expected {
    until: u64,
    permissions: HashMap<std::net::IpAddr, u64>,
    channels: HashMap<u16, (usize, u64)>,
    relay: Option<crate::RelayId>,
}

impl Expected {
    fn lives(&self, now: u64) -> bool {
        now < self.until
    }

    fn permits(&self, at: usize, now: u64) -> bool {
        self.lives(now) && self.permissions.get(&peer(at).ip()).is_some_and(|until| now < *until)
    }

    fn channel(&self, number: u16, now: u64) -> Option<usize> {
        self.channels.get(&number).filter(|(_, until)| now < *until && self.lives(now)).map(|row| row.0)
    }

    fn number(&self, at: usize, now: u64) -> Option<u16> {
        let mut bound = self.channels.iter().filter(|(_, row)| row.0 == at && now < row.1);
        bound.next().map(|(number, _)| *number)
    }
}

fn run(ops: Vec<Op>) -> Result<(), TestCaseError> {
    let mut pair = Pair::new();
    let mut clients: Vec<Client> = (0..CLIENTS)
        .map(|at| {
            if at == 0 {
                Client::tcp("198.41.0.4:4000", 1)
            } else {
                Client::udp(&format!("198.41.0.{at}:4000"))
            }
        })
        .collect();
    let mut expected: Vec<Expected> = (0..CLIENTS).map(|_| Expected::default()).collect();
    let mut now = 0;
    for op in ops {
        match op {
            Op::Wait(seconds) => {
                pair.pass(seconds);
                now += seconds;
            }
            Op::Allocate(at) => {
                let answer = pair.ask(&mut clients[at], ALLOCATE, &[UDP_TRANSPORT]);
                prop_assert_eq!(answer.code(), if expected[at].lives(now) { 437 } else { 0 });
                if answer.code() == 0 {
                    let relay = Some(pair.relay_at(answer.relayed()[0]));
                    expected[at] = Expected { until: now + 600, relay, ..Expected::default() };
                }
            }
            Op::Refresh(at, lifetime) => {
                let answer = pair.refresh(&mut clients[at], lifetime);
                prop_assert_eq!(answer.code(), if expected[at].lives(now) { 0 } else { 437 });
                if answer.code() == 0 {
                    let granted = if lifetime == 0 { 0 } else { lifetime.clamp(600, 3600) };
                    prop_assert_eq!(answer.lifetime(), granted);
                    expected[at].until = now + u64::from(granted);
                }
            }
            Op::Permit(at, to) => {
                let code = pair.permit(&mut clients[at], &[peer(to)]);
                prop_assert_eq!(code, if expected[at].lives(now) { 0 } else { 437 });
                if code == 0 {
                    expected[at].permissions.insert(peer(to).ip(), now + 300);
                }
            }
            Op::Bind(at, number, to) => {
                let row = &mut expected[at];
                let fits = row.channel(number, now).is_none_or(|bound| bound == to)
                    && row.number(to, now).is_none_or(|bound| bound == number);
                let code = pair.bind(&mut clients[at], number, peer(to));
                prop_assert_eq!(
                    code,
                    if !row.lives(now) {
                        437
                    } else if fits {
                        0
                    } else {
                        400
                    }
                );
                if code == 0 {
                    row.channels.insert(number, (to, now + 600));
                    row.permissions.insert(peer(to).ip(), now + 300);
                }
            }
            Op::Channel(at, number) => {
                let message = [&number.to_be_bytes()[..], &[0, 1, 9, 0, 0, 0]].concat();
                let to = match pair.feed(&clients[at].path, &message) {
                    Outcome::Forward(Forward::Peer { peer, .. }) => Some(peer),
                    _ => None,
                };
                prop_assert_eq!(to, expected[at].channel(number, now).map(peer));
            }
            Op::Send(at, to) => {
                let sent = matches!(pair.send(&clients[at], peer(to), b"x"), Outcome::Forward(_));
                prop_assert_eq!(sent, expected[at].permits(to, now));
            }
            Op::FromPeer(at, from) => {
                let Some(relay) = expected[at].relay else { continue };
                let came = pair.datagram(relay, &peer(from).to_string(), b"x").ok();
                prop_assert_eq!(came.is_some(), expected[at].permits(from, now));
                if let Some(Forward::Client { head, .. }) = came {
                    let number = (head[0] >= 0x40).then(|| u16::from_be_bytes([head[0], head[1]]));
                    prop_assert_eq!(number, expected[at].number(from, now));
                }
            }
        }
        let live = expected.iter().filter(|row| row.lives(now)).count();
        prop_assert_eq!((pair.server.sizes().allocations, pair.relays.len()), (live, live));
        prop_assert_eq!(pair.server.poll_timeout().is_some(), live > 0);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_sequence_of_requests_does_what_the_lifetimes_say(ops in proptest::collection::vec(op(), 1..60)) {
        run(ops)?;
    }
}
