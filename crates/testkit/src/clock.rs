//! Time that moves only when a test says so.

use std::time::{Duration, Instant};

/// A clock under the test's control, showing a monotonic instant and Unix milliseconds alike.
#[derive(Clone, Copy, Debug)]
pub struct VirtualClock {
    start: Instant,
    elapsed: Duration,
}

impl VirtualClock {
    /// Unix time at the start: 2026-01-01T00:00:00Z.
    const START_UNIX_MS: u64 = 1_767_225_600_000;

    /// Starts at some instant and at 2026-01-01T00:00:00Z.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self { start: Instant::now(), elapsed: Duration::ZERO }
    }

    /// Lets time pass.
    pub fn advance(&mut self, by: Duration) {
        self.elapsed += by;
    }

    /// The monotonic time.
    pub fn instant(&self) -> Instant {
        self.start + self.elapsed
    }

    /// Milliseconds since the Unix epoch.
    pub fn unix_ms(&self) -> u64 {
        Self::START_UNIX_MS + self.elapsed.as_millis() as u64
    }
}
