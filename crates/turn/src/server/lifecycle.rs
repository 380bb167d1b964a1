//! Ends: of relays, of allocations.

use std::time::Duration;

use super::{ClientKey, Server};
use crate::{
    allocation::{Allocation, State},
    model::{CloseReason, Event, Output, RelayError, RelayId},
    time::Tick,
};

impl Server {
    /// A relay's time is over, or the time to open it.
    pub(super) fn expire(&mut self, relay: u32, tick: Tick) {
        let Some(row) = self.relays.get(relay) else { return };
        if row.address.is_some() {
            return self.close_relay(relay, CloseReason::Expired, tick);
        }
        let id = self.relay_id(relay);
        self.outputs.push_back(Output::CloseRelay(id));
        let now = crate::model::Now { instant: self.epoch.instant(tick), unix_s: 0 };
        self.handle_relay_opened(now, id, Err(RelayError::NoCapacity));
    }

    /// Closes one relay, and its allocation if that was its last.
    pub(super) fn close_relay(&mut self, relay: u32, reason: CloseReason, tick: Tick) {
        let Some(allocation) = self.relays.get(relay).map(|row| row.allocation) else { return };
        let last = self
            .allocations
            .get(allocation)
            .is_none_or(|row| row.relays.iter().flatten().all(|one| *one == relay));
        if last {
            return self.close(allocation, reason, tick);
        }
        let id = self.relay_id(relay);
        self.forget_relay(relay);
        self.outputs.push_back(Output::CloseRelay(id));
    }

    /// Closes an allocation with all its relays.
    pub(super) fn close(&mut self, index: u32, reason: CloseReason, tick: Tick) {
        let Some(allocation) = self.allocations.get(index) else { return };
        for relay in allocation.relays.into_iter().flatten() {
            let id: RelayId = self.relay_id(relay);
            self.forget_relay(relay);
            self.outputs.push_back(Output::CloseRelay(id));
        }
        let Some(allocation) = self.forget(index) else { return };
        if matches!(allocation.state, State::Live(_)) {
            self.metrics.allocations_closed += 1;
            self.outputs.push_back(Output::Event(Event::Closed {
                allocation: allocation.number,
                client: allocation.client,
                reason,
                age: Duration::from_nanos(tick.saturating_sub(allocation.created)),
                counters: allocation.counters,
            }));
        }
    }

    /// Takes an allocation out of the tables; its relays are gone already.
    pub(super) fn forget(&mut self, index: u32) -> Option<Allocation> {
        let allocation = self.allocations.remove(index)?;
        self.by_client.remove(&ClientKey::of(&allocation.client));
        Some(allocation)
    }

    /// Takes a relay out of the tables.
    pub(super) fn forget_relay(&mut self, relay: u32) {
        let Some(row) = self.relays.remove(relay) else { return };
        self.timers.remove(&(row.expires, relay));
        if let Some(address) = row.address {
            self.by_relayed.remove(&address);
            self.remove_relayed_ip(address.ip());
        }
        if let Some(allocation) = self.allocations.get_mut(row.allocation) {
            allocation.relays[row.family.index()] = None;
        }
    }

    pub(super) fn set_expiry(&mut self, relay: u32, expires: Tick) {
        if let Some(row) = self.relays.get_mut(relay) {
            self.timers.remove(&(row.expires, relay));
            self.timers.insert((expires, relay));
            row.expires = expires;
        }
    }

    /// Does any relay of it still live? The timeout may come late.
    pub(super) fn unexpired(&self, allocation: &Allocation, tick: Tick) -> bool {
        let mut relays = allocation.relays.iter().flatten();
        relays.any(|relay| self.relays.get(*relay).is_some_and(|row| tick < row.expires))
    }
}
