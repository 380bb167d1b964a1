//! Those who watch a room from outside: they count towards the limits and keep its media on the server, and nobody
//! inside hears of them.

use std::collections::BTreeSet;

use super::Rooms;
use crate::model::{ConnectionId, Now, Output, Refusal, Watch};

impl<S> Rooms<S> {
    /// Begins to watch a room in which somebody is.
    pub fn watch(&mut self, now: Now, connection: ConnectionId, watch: &Watch) -> Result<(), Refusal> {
        if self.is_taken(connection) {
            return Err(Refusal::AlreadyJoined);
        }
        let room = self.rooms.get(&watch.room).filter(|room| room.started_at.is_some());
        let room = room.ok_or(Refusal::NobodyThere)?;
        room.open_to(watch.password, watch.grant.as_ref())?;
        if room.rules.waiting {
            return Err(Refusal::CannotWait);
        }
        self.room_for_one(&watch.room)?;
        if let Some(room) = self.rooms.get_mut(&watch.room) {
            room.viewers.insert(connection);
            self.viewers.insert(connection, watch.room.clone());
            self.settle(now, &watch.room, None);
        }
        Ok(())
    }

    /// Ends it; of one who does not watch nothing comes.
    pub fn unwatch(&mut self, now: Now, connection: ConnectionId) {
        let Some(name) = self.viewers.remove(&connection) else { return };
        if let Some(room) = self.rooms.get_mut(&name) {
            room.viewers.remove(&connection);
            self.settle(now, &name, None);
        }
    }

    /// Those who watch, in all rooms.
    pub fn viewer_count(&self) -> usize {
        self.viewers.len()
    }

    pub(super) fn is_taken(&self, connection: ConnectionId) -> bool {
        self.seats.contains_key(&connection) || self.viewers.contains_key(&connection)
    }

    /// Their room is no more.
    pub(super) fn dismiss(&mut self, viewers: BTreeSet<ConnectionId>) {
        for connection in viewers {
            self.viewers.remove(&connection);
            self.outputs.push_back(Output::WatchOver { connection });
        }
    }
}
