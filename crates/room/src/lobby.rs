//! Those who wait in front of a room until a host lets them in.

use kaigi_protocol::vocabulary::{DisplayName, limits};

use crate::model::{ConnectionId, Refusal, Waiter};

/// In the order they came.
#[derive(Debug, Default)]
pub(crate) struct Lobby {
    waiters: Vec<Waiter>,
    /// Let in, and not yet inside.
    admitted: Vec<ConnectionId>,
}

impl Lobby {
    /// Somebody wants to come in. Says whether the list is another one now.
    pub(crate) fn knock(&mut self, connection: ConnectionId, name: &DisplayName) -> Result<bool, Refusal> {
        if let Some(known) = self.waiters.iter_mut().find(|waiter| waiter.connection == connection) {
            let renamed = known.name != *name;
            known.name = name.clone();
            return Ok(renamed);
        }
        if self.waiters.len() >= limits::WAITING {
            return Err(Refusal::TooManyWait);
        }
        self.waiters.push(Waiter { connection, name: name.clone() });
        Ok(true)
    }

    pub(crate) fn is_admitted(&self, connection: ConnectionId) -> bool {
        self.admitted.contains(&connection)
    }

    /// Lets in one, or all. Returns who that is.
    pub(crate) fn admit(&mut self, whom: Option<ConnectionId>) -> Vec<ConnectionId> {
        let comes = |waiter: &mut Waiter| whom.is_none_or(|whom| waiter.connection == whom);
        let come: Vec<_> = self.waiters.extract_if(.., comes).map(|waiter| waiter.connection).collect();
        self.admitted.extend(&come);
        come
    }

    /// One does not wait any more. Says whether the list is another one now.
    pub(crate) fn forget(&mut self, connection: ConnectionId) -> bool {
        let before = self.waiters.len();
        self.admitted.retain(|known| *known != connection);
        self.waiters.retain(|waiter| waiter.connection != connection);
        self.waiters.len() != before
    }

    pub(crate) fn waiters(&self) -> &[Waiter] {
        &self.waiters
    }

    /// Everybody who waits or was let in and has not come yet.
    pub(crate) fn everyone(&self) -> Vec<ConnectionId> {
        self.waiters.iter().map(|waiter| waiter.connection).chain(self.admitted.iter().copied()).collect()
    }
}
