//! The server's state, what goes in and what comes out.

mod allocate;
mod lifecycle;
mod relay;
mod requests;

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    net::{IpAddr, SocketAddr},
    time::Instant,
};

use foldhash::fast::FixedState;
use rand::RngCore;
use stun_types::message::TransactionId;

use crate::{
    allocation::{Allocation, Relay, State, ip_key},
    budget::{Limit, NetworkBudget},
    config::{Config, Families},
    credentials::Credentials,
    metrics::Metrics,
    model::{Dropped, FiveTuple, Now, Outcome, Output, Reason, RelayId},
    nonce::NonceKey,
    policy::{Inside, Policy},
    quota::Quota,
    slab::Slab,
    time::{Epoch, Tick},
};

/// A STUN and TURN server: one media thread's. See the [crate]'s documentation for the order of calls.
pub struct Server {
    config: Config,
    key: NonceKey,
    rng: Box<dyn RngCore + Send>,
    epoch: Epoch,
    allocations: Slab<Allocation>,
    relays: Slab<Relay>,
    by_client: HashMap<ClientKey, u32, FixedState>,
    by_relayed: HashMap<SocketAddr, u32, FixedState>,
    neighbours: HashMap<SocketAddr, u16, FixedState>,
    /// Addresses of live relays, ours and the neighbours', with how many have each.
    relayed_ips: Vec<(IpAddr, usize)>,
    accounts: Quota<String>,
    sources: Quota<u128>,
    unproven: NetworkBudget,
    /// When each relay ends, by its index.
    timers: BTreeSet<(Tick, u32)>,
    /// Releases answered lately, so that their retransmissions are answered alike.
    released: VecDeque<Released>,
    created: u64,
    outputs: VecDeque<Output>,
    metrics: Metrics,
}

/// What servers of several threads have in common: how many allocations, and which bandwidth, each credential and
/// each source address has by now.
#[derive(Clone)]
pub struct Quotas {
    accounts: Quota<String>,
    sources: Quota<u128>,
    epoch: Epoch,
}

/// How many rows the tables hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Allocations, those being opened included.
    pub allocations: usize,
    /// Relay sockets.
    pub relays: usize,
    /// Permissions of all allocations, those that expired unnoticed included.
    pub permissions: usize,
    /// Channels of all allocations, likewise.
    pub channels: usize,
    /// Credentials with allocations.
    pub accounts: usize,
    /// Source addresses with allocations.
    pub sources: usize,
}

/// A 5-tuple as a hash key; a stream's number stands for all of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct ClientKey {
    client: u128,
    server: u128,
    port_and_kind: u64,
}

impl ClientKey {
    fn of(tuple: &FiveTuple) -> Self {
        match tuple.transport.stream() {
            Some(id) => Self { client: u128::from(id.0), server: 0, port_and_kind: 1 << 16 },
            None => Self {
                client: ip_key(tuple.client.ip()),
                server: tuple.server.map_or(0, ip_key),
                port_and_kind: u64::from(tuple.client.port()),
            },
        }
    }
}

struct Released {
    client: ClientKey,
    transaction: TransactionId,
    until: Tick,
}

impl Server {
    /// A server without allocations. `now` is the earliest time it will ever be told; `rng` seeds its hash
    /// tables and makes the transaction ids of Data indications.
    pub fn new(config: Config, key: NonceKey, mut rng: Box<dyn RngCore + Send>, now: Instant) -> Self {
        let limits = &config.limits;
        let hasher = FixedState::with_seed(rng.next_u64());
        Self {
            accounts: Quota::new(Limit::new(limits.bandwidth_per_credential), rng.next_u64()),
            sources: Quota::new(Limit::new(limits.bandwidth_per_source), rng.next_u64()),
            unproven: NetworkBudget::new(limits.unproven_answers, rng.next_u64()),
            by_client: HashMap::with_hasher(hasher.clone()),
            by_relayed: HashMap::with_hasher(hasher.clone()),
            neighbours: HashMap::with_hasher(hasher),
            config,
            key,
            rng,
            epoch: Epoch::new(now),
            allocations: Slab::new(),
            relays: Slab::new(),
            relayed_ips: Vec::new(),
            timers: BTreeSet::new(),
            released: VecDeque::new(),
            created: 0,
            outputs: VecDeque::new(),
            metrics: Metrics::default(),
        }
    }

    /// What it limits for each credential, each source address and all together, to be [shared](Self::sharing).
    pub fn quotas(&self) -> Quotas {
        Quotas { accounts: self.accounts.clone(), sources: self.sources.clone(), epoch: self.epoch }
    }

    /// This server, with those limits in common with another. To be called before anything else.
    pub fn sharing(mut self, quotas: &Quotas) -> Self {
        let Quotas { accounts, sources, epoch } = quotas.clone();
        (self.accounts, self.sources, self.epoch) = (accounts, sources, epoch);
        self
    }

    /// Everything counted so far.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// How full the tables are. Looks at every allocation.
    pub fn sizes(&self) -> Sizes {
        let sum = |of: fn(&Allocation) -> usize| self.allocations.iter().map(|(_, row)| of(row)).sum();
        Sizes {
            allocations: self.allocations.len(),
            relays: self.relays.len(),
            permissions: sum(|row| row.permissions.len()),
            channels: sum(|row| row.channels.len()),
            accounts: self.accounts.len(),
            sources: self.sources.len(),
        }
    }

    /// A message from a client: one datagram, or one frame of a stream (with its padding or without).
    ///
    /// Data to relay comes back at once as a range of `message`; a request is answered through
    /// [`poll_output`](Self::poll_output).
    pub fn handle_client(&mut self, now: Now, from: &FiveTuple, message: &[u8]) -> Outcome {
        let tick = self.epoch.tick(now.instant);
        let outcome = match message.first() {
            _ if from.client.port() == 0 => Err(Dropped::PortZero),
            Some(0x40..=0x7F) => self.channel_data(tick, from, message).map(Outcome::Forward),
            Some(0..=3) => self.message(now, tick, from, message),
            _ => Err(Dropped::Malformed),
        };
        outcome.unwrap_or_else(|cause| {
            self.metrics.drop(cause);
            Outcome::Dropped(cause)
        })
    }

    /// A stream is closed: its allocation goes with it.
    pub fn handle_stream_closed(&mut self, now: Now, from: &FiveTuple) {
        let tick = self.epoch.tick(now.instant);
        if from.transport.stream().is_some()
            && let Some(index) = self.by_client.get(&ClientKey::of(from))
        {
            self.close(*index, crate::model::CloseReason::StreamClosed, tick);
        }
    }

    /// Time has passed; call when the instant of [`poll_timeout`](Self::poll_timeout) has come. Later is
    /// harmless: nothing works past its lifetime.
    pub fn handle_timeout(&mut self, now: Now) {
        let tick = self.epoch.tick(now.instant);
        while let Some((due, relay)) = self.timers.first().copied().filter(|(due, _)| *due <= tick) {
            self.timers.remove(&(due, relay));
            self.expire(relay, tick);
        }
    }

    /// The next thing to do, in order; call until `None` after every other call.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) next, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, Reason)> {
        let (due, relay) = self.timers.first()?;
        let opening = self.relays.get(*relay).is_some_and(|relay| relay.address.is_none());
        let reason = if opening { Reason::RelayOpening } else { Reason::AllocationExpires };
        Some((self.epoch.instant(*due), reason))
    }

    /// Replaces the credentials. Allocations made with others live on until their next Refresh.
    pub fn set_credentials(&mut self, credentials: Credentials) {
        self.config.credentials = credentials;
    }

    /// Replaces the peer policy. Send and new channels go by it at once, bound channels when they are renewed.
    pub fn set_policy(&mut self, policy: Policy) {
        self.config.policy = policy;
    }

    /// The server's addresses have changed (see [`Policy::set_own`]).
    pub fn set_own_addresses(&mut self, own: Vec<IpAddr>) {
        self.config.policy.set_own(own);
    }

    /// Relay sockets of other families can be opened from now on.
    pub fn set_families(&mut self, families: Families) {
        self.config.families = families;
    }

    /// Another media thread has a live relay: data for it becomes [`Forward::Neighbour`](crate::Forward). Tell
    /// all threads before its Allocate is answered.
    pub fn add_neighbour(&mut self, relayed: SocketAddr, thread: u16) {
        if self.neighbours.insert(relayed, thread).is_none() {
            self.add_relayed_ip(relayed.ip());
        }
    }

    /// Another media thread's relay is closed. Nothing happens if a relay of a third has its address by now.
    pub fn remove_neighbour(&mut self, relayed: SocketAddr, thread: u16) {
        if self.neighbours.get(&relayed) == Some(&thread) {
            self.neighbours.remove(&relayed);
            self.remove_relayed_ip(relayed.ip());
        }
    }

    /// Another media thread has lost all its relays.
    pub fn remove_neighbours(&mut self, thread: u16) {
        let gone: Vec<SocketAddr> =
            self.neighbours.iter().filter(|row| *row.1 == thread).map(|row| *row.0).collect();
        gone.into_iter().for_each(|relayed| self.remove_neighbour(relayed, thread));
    }

    /// What is inside this process under exactly this address.
    fn inside(&self, peer: SocketAddr) -> Option<Inside> {
        if let Some(index) = self.by_relayed.get(&peer) {
            return Some(Inside::Relay(self.relay_id(*index)));
        }
        if let Some(thread) = self.neighbours.get(&peer) {
            return Some(Inside::Neighbour(*thread));
        }
        let sfu = self.config.sfu_ports.contains(&peer.port()) && self.config.policy.is_ours(peer.ip());
        sfu.then_some(Inside::Sfu)
    }

    /// Is anything inside this process under this address?
    fn is_inside(&self, ip: IpAddr) -> bool {
        let sfu = !self.config.sfu_ports.is_empty() && self.config.policy.is_ours(ip);
        sfu || self.relayed_ips.iter().any(|row| row.0 == ip)
    }

    fn relay_id(&self, index: u32) -> RelayId {
        RelayId { index, generation: self.relays.generation(index) }
    }

    fn live(&self, from: &FiveTuple) -> Option<u32> {
        let index = *self.by_client.get(&ClientKey::of(from))?;
        let live = self.allocations.get(index).is_some_and(|row| matches!(row.state, State::Live(_)));
        live.then_some(index)
    }

    fn add_relayed_ip(&mut self, ip: IpAddr) {
        match self.relayed_ips.iter_mut().find(|row| row.0 == ip) {
            Some(row) => row.1 += 1,
            None => self.relayed_ips.push((ip, 1)),
        }
    }

    fn remove_relayed_ip(&mut self, ip: IpAddr) {
        if let Some(at) = self.relayed_ips.iter().position(|row| row.0 == ip) {
            self.relayed_ips[at].1 -= 1;
            if self.relayed_ips[at].1 == 0 {
                self.relayed_ips.swap_remove(at);
            }
        }
    }
}
