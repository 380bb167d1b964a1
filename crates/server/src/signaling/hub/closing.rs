//! Stopping: nobody new is let in, everyone is told.

use std::{
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};

use kaigi_protocol::{
    vocabulary::{ErrorCode, RoomName},
    wire::{self, SignalPayload},
};
use kaigi_room::{ConnectionId, Rooms};

use super::{Hub, State, emit};

/// Clients that are sent to the next server in a millisecond: each costs it a TLS handshake.
const MOVES_PER_MS: usize = 1;

/// The longest that one of them is told to wait for its turn.
const LAST_MOVE: Duration = Duration::from_secs(5);

/// How far the server has come with stopping; later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Phase {
    /// It has not begun to.
    Serving,
    /// Rooms that are open go on; none is opened.
    Draining,
    /// The next server is there: whoever still comes in is sent there.
    Relieved,
    /// Nobody comes in.
    Closed,
}

/// The phase, read by all connections.
#[derive(Debug, Default)]
pub(super) struct Progress(AtomicU8);

impl Progress {
    pub(super) fn phase(&self) -> Phase {
        const PHASES: [Phase; 4] = [Phase::Serving, Phase::Draining, Phase::Relieved, Phase::Closed];
        PHASES[usize::from(self.0.load(Ordering::Relaxed)).min(3)]
    }

    fn advance(&self, to: Phase) {
        self.0.fetch_max(to as u8, Ordering::Relaxed);
    }
}

impl Hub {
    /// Opens no rooms any more; those that are open go on.
    pub(crate) fn drain(&self) {
        self.progress.advance(Phase::Draining);
    }

    /// Does anybody's media go through the server?
    pub(crate) fn carries_media(&self) -> bool {
        self.lock().bridge.has_sessions()
    }

    /// The next server serves by now: sends everyone there, and whoever comes in late.
    pub(crate) fn send_away(&self) {
        self.progress.advance(Phase::Relieved);
        for (index, socket) in self.lock().sockets.values().enumerate() {
            let turn = Duration::from_millis((index / MOVES_PER_MS) as u64).min(LAST_MOVE);
            let _ = emit(socket, &closing(turn));
        }
    }

    /// Tells everyone that the server stops, and lets nobody in any more.
    pub(crate) fn close(&self, retry_after: Duration) {
        self.progress.advance(Phase::Closed);
        for socket in self.lock().sockets.values() {
            let _ = emit(socket, &closing(retry_after));
        }
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.progress.phase() != Phase::Serving
    }

    /// May somebody come into this room, as far as stopping is concerned?
    pub(super) fn check_phase(
        &self,
        rooms: &Rooms<SignalPayload>,
        room: &RoomName,
    ) -> Result<(), wire::Error> {
        let message = match self.progress.phase() {
            Phase::Serving | Phase::Relieved => return Ok(()),
            Phase::Draining if rooms.is_open(room) => return Ok(()),
            Phase::Draining => "the server is about to stop and opens no new rooms; try again in a minute",
            Phase::Closed => "the server is stopping; try again in a moment",
        };
        Err(wire::Error { code: ErrorCode::ShuttingDown, message: message.into() })
    }

    /// One who came in after everyone was sent to the next server follows them.
    pub(super) fn send_after(&self, state: &State, connection: ConnectionId) {
        if self.progress.phase() == Phase::Relieved {
            state.tell(connection, &closing(Duration::ZERO));
        }
    }
}

fn closing(retry_after: Duration) -> wire::Event {
    wire::Event::ServerClosing(wire::ServerClosing { retry_after_ms: retry_after.as_millis() as u32 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stopping_goes_one_way() {
        let progress = Progress::default();
        assert_eq!(progress.phase(), Phase::Serving);
        for (to, then) in [
            (Phase::Draining, Phase::Draining),
            (Phase::Relieved, Phase::Relieved),
            (Phase::Draining, Phase::Relieved),
            (Phase::Closed, Phase::Closed),
            (Phase::Relieved, Phase::Closed),
        ] {
            progress.advance(to);
            assert_eq!(progress.phase(), then);
        }
    }
}
