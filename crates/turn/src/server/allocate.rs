//! Allocate (RFC 8656 §7.2), and what comes of the relay sockets it opens.

use std::{net::SocketAddr, time::Duration};

use stun_types::{
    AddressFamily,
    attribute::{AttributeStaticType, AttributeType, AttributeWrite, ErrorCode, XorMappedAddress},
    message::Message,
};
use turn_types::attribute::{
    AdditionalAddressFamily, AddressErrorCode, EvenPort, Lifetime, RequestedTransport, ReservationToken,
    XorRelayedAddress,
};

use super::{
    ClientKey, Server,
    requests::{Ask, BAD_REQUEST, Done, family_attribute, requested_family},
};
use crate::{
    allocation::{Allocation, Channels, Granted, Opening, Permissions, Relay, State},
    answer::{Refusal, Reply},
    codec,
    metrics::Counters,
    model::{Event, Family, Now, Output, RelayError, RelayId},
    time::{SECOND, Tick},
};

/// A relay socket has to be open by then: the client retransmits for longer.
const OPENING: Tick = 10 * SECOND;
const UDP: u8 = 17;
const FAMILIES: [Family; 2] = [Family::V4, Family::V6];
const ADDRESS_FAMILY_NOT_SUPPORTED: Refusal = Refusal::Code(440);
const INSUFFICIENT_CAPACITY: Refusal = Refusal::Code(508);

/// What an Allocate asks for, its attributes having been found to agree.
struct Wish {
    families: [bool; 2],
    /// ADDITIONAL-ADDRESS-FAMILY: one family alone will do.
    dual: bool,
    even_port: bool,
}

impl Server {
    pub(super) fn allocate(&mut self, ask: &Ask<'_>) -> Result<Done, Refusal> {
        let key = ClientKey::of(ask.from);
        if let Some(index) = self.by_client.get(&key).copied() {
            let old = self.allocations.get(index);
            if old.is_some_and(|old| self.unexpired(old, ask.tick)) {
                return self.allocate_again(index, ask);
            }
            self.close(index, crate::model::CloseReason::Expired, ask.tick);
        }
        let wish = self.wish(ask)?;
        let lifetime_s = match self.lifetime_s(ask.message)? {
            0 => self.config.limits.default_lifetime.as_secs() as u32,
            seconds => seconds,
        };
        if self.accounts.allocations(&ask.proven.account) >= self.config.limits.allocations_per_credential {
            return Err(Refusal::Code(486));
        }
        if self.accounts.members() >= self.config.limits.allocations {
            return Err(INSUFFICIENT_CAPACITY);
        }
        let unsupported = |family: Family| wish.dual && !wish.families[family.index()];
        let opening = Opening {
            reply: ask.reply.clone(),
            lifetime_s,
            account: ask.proven.account.clone(),
            failed: FAMILIES.map(|family| unsupported(family).then_some(RelayError::FamilyNotSupported)),
            waiting: wish.families,
        };
        self.created += 1;
        let allocation = Allocation {
            number: self.created,
            client: *ask.from,
            username: ask.proven.username.as_str().into(),
            account: self.accounts.enter(&ask.proven.account, ask.tick),
            network: self.sources.enter(&source_key(ask.from.client), ask.tick),
            state: State::Opening(Box::new(opening)),
            relays: [None, None],
            permissions: Permissions::default(),
            channels: Channels::default(),
            counters: Counters::default(),
            created: ask.tick,
        };
        let (index, _) = self.allocations.insert(allocation);
        self.by_client.insert(key, index);
        for family in FAMILIES.into_iter().filter(|family| wish.families[family.index()]) {
            let expires = ask.tick + OPENING;
            let row = Relay { allocation: index, family, address: None, expires };
            let (relay, generation) = self.relays.insert(row);
            self.timers.insert((expires, relay));
            if let Some(allocation) = self.allocations.get_mut(index) {
                allocation.relays[family.index()] = Some(relay);
            }
            self.outputs.push_back(Output::OpenRelay {
                relay: RelayId { index: relay, generation },
                family,
                even_port: wish.even_port,
                client: *ask.from,
            });
        }
        Ok(Done::Later)
    }

    /// The 5-tuple has an allocation: a retransmission is answered as before, anything else is a mismatch.
    fn allocate_again(&self, index: u32, ask: &Ask<'_>) -> Result<Done, Refusal> {
        let Some(allocation) = self.allocations.get(index) else { return Err(Refusal::Code(437)) };
        match &allocation.state {
            State::Opening(opening) if opening.reply.transaction == ask.reply.transaction => {
                Ok(Done::Dropped(crate::model::Dropped::InProgress))
            }
            State::Live(granted)
                if granted.transaction == ask.reply.transaction
                    && *allocation.username == *ask.proven.username =>
            {
                Ok(Done::Answer(self.allocated(allocation, granted, &ask.reply)))
            }
            _ => Err(Refusal::Code(437)),
        }
    }

    /// The checks of RFC 8656 §7.2 in their order, steps 3 to 9.
    fn wish(&self, ask: &Ask<'_>) -> Result<Wish, Refusal> {
        let message = ask.message;
        let transport = message.attribute::<RequestedTransport>().map_err(|_| BAD_REQUEST)?;
        if transport.protocol() != UDP {
            return Err(Refusal::Code(442));
        }
        let even_port = codec::optional::<EvenPort>(message).map_err(|_| BAD_REQUEST)?;
        let has_requested = message.has_attribute(turn_types::attribute::RequestedAddressFamily::TYPE);
        let has_additional = has_additional_family(message);
        if message.has_attribute(ReservationToken::TYPE) {
            let alone = even_port.is_none() && !has_requested && !has_additional;
            // No port is ever reserved, so no token is valid.
            return Err(if alone { INSUFFICIENT_CAPACITY } else { BAD_REQUEST });
        }
        if has_requested && has_additional {
            return Err(BAD_REQUEST);
        }
        let requested = requested_family(message, ADDRESS_FAMILY_NOT_SUPPORTED)?;
        if family_attribute(message, AdditionalAddressFamily::TYPE, BAD_REQUEST)? == Some(Family::V4) {
            return Err(BAD_REQUEST);
        }
        let reserve = even_port.as_ref().is_some_and(|even_port| even_port.requested());
        if reserve {
            return Err(if has_additional { BAD_REQUEST } else { INSUFFICIENT_CAPACITY });
        }
        let has = |family| self.config.families.has(family);
        let families = match requested {
            Some(family) => FAMILIES.map(|one| one == family && has(family)),
            None if has_additional => FAMILIES.map(has),
            // RFC 8656 gives 440 to who asks for nothing on a server without IPv4; Chromium never asks.
            None => [has(Family::V4), !has(Family::V4) && has(Family::V6)],
        };
        if families == [false, false] {
            return Err(ADDRESS_FAMILY_NOT_SUPPORTED);
        }
        Ok(Wish { families, dual: has_additional, even_port: even_port.is_some() })
    }

    /// A relay socket is open under this address, the one its peers see (public in front of a 1:1 NAT), or
    /// could not be opened. For a relay closed in the meantime nothing happens.
    pub fn handle_relay_opened(&mut self, now: Now, relay: RelayId, result: Result<SocketAddr, RelayError>) {
        let tick = self.epoch.tick(now.instant);
        let current = self.relays.is_current(relay.index, relay.generation);
        let Some(row) = self.relays.get_mut(relay.index).filter(|row| current && row.address.is_none())
        else {
            return;
        };
        let (index, family) = (row.allocation, row.family);
        // An address of another relay or of the wrong family would break the tables.
        let usable = |address: &SocketAddr| {
            Family::of(address.ip()) == family && !self.by_relayed.contains_key(address)
        };
        let result = match result {
            Ok(address) if !usable(&address) => {
                self.outputs.push_back(Output::CloseRelay(relay));
                Err(RelayError::NoCapacity)
            }
            result => result,
        };
        match result {
            Ok(address) => {
                row.address = Some(address);
                self.by_relayed.insert(address, relay.index);
                self.add_relayed_ip(address.ip());
            }
            Err(_) => self.forget_relay(relay.index),
        }
        let Some(allocation) = self.allocations.get_mut(index) else { return };
        if let State::Opening(opening) = &mut allocation.state {
            opening.waiting[family.index()] = false;
            opening.failed[family.index()] = result.err();
            let (lifetime_s, done) = (opening.lifetime_s, opening.waiting == [false, false]);
            self.set_expiry(relay.index, tick + Tick::from(lifetime_s) * SECOND);
            if done {
                self.opened(index);
            }
        }
    }

    /// All relay sockets of an allocation are open or failed.
    fn opened(&mut self, index: u32) {
        let Some(allocation) = self.allocations.get_mut(index) else { return };
        let State::Opening(opening) = &allocation.state else { return };
        let Opening { reply, lifetime_s, account, failed, .. } = (**opening).clone();
        if allocation.relays == [None, None] {
            let supported = failed.contains(&Some(RelayError::NoCapacity));
            let refusal = if supported { INSUFFICIENT_CAPACITY } else { ADDRESS_FAMILY_NOT_SUPPORTED };
            self.metrics.refuse(refusal.code());
            let payload = reply.refusal(&refusal);
            self.outputs.push_back(Output::Message { client: reply.client, payload });
            self.forget(index);
            return;
        }
        let missing = FAMILIES.into_iter().find_map(|family| {
            failed[family.index()].map(|error| match error {
                RelayError::NoCapacity => (family, 508),
                RelayError::FamilyNotSupported => (family, 440),
            })
        });
        let granted = Granted { transaction: reply.transaction, lifetime_s, missing };
        allocation.state = State::Live(granted);
        let number = allocation.number;
        let Some(allocation) = self.allocations.get(index) else { return };
        let payload = self.allocated(allocation, &granted, &reply);
        let relays = allocation.relays.map(|relay| {
            let address = self.relays.get(relay?)?.address?;
            Some((self.relay_id(relay?), address))
        });
        self.metrics.allocations_created += 1;
        // The event first: other threads have to know the relay before the client does.
        let lifetime = Duration::from_secs(lifetime_s.into());
        let created = Event::Created { allocation: number, client: reply.client, account, relays, lifetime };
        self.outputs.push_back(Output::Event(created));
        self.outputs.push_back(Output::Message { client: reply.client, payload });
    }

    /// The success answer (RFC 8656 §7.2, last paragraphs).
    fn allocated(&self, allocation: &Allocation, granted: &Granted, reply: &Reply) -> Vec<u8> {
        let transaction = reply.transaction;
        let addresses = allocation.relays.into_iter().flatten();
        let relayed: Vec<XorRelayedAddress> = addresses
            .filter_map(|relay| self.relays.get(relay)?.address)
            .map(|address| XorRelayedAddress::new(address, transaction))
            .collect();
        let lifetime = Lifetime::new(granted.lifetime_s);
        let mapped = XorMappedAddress::new(reply.client.client, transaction);
        let missing = granted.missing.and_then(|(family, code)| {
            let family = match family {
                Family::V4 => AddressFamily::IPV4,
                Family::V6 => AddressFamily::IPV6,
            };
            Some(AddressErrorCode::new(family, ErrorCode::new(code, "").ok()?))
        });
        let mut attributes: Vec<&dyn AttributeWrite> = Vec::new();
        attributes.extend(relayed.iter().map(|address| address as &dyn AttributeWrite));
        attributes.extend([&lifetime as &dyn AttributeWrite, &mapped]);
        attributes.extend(missing.iter().map(|missing| missing as &dyn AttributeWrite));
        reply.success(&attributes)
    }
}

/// ADDITIONAL-ADDRESS-FAMILY (RFC 8656 §18.11), under its number or under the one coturn's clients sent until
/// 2025. IANA has given that one to nobody, and only the one value it can have is taken (docs/decisions).
fn has_additional_family(message: &Message<'_>) -> bool {
    const OF_COTURN: AttributeType = AttributeType::new(0x8032);
    const IPV6: [u8; 4] = [2, 0, 0, 0];
    message.has_attribute(AdditionalAddressFamily::TYPE)
        || message.raw_attribute(OF_COTURN).is_some_and(|attribute| *attribute.value == IPV6)
}

/// IPv4 addresses alone, IPv6 by /64: a host has all of it.
fn source_key(client: SocketAddr) -> u128 {
    let key = crate::allocation::ip_key(client.ip());
    if client.is_ipv4() { key } else { key >> 64 << 64 }
}
