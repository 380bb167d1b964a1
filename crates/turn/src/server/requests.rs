//! Requests other than Allocate: who may ask is proven first (RFC 8489 §9.2.4), unknown attributes come next
//! (§6.3.1), then the method's own rules.

use std::{net::SocketAddr, ops::RangeInclusive};

use stun_types::{
    attribute::{AttributeStaticType, AttributeType},
    message::{BINDING, Message, MessageClass},
};
use turn_types::{
    attribute::{ChannelNumber, Lifetime, RequestedAddressFamily},
    message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH, SEND},
};

use super::{ClientKey, Released, Server};
use crate::{
    allocation::{Channel, PeerKey, ip_key},
    answer::{Refusal, Reply},
    auth::{Authentication, Proven, Unproven},
    binding, codec,
    model::{CloseReason, Dropped, Event, Family, FiveTuple, Now, Outcome, Output, Transport},
    policy::Verdict,
    time::{SECOND, Tick},
};

const PERMISSION_LIFETIME: Tick = 300 * SECOND;
const CHANNEL_LIFETIME: Tick = 600 * SECOND;
/// How long a client may go on retransmitting (RFC 8489 §6.2.1), and how many releases are remembered.
const RETRANSMISSIONS: Tick = 40 * SECOND;
const RELEASED_MOST: usize = 256;

/// A proven request.
pub(super) struct Ask<'a> {
    pub(super) tick: Tick,
    pub(super) from: &'a FiveTuple,
    pub(super) message: &'a Message<'a>,
    pub(super) proven: Proven,
    pub(super) reply: Reply,
}

/// What became of a request that was not refused.
pub(super) enum Done {
    Answer(Vec<u8>),
    /// Answered when its relay sockets are open.
    Later,
    Dropped(Dropped),
}

pub(super) const BAD_REQUEST: Refusal = Refusal::Code(400);

/// RFC 8656 §12 has clients use those below 0x5000 and servers refuse the others; clients of RFC 5766 §11,
/// coturn's own among them, take any of these, and are served (docs/decisions).
const CHANNELS: RangeInclusive<u16> = 0x4000..=0x7FFF;

impl Server {
    pub(super) fn message(
        &mut self,
        now: Now,
        tick: Tick,
        from: &FiveTuple,
        bytes: &[u8],
    ) -> Result<Outcome, Dropped> {
        let message = codec::parse(bytes)?;
        match (message.class(), message.method()) {
            (MessageClass::Indication, SEND) => self.send(tick, from, &message).map(Outcome::Forward),
            (MessageClass::Request, BINDING) => self.binding(from, &message),
            (MessageClass::Request, ALLOCATE | REFRESH | CREATE_PERMISSION | CHANNEL_BIND) => {
                self.request(now, tick, from, &message)
            }
            (MessageClass::Request, _) => Err(Dropped::UnknownMethod),
            _ => Err(Dropped::NotARequest),
        }
    }

    fn binding(&mut self, from: &FiveTuple, message: &Message<'_>) -> Result<Outcome, Dropped> {
        let payload = binding::answer(message, from.client).map_err(|_| Dropped::Malformed)?;
        self.metrics.bindings += 1;
        self.outputs.push_back(Output::Message { client: *from, payload });
        Ok(Outcome::Handled)
    }

    fn request(
        &mut self,
        now: Now,
        tick: Tick,
        from: &FiveTuple,
        message: &Message<'_>,
    ) -> Result<Outcome, Dropped> {
        let mut reply = Reply::to(message, from);
        let authentication = Authentication {
            credentials: &self.config.credentials,
            key: &self.key,
            nonce_lifetime: self.config.limits.nonce_lifetime,
        };
        let payload = match authentication.prove(now, from, message) {
            Err(unproven) => {
                // A datagram's source may be forged: what goes there is budgeted.
                if from.transport == Transport::Udp && !self.unproven.take(from.client.ip(), tick) {
                    return Err(Dropped::OverBudget);
                }
                let challenge = |code| {
                    let nonce = authentication.fresh_nonce(now, from);
                    (code, reply.challenge(code, self.config.credentials.realm(), &nonce))
                };
                let (code, payload) = match unproven {
                    Unproven::BadRequest => (400, reply.refusal(&BAD_REQUEST)),
                    Unproven::Unauthorized => challenge(401),
                    Unproven::StaleNonce => challenge(438),
                };
                self.metrics.refuse(code);
                payload
            }
            Ok(proven) => {
                reply.prove(proven.key, proven.integrity);
                let ask = Ask { tick, from, message, proven, reply };
                match self.proven_request(&ask) {
                    Ok(Done::Answer(payload)) => payload,
                    Ok(Done::Later) => return Ok(Outcome::Handled),
                    Ok(Done::Dropped(cause)) => return Err(cause),
                    Err(refusal) => {
                        self.metrics.refuse(refusal.code());
                        ask.reply.refusal(&refusal)
                    }
                }
            }
        };
        self.outputs.push_back(Output::Message { client: *from, payload });
        Ok(Outcome::Handled)
    }

    fn proven_request(&mut self, ask: &Ask<'_>) -> Result<Done, Refusal> {
        let unknown = codec::unknown_attributes(ask.message, self.config.dont_fragment);
        if !unknown.is_empty() {
            return Err(Refusal::Unknown(unknown));
        }
        match ask.message.method() {
            ALLOCATE => self.allocate(ask),
            REFRESH => self.refresh(ask),
            CREATE_PERMISSION => self.create_permission(ask),
            _ => self.channel_bind(ask),
        }
    }

    /// RFC 8656 §8.2.
    fn refresh(&mut self, ask: &Ask<'_>) -> Result<Done, Refusal> {
        let key = ClientKey::of(ask.from);
        let again = |row: &Released| {
            row.client == key && row.transaction == ask.reply.transaction && ask.tick < row.until
        };
        if self.released.iter().any(again) {
            return Ok(Done::Answer(ask.reply.success(&[&Lifetime::new(0)])));
        }
        let index = self.owned(ask)?;
        let family = requested_family(ask.message, Refusal::Code(443))?;
        let Some(allocation) = self.allocations.get(index) else { return Err(Refusal::Code(437)) };
        if family.is_some_and(|family| allocation.relays[family.index()].is_none()) {
            return Err(Refusal::Code(443));
        }
        let lifetime_s = self.lifetime_s(ask.message)?;
        let number = allocation.number;
        let chosen: Vec<u32> = [Family::V4, Family::V6]
            .into_iter()
            .filter(|one| family.is_none_or(|family| family == *one))
            .filter_map(|one| allocation.relays[one.index()])
            .collect();
        if lifetime_s == 0 {
            if self.released.len() >= RELEASED_MOST {
                self.released.pop_front();
            }
            let until = ask.tick + RETRANSMISSIONS;
            self.released.push_back(Released { client: key, transaction: ask.reply.transaction, until });
            for relay in chosen {
                self.close_relay(relay, CloseReason::Released, ask.tick);
            }
        } else {
            for relay in chosen {
                self.set_expiry(relay, ask.tick + Tick::from(lifetime_s) * SECOND);
            }
            let lifetime = std::time::Duration::from_secs(lifetime_s.into());
            self.outputs.push_back(Output::Event(Event::Refreshed { allocation: number, lifetime }));
        }
        Ok(Done::Answer(ask.reply.success(&[&Lifetime::new(lifetime_s)])))
    }

    /// RFC 8656 §10.2: all addresses or none.
    fn create_permission(&mut self, ask: &Ask<'_>) -> Result<Done, Refusal> {
        let index = self.owned(ask)?;
        let most = self.config.limits.permissions;
        let peers = codec::peer_addresses(ask.message, most).map_err(|_| BAD_REQUEST)?;
        if peers.is_empty() {
            return Err(BAD_REQUEST);
        }
        for peer in &peers {
            self.has_family(index, *peer)?;
            let inside = self.is_inside(peer.ip());
            self.config.policy.judge_address(peer.ip(), inside).map_err(|_| Refusal::Code(403))?;
        }
        let Some(allocation) = self.allocations.get_mut(index) else { return Err(Refusal::Code(437)) };
        let ips = || peers.iter().map(|peer| ip_key(peer.ip()));
        if peers.len() > most || !allocation.permissions.has_room(ips(), most, ask.tick) {
            return Err(Refusal::Code(508));
        }
        for ip in ips() {
            allocation.permissions.install(ip, ask.tick + PERMISSION_LIFETIME);
            allocation.channels.permit(ip, ask.tick + PERMISSION_LIFETIME);
        }
        Ok(Done::Answer(ask.reply.success(&[])))
    }

    /// RFC 8656 §12.2.
    fn channel_bind(&mut self, ask: &Ask<'_>) -> Result<Done, Refusal> {
        let index = self.owned(ask)?;
        let number = ask.message.attribute::<ChannelNumber>().map_err(|_| BAD_REQUEST)?.channel();
        let peers = codec::peer_addresses(ask.message, 1).map_err(|_| BAD_REQUEST)?;
        let peer = *peers.first().ok_or(BAD_REQUEST)?;
        let Some(allocation) = self.allocations.get(index) else { return Err(Refusal::Code(437)) };
        if !CHANNELS.contains(&number) || !allocation.channels.may_bind(number, PeerKey::of(peer), ask.tick) {
            return Err(BAD_REQUEST);
        }
        self.has_family(index, peer)?;
        let inside = match self.config.policy.judge(peer, self.inside(peer)) {
            Verdict::Inside(inside) => Some(inside),
            Verdict::Outside => None,
            Verdict::Denied(_) => return Err(Refusal::Code(403)),
        };
        let limits = &self.config.limits;
        let ip = ip_key(peer.ip());
        let Some(allocation) = self.allocations.get_mut(index) else { return Err(Refusal::Code(437)) };
        if !allocation.channels.has_room(number, limits.channels, ask.tick)
            || !allocation.permissions.has_room([ip].into_iter(), limits.permissions, ask.tick)
        {
            return Err(Refusal::Code(508));
        }
        let permitted = ask.tick + PERMISSION_LIFETIME;
        let channel = Channel { number, peer, inside, expires: ask.tick + CHANNEL_LIFETIME };
        allocation.permissions.install(ip, permitted);
        allocation.channels.bind(channel, permitted, ask.tick);
        allocation.channels.permit(ip, permitted);
        Ok(Done::Answer(ask.reply.success(&[])))
    }

    /// The allocation of the request's 5-tuple, made with the same username (RFC 8656 §5).
    fn owned(&self, ask: &Ask<'_>) -> Result<u32, Refusal> {
        let index = self.live(ask.from).ok_or(Refusal::Code(437))?;
        let allocation = self.allocations.get(index).ok_or(Refusal::Code(437))?;
        if !self.unexpired(allocation, ask.tick) {
            return Err(Refusal::Code(437));
        }
        if *allocation.username == *ask.proven.username { Ok(index) } else { Err(Refusal::Code(441)) }
    }

    fn has_family(&self, index: u32, peer: SocketAddr) -> Result<(), Refusal> {
        let relays = self.allocations.get(index).map_or([None; 2], |allocation| allocation.relays);
        relays[Family::of(peer.ip()).index()].map(|_| ()).ok_or(Refusal::Code(443))
    }

    /// LIFETIME as granted, in seconds: 0 stays 0 (RFC 8656 §7.2, §8.2).
    pub(super) fn lifetime_s(&self, message: &Message<'_>) -> Result<u32, Refusal> {
        let asked = codec::optional::<Lifetime>(message).map_err(|_| BAD_REQUEST)?;
        let limits = &self.config.limits;
        let default = limits.default_lifetime.as_secs() as u32;
        let max = limits.max_lifetime.as_secs() as u32;
        Ok(match asked.map(|asked| asked.seconds()) {
            Some(0) => 0,
            Some(seconds) => seconds.min(max).max(default),
            None => default,
        })
    }
}

/// REQUESTED-ADDRESS-FAMILY; a family nobody knows is refused with `unknown`.
pub(super) fn requested_family(message: &Message<'_>, unknown: Refusal) -> Result<Option<Family>, Refusal> {
    family_attribute(message, RequestedAddressFamily::TYPE, unknown)
}

pub(super) fn family_attribute(
    message: &Message<'_>,
    kind: AttributeType,
    unknown: Refusal,
) -> Result<Option<Family>, Refusal> {
    match message.raw_attribute(kind).as_ref().map(|attribute| &*attribute.value) {
        None => Ok(None),
        Some([1, _, _, _]) => Ok(Some(Family::V4)),
        Some([2, _, _, _]) => Ok(Some(Family::V6)),
        Some([_, _, _, _]) => Err(unknown),
        Some(_) => Err(BAD_REQUEST),
    }
}
