//! Times inside the core: eight bytes, and cheap to compare.

use std::time::{Duration, Instant};

/// Nanoseconds since the server was made.
pub(crate) type Tick = u64;

pub(crate) const SECOND: Tick = 1_000_000_000;

/// Turns instants into ticks and back.
#[derive(Clone, Copy)]
pub(crate) struct Epoch(Instant);

impl Epoch {
    pub(crate) fn new(start: Instant) -> Self {
        Self(start)
    }

    pub(crate) fn tick(self, at: Instant) -> Tick {
        let since = at.saturating_duration_since(self.0);
        since.as_secs().saturating_mul(SECOND).saturating_add(u64::from(since.subsec_nanos()))
    }

    pub(crate) fn instant(self, tick: Tick) -> Instant {
        self.0 + Duration::from_nanos(tick)
    }
}
