//! The waiting room: who comes waits until a host lets them in.

use kaigi_protocol::vocabulary::RoomName;

use super::{Rooms, Seat};
use crate::{
    grants::Grant,
    lobby::Lobby,
    model::{ConnectionId, Event, Join, Refusal, Waiter},
};

impl<S> Rooms<S> {
    /// Somebody new wants to come into a room that is open: if its hosts let people in one by one, they have to have
    /// done so.
    pub(super) fn knock(&mut self, connection: ConnectionId, join: &Join) -> Result<(), Refusal> {
        if self.lobby.get(&connection).is_some_and(|before| *before != join.room) {
            self.stop_waiting(connection);
        }
        let Some(room) = self.rooms.get_mut(&join.room) else { return Ok(()) };
        let sent = join.grant.as_ref().is_some_and(Grant::opens);
        let known =
            sent || join.resume.as_ref().is_some_and(|was| was.restorable) || room.hosts.keeps_for(join);
        if !room.rules.waiting || known || room.lobby.is_admitted(connection) {
            return Ok(());
        }
        if join.media_only {
            return Err(Refusal::CannotWait);
        }
        if room.lobby.knock(connection, &join.name)? {
            self.lobby.insert(connection, join.room.clone());
            self.tell_waiting(&join.room);
        }
        Err(Refusal::Waiting)
    }

    /// A host lets one in who waits, or all.
    pub fn let_in(&mut self, connection: ConnectionId, whom: Option<ConnectionId>) -> Result<(), Refusal> {
        let Seat { room, .. } = self.host(connection)?;
        let whole = room.whole();
        let admitted = self.admit_waiting(&whole, whom);
        if admitted == 0 && whom.is_some() { Err(Refusal::NobodyWaits) } else { Ok(()) }
    }

    /// A host does not let one in.
    pub fn turn_away(&mut self, connection: ConnectionId, whom: ConnectionId) -> Result<(), Refusal> {
        let Seat { room, .. } = self.host(connection)?;
        if self.lobby.get(&whom) != Some(&room.whole()) {
            return Err(Refusal::NobodyWaits);
        }
        self.tell(vec![whom], Event::TurnedAway { over: false });
        self.stop_waiting(whom);
        Ok(())
    }

    /// Returns how many that were.
    pub(super) fn admit_waiting(&mut self, whole: &RoomName, whom: Option<ConnectionId>) -> usize {
        let Some(room) = self.rooms.get_mut(whole) else { return 0 };
        let admitted = room.lobby.admit(whom);
        if !admitted.is_empty() {
            self.tell(admitted.clone(), Event::Admitted);
            self.tell_waiting(whole);
        }
        admitted.len()
    }

    /// One does not wait any more: it is inside, or gone.
    pub(super) fn stop_waiting(&mut self, connection: ConnectionId) {
        let Some(name) = self.lobby.remove(&connection) else { return };
        if let Some(room) = self.rooms.get_mut(&name)
            && room.lobby.forget(connection)
        {
            self.tell_waiting(&name);
        }
    }

    /// Their room is no more.
    pub(super) fn disappoint(&mut self, lobby: &Lobby) {
        let everyone = lobby.everyone();
        for connection in &everyone {
            self.lobby.remove(connection);
        }
        self.tell(everyone, Event::TurnedAway { over: true });
    }

    /// Tells the hosts who waits.
    pub(super) fn tell_waiting(&mut self, whole: &RoomName) {
        let Some(waiters) = self.rooms.get(whole).map(|room| room.lobby.waiters().to_vec()) else { return };
        let mut hosts: Vec<_> = self
            .family(whole)
            .iter()
            .filter_map(|name| self.rooms.get(name))
            .flat_map(|room| room.host_connections())
            .collect();
        hosts.sort_unstable();
        self.tell(hosts, Event::Waiting(waiters));
    }

    /// Who waits in front of a room, for one of its hosts.
    pub(super) fn waiters_for(&self, name: &RoomName, host: bool) -> Vec<Waiter> {
        let room = self.rooms.get(&name.whole()).filter(|_| host);
        room.map(|room| room.lobby.waiters().to_vec()).unwrap_or_default()
    }
}
