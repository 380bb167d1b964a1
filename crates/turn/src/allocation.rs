//! An allocation with its permissions and channels (RFC 8656 §5, §9, §12). Both lists are short, bounded and
//! sorted, so the hot path searches contiguous memory and follows no hash of what a peer chose.

use std::net::{IpAddr, SocketAddr};

use stun_types::message::TransactionId;

use crate::{
    answer::Reply,
    metrics::Counters,
    model::{Family, FiveTuple, RelayError},
    policy::Inside,
    quota::Member,
    time::Tick,
};

/// An address as a number; IPv4 as its mapped form.
pub(crate) fn ip_key(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(ip.to_ipv6_mapped()),
        IpAddr::V6(ip) => u128::from(ip),
    }
}

/// A transport address without IPv6's scope and flow label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PeerKey {
    ip: u128,
    port: u16,
}

impl PeerKey {
    pub(crate) fn of(peer: SocketAddr) -> Self {
        Self { ip: ip_key(peer.ip()), port: peer.port() }
    }
}

pub(crate) struct Allocation {
    /// In the log.
    pub(crate) number: u64,
    pub(crate) client: FiveTuple,
    pub(crate) username: Box<str>,
    pub(crate) account: Member<String>,
    pub(crate) network: Member<u128>,
    pub(crate) state: State,
    /// By family.
    pub(crate) relays: [Option<u32>; 2],
    pub(crate) permissions: Permissions,
    pub(crate) channels: Channels,
    pub(crate) counters: Counters,
    pub(crate) created: Tick,
}

pub(crate) enum State {
    /// Its relay sockets are being opened; nothing can be sent.
    Opening(Box<Opening>),
    /// It works. What is needed to answer a retransmission of its request the same way.
    Live(Granted),
}

#[derive(Clone)]
pub(crate) struct Opening {
    pub(crate) reply: Reply,
    pub(crate) lifetime_s: u32,
    pub(crate) account: String,
    /// By family: why there is no relay of it.
    pub(crate) failed: [Option<RelayError>; 2],
    /// By family: still to be heard of.
    pub(crate) waiting: [bool; 2],
}

#[derive(Clone, Copy)]
pub(crate) struct Granted {
    pub(crate) transaction: TransactionId,
    pub(crate) lifetime_s: u32,
    /// ADDRESS-ERROR-CODE of a dual allocation that got only one family.
    pub(crate) missing: Option<(Family, u16)>,
}

/// The row of a relay socket.
pub(crate) struct Relay {
    pub(crate) allocation: u32,
    pub(crate) family: Family,
    /// XOR-RELAYED-ADDRESS, once open.
    pub(crate) address: Option<SocketAddr>,
    pub(crate) expires: Tick,
}

/// Addresses the client may exchange data with, and until when.
#[derive(Default)]
pub(crate) struct Permissions(Vec<(u128, Tick)>);

impl Permissions {
    pub(crate) fn allows(&self, ip: u128, now: Tick) -> bool {
        self.0.binary_search_by_key(&ip, |row| row.0).is_ok_and(|at| now < self.0[at].1)
    }

    /// Room for these addresses, old ones counted once?
    pub(crate) fn has_room(&mut self, ips: impl Iterator<Item = u128>, most: usize, now: Tick) -> bool {
        let mut fresh: Vec<u128> =
            ips.filter(|ip| self.0.binary_search_by_key(ip, |row| row.0).is_err()).collect();
        fresh.sort_unstable();
        fresh.dedup();
        if self.0.len() + fresh.len() > most {
            self.0.retain(|row| now < row.1);
        }
        self.0.len() + fresh.len() <= most
    }

    pub(crate) fn install(&mut self, ip: u128, until: Tick) {
        match self.0.binary_search_by_key(&ip, |row| row.0) {
            Ok(at) => self.0[at].1 = until,
            Err(at) => self.0.insert(at, (ip, until)),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Where data of a channel goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Channel {
    pub(crate) number: u16,
    pub(crate) peer: SocketAddr,
    /// What was inside the process under this address when it was bound.
    pub(crate) inside: Option<Inside>,
    pub(crate) expires: Tick,
}

/// A channel seen from the peer's side.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    peer: PeerKey,
    pub(crate) number: u16,
    pub(crate) expires: Tick,
    /// A copy of the permission, so that one search finds both.
    pub(crate) permitted: Tick,
}

/// Channel bindings, sorted by number and by peer.
#[derive(Default)]
pub(crate) struct Channels {
    by_number: Vec<Channel>,
    by_peer: Vec<Route>,
}

impl Channels {
    pub(crate) fn by_number(&self, number: u16, now: Tick) -> Option<&Channel> {
        let at = self.by_number.binary_search_by_key(&number, |channel| channel.number).ok()?;
        Some(&self.by_number[at]).filter(|channel| now < channel.expires)
    }

    pub(crate) fn by_peer(&self, peer: PeerKey, now: Tick) -> Option<&Route> {
        let at = self.by_peer.binary_search_by_key(&peer, |route| route.peer).ok()?;
        Some(&self.by_peer[at]).filter(|route| now < route.expires)
    }

    /// The rebinding rule (RFC 8656 §12.2): neither the channel nor the peer is bound otherwise.
    pub(crate) fn may_bind(&self, number: u16, peer: PeerKey, now: Tick) -> bool {
        self.by_number(number, now).is_none_or(|channel| PeerKey::of(channel.peer) == peer)
            && self.by_peer(peer, now).is_none_or(|route| route.number == number)
    }

    pub(crate) fn has_room(&mut self, number: u16, most: usize, now: Tick) -> bool {
        if self.by_number(number, now).is_none() && self.by_number.len() >= most {
            self.purge(now);
        }
        self.by_number(number, now).is_some() || self.by_number.len() < most
    }

    pub(crate) fn bind(&mut self, channel: Channel, permitted: Tick, now: Tick) {
        let peer = PeerKey::of(channel.peer);
        let route = Route { peer, number: channel.number, expires: channel.expires, permitted };
        // An expired binding of either may still be there, under another number or peer.
        if self.by_number(channel.number, now).is_none() || self.by_peer(peer, now).is_none() {
            self.purge(now);
        }
        match self.by_number.binary_search_by_key(&channel.number, |channel| channel.number) {
            Ok(at) => self.by_number[at] = channel,
            Err(at) => self.by_number.insert(at, channel),
        }
        match self.by_peer.binary_search_by_key(&peer, |route| route.peer) {
            Ok(at) => self.by_peer[at] = route,
            Err(at) => self.by_peer.insert(at, route),
        }
    }

    /// The permission of this address was prolonged.
    pub(crate) fn permit(&mut self, ip: u128, until: Tick) {
        self.by_peer.iter_mut().filter(|route| route.peer.ip == ip).for_each(|route| route.permitted = until);
    }

    pub(crate) fn len(&self) -> usize {
        self.by_number.len()
    }

    fn purge(&mut self, now: Tick) {
        self.by_number.retain(|channel| now < channel.expires);
        self.by_peer.retain(|route| now < route.expires);
    }
}
