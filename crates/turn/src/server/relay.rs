//! Data: client to peer, peer to client, and between two relays of ours. Nothing here allocates, except for
//! telling an ICMP error.
//!
//! Client to peer: one hash look-up of the 5-tuple, then a search among the allocation's channels. Peer to
//! client: the relay's row by its index, then a search among the allocation's peers.

use std::{net::SocketAddr, ops::Range};

use stun_types::message::Message;
use turn_types::attribute::{Data, DontFragment};

use super::{ClientKey, Server};
use crate::{
    allocation::{PeerKey, State, ip_key},
    codec,
    model::{Dropped, Family, FiveTuple, Forward, Head, IcmpError, Now, Output, RelayId},
    policy::{Inside, Verdict},
    quota::Direction,
    time::Tick,
};
use stun_types::attribute::AttributeStaticType;

/// What one client sends to one peer.
struct Upward {
    peer: SocketAddr,
    inside: Option<Inside>,
    payload: Range<usize>,
    dont_fragment: bool,
}

impl Server {
    /// ChannelData from a client (RFC 8656 §12.6).
    #[inline]
    pub(super) fn channel_data(
        &mut self,
        tick: Tick,
        from: &FiveTuple,
        message: &[u8],
    ) -> Result<Forward, Dropped> {
        let [n0, n1, l0, l1, ..] = *message else { return Err(Dropped::Malformed) };
        let number = u16::from_be_bytes([n0, n1]);
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        // Padding may follow, over UDP too (RFC 8656 §12.5).
        if message.len() < 4 + length {
            return Err(Dropped::Malformed);
        }
        let index = *self.by_client.get(&ClientKey::of(from)).ok_or(Dropped::NoAllocation)?;
        let allocation = self.allocations.get(index).ok_or(Dropped::NoAllocation)?;
        let channel = allocation.channels.by_number(number, tick).ok_or(Dropped::NoChannel)?;
        let (peer, inside) = (channel.peer, channel.inside);
        let payload = 4..4 + length;
        self.upward(tick, index, Upward { peer, inside, payload, dont_fragment: false })
    }

    /// A Send indication from a client (RFC 8656 §11.2); never answered.
    pub(super) fn send(
        &mut self,
        tick: Tick,
        from: &FiveTuple,
        message: &Message<'_>,
    ) -> Result<Forward, Dropped> {
        let index = self.live(from).ok_or(Dropped::NoAllocation)?;
        if codec::has_unknown(message, self.config.dont_fragment) {
            return Err(Dropped::Malformed);
        }
        let peer = codec::peer_address(message).ok_or(Dropped::Malformed)?;
        let (offset, data) = message.raw_attribute_and_offset(Data::TYPE).ok_or(Dropped::Malformed)?;
        let payload = offset + 4..offset + 4 + data.value.len();
        let dont_fragment = message.has_attribute(DontFragment::TYPE);
        let allocation = self.allocations.get(index).ok_or(Dropped::NoAllocation)?;
        if !allocation.permissions.allows(ip_key(peer.ip()), tick) {
            return Err(Dropped::NoPermission);
        }
        let inside = match self.config.policy.judge(peer, self.inside(peer)) {
            Verdict::Inside(inside) => Some(inside),
            Verdict::Outside => None,
            Verdict::Denied(denial) => return Err(Dropped::Denied(denial)),
        };
        self.upward(tick, index, Upward { peer, inside, payload, dont_fragment })
    }

    /// A datagram that arrived on a relay socket (RFC 8656 §11.3, §12.7).
    #[inline]
    pub fn handle_peer(
        &mut self,
        now: Now,
        relay: RelayId,
        source: SocketAddr,
        payload: &[u8],
    ) -> Result<Forward, Dropped> {
        let tick = self.epoch.tick(now.instant);
        let current = self.relays.is_current(relay.index, relay.generation);
        let forward = if source.port() == 0 {
            Err(Dropped::PortZero)
        } else if current {
            self.downward(tick, relay.index, source, 0..payload.len())
        } else {
            Err(Dropped::NoAllocation)
        };
        forward.inspect_err(|cause| self.metrics.drop(*cause))
    }

    /// Data that another media thread hands over ([`Forward::Neighbour`]), from its relay to one of ours.
    pub fn handle_handover(
        &mut self,
        now: Now,
        from: SocketAddr,
        to: SocketAddr,
        payload: &[u8],
    ) -> Result<Forward, Dropped> {
        let tick = self.epoch.tick(now.instant);
        let forward = match self.by_relayed.get(&to).copied() {
            Some(relay) => self.downward(tick, relay, from, 0..payload.len()),
            None => Err(Dropped::NoAllocation),
        };
        forward.inspect_err(|cause| self.metrics.drop(*cause))
    }

    /// Data from the SFU, under its address `from`, to the client of the relay `to`: of this core, or of another
    /// media thread's. The client has to permit it as any peer.
    #[inline]
    pub fn handle_sfu(
        &mut self,
        now: Now,
        from: SocketAddr,
        to: SocketAddr,
        payload: &[u8],
    ) -> Result<Forward, Dropped> {
        if !self.by_relayed.contains_key(&to)
            && let Some(thread) = self.neighbours.get(&to)
        {
            return Ok(Forward::Neighbour { thread: *thread, from, to, payload: 0..payload.len() });
        }
        self.handle_handover(now, from, to, payload)
    }

    /// An ICMP error about what a relay socket sent: told to the client if the peer has a permission, and if it
    /// is one of the kinds RFC 8656 §11.5 names.
    pub fn handle_icmp(&mut self, now: Now, relay: RelayId, error: &IcmpError) {
        let tick = self.epoch.tick(now.instant);
        let (told, mtu) = match Family::of(error.peer.ip()) {
            // Destination unreachable and time exceeded; 3/4 is "fragmentation needed".
            Family::V4 => (matches!(error.kind, 3 | 11), error.kind == 3 && error.code == 4),
            // Destination unreachable, packet too big, time exceeded.
            Family::V6 => (matches!(error.kind, 1..=3), error.kind == 2),
        };
        let current = self.relays.is_current(relay.index, relay.generation);
        let Some(row) = self.relays.get(relay.index).filter(|_| current && told) else { return };
        let Some(allocation) = self.allocations.get(row.allocation) else { return };
        if !allocation.permissions.allows(ip_key(error.peer.ip()), tick) {
            return;
        }
        let client = allocation.client;
        let transaction = self.transaction();
        let data = if mtu { error.data } else { 0 };
        if let Some(payload) = codec::icmp_indication(transaction, &IcmpError { data, ..*error }) {
            self.outputs.push_back(Output::Message { client, payload });
        }
    }

    #[inline]
    fn upward(&mut self, tick: Tick, index: u32, data: Upward) -> Result<Forward, Dropped> {
        let Upward { peer, inside, payload, dont_fragment } = data;
        let allocation = self.allocations.get_mut(index).ok_or(Dropped::NoAllocation)?;
        let relay = allocation.relays[Family::of(peer.ip()).index()].ok_or(Dropped::NoAllocation)?;
        let row = self.relays.get(relay).filter(|row| tick < row.expires).ok_or(Dropped::NoAllocation)?;
        let (live, relayed) = (matches!(allocation.state, State::Live(_)), row.address);
        let relayed = relayed.filter(|_| live).ok_or(Dropped::NoAllocation)?;
        if !self.accounts.take(&allocation.account, Direction::Up, payload.len(), tick)
            || !self.sources.take(&allocation.network, Direction::Up, payload.len(), tick)
        {
            return Err(Dropped::OverBandwidth);
        }
        allocation.counters.up(payload.len());
        self.metrics.up(allocation.client.transport, payload.len());
        match inside {
            None => Ok(Forward::Peer { relay: self.relay_id(relay), peer, payload, dont_fragment }),
            Some(inside) => self.hand_over(tick, inside, relayed, peer, payload),
        }
    }

    /// Inside the process: the receiver sees exactly the sender's relayed address, and has to permit it.
    fn hand_over(
        &mut self,
        tick: Tick,
        inside: Inside,
        from: SocketAddr,
        to: SocketAddr,
        payload: Range<usize>,
    ) -> Result<Forward, Dropped> {
        let inside = match inside {
            Inside::Relay(id) if self.relays.is_current(id.index, id.generation) => inside,
            Inside::Sfu => inside,
            // The relay a channel was bound to is gone; another may have its address by now.
            _ => self.inside(to).ok_or(Dropped::NoAllocation)?,
        };
        match inside {
            Inside::Relay(id) => {
                let forward = self.downward(tick, id.index, from, payload)?;
                self.metrics.handed_over += 1;
                Ok(forward)
            }
            Inside::Neighbour(thread) => {
                self.metrics.handed_over += 1;
                Ok(Forward::Neighbour { thread, from, to, payload })
            }
            Inside::Sfu => {
                self.metrics.handed_over += 1;
                Ok(Forward::Sfu { from, to, payload })
            }
        }
    }

    #[inline]
    fn downward(
        &mut self,
        tick: Tick,
        relay: u32,
        source: SocketAddr,
        payload: Range<usize>,
    ) -> Result<Forward, Dropped> {
        let row = self.relays.get(relay).filter(|row| tick < row.expires).ok_or(Dropped::NoAllocation)?;
        let allocation = self.allocations.get_mut(row.allocation).ok_or(Dropped::NoAllocation)?;
        if !matches!(allocation.state, State::Live(_)) {
            return Err(Dropped::NoAllocation);
        }
        let key = PeerKey::of(source);
        let length = payload.len();
        let number = match allocation.channels.by_peer(key, tick) {
            Some(route) if tick < route.permitted => Some(route.number),
            Some(_) => return Err(Dropped::NoPermission),
            None if allocation.permissions.allows(ip_key(source.ip()), tick) => None,
            None => return Err(Dropped::NoPermission),
        };
        if !self.accounts.take(&allocation.account, Direction::Down, length, tick)
            || !self.sources.take(&allocation.network, Direction::Down, length, tick)
        {
            return Err(Dropped::OverBandwidth);
        }
        let pad = (length.next_multiple_of(4) - length) as u8;
        let (head, padding) = match number {
            Some(number) => {
                let length = u16::try_from(length).map_err(|_| Dropped::TooLong)?;
                let stream = allocation.client.transport.stream().is_some();
                (Head::channel_data(number, length), if stream { pad } else { 0 })
            }
            None => {
                let transaction = u128::from(self.rng.next_u64()) << 64 | u128::from(self.rng.next_u64());
                let head = codec::data_indication(transaction, source, length).ok_or(Dropped::TooLong)?;
                (head, pad)
            }
        };
        allocation.counters.down(length);
        self.metrics.down(allocation.client.transport, length);
        Ok(Forward::Client { client: allocation.client, head, payload, padding })
    }

    fn transaction(&mut self) -> u128 {
        u128::from(self.rng.next_u64()) << 64 | u128::from(self.rng.next_u64())
    }
}
