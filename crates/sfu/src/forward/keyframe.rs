//! When to ask a publisher for a keyframe.

use std::time::{Duration, Instant};

/// However many subscribers want one, no more often than this.
const APART: Duration = Duration::from_millis(300);
/// Asked for again when none came.
const AGAIN: Duration = Duration::from_millis(500);
/// Nobody has said for this long that it is still wanted.
const FORGOTTEN: Duration = Duration::from_secs(3);

/// The keyframe requests of one layer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Requests {
    last: Option<Instant>,
    wanted: Option<Wanted>,
}

#[derive(Clone, Copy, Debug)]
struct Wanted {
    due: Instant,
    until: Instant,
}

impl Requests {
    pub(crate) fn want(&mut self, now: Instant) {
        let due = self.last.map_or(now, |last| now.max(last + APART));
        let until = now + FORGOTTEN;
        match &mut self.wanted {
            Some(wanted) => wanted.until = until,
            None => self.wanted = Some(Wanted { due, until }),
        }
    }

    /// A keyframe has begun.
    pub(crate) fn fulfil(&mut self) {
        self.wanted = None;
    }

    /// Whether to ask now.
    pub(crate) fn poll(&mut self, now: Instant) -> bool {
        let Some(wanted) = &mut self.wanted else { return false };
        if now < wanted.due {
            return false;
        }
        if now >= wanted.until {
            self.wanted = None;
            return false;
        }
        wanted.due = now + AGAIN;
        self.last = Some(now);
        true
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.wanted.map(|wanted| wanted.due)
    }
}

#[cfg(test)]
mod tests;
