//! Whole workers on loopback, with clients that know nothing of them.

mod client;
mod peer;
mod sessions;
mod threads;
mod udp;

use std::time::{Duration, Instant};

use kaigi_turn::{
    Config, Credentials, Limits, NonceKey, Realm, Source,
    policy::{Net, Policy, Rule},
};

use crate::{Metrics, Options, Worker};

const DEADLINE: Duration = Duration::from_secs(10);

/// A worker with so many threads on a port of its own, which lets clients reach loopback.
fn worker(threads: usize) -> (Worker, std::net::SocketAddr) {
    let loopback = Rule::new(Net::new("127.0.0.0".parse().unwrap(), 8));
    with(threads, Policy::new(vec![loopback], vec![], vec![]), Limits::default())
}

fn with(threads: usize, policy: Policy, limits: Limits) -> (Worker, std::net::SocketAddr) {
    let bound = crate::bind("127.0.0.1:0".parse().unwrap(), threads).unwrap();
    let address = bound[0].local_addr().unwrap();
    let options = Options {
        sockets: bound.into_iter().map(|socket| vec![socket]).collect(),
        turn: config(policy, limits),
        nonce_key: NonceKey([7; 32]),
        local_addresses: vec!["127.0.0.1".parse().unwrap()],
        public_addresses: vec![],
        sessions: 100,
    };
    (Worker::start(options).unwrap(), address)
}

fn config(policy: Policy, limits: Limits) -> Config {
    let ann = Source::User { name: "ann".into(), password: "secret".into() };
    let credentials = Credentials::new(Realm::default(), vec![ann]);
    Config { limits, ..Config::new(credentials, policy) }
}

/// Waits until the metrics are so.
fn until(worker: &Worker, wanted: impl Fn(&Metrics) -> bool) -> Metrics {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let metrics = worker.metrics();
        if wanted(&metrics) {
            return metrics;
        }
        assert!(Instant::now() < deadline, "{metrics:?}");
        std::thread::yield_now();
    }
}
