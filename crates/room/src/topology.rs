//! Whether a room's media goes from one participant to the other or through the server.
//!
//! Two talk directly, unless the host or one of the two wants it otherwise, or the server is all that one of them or
//! a viewer talks to; more need the server. A room that
//! needs the server goes there at once, and back a while after it needs it no more: one who comes right back, or
//! the next who comes, must not make everybody negotiate twice.

use std::time::{Duration, Instant};

use kaigi_protocol::vocabulary::{ParticipantId, Topology};

/// How long a room stays routed without need.
pub(crate) const RETURN: Duration = Duration::from_secs(10);

/// The most that can talk directly.
const MOST_DIRECT: usize = 2;

/// What decides.
pub(crate) struct Needs {
    /// Participants, those who reconnect included: their media may well go on.
    pub(crate) present: usize,
    /// The host wants it routed.
    pub(crate) set: bool,
    /// Two who are here cannot reach each other.
    pub(crate) asked: bool,
    /// Somebody sends to or receives from the server alone.
    pub(crate) bound: bool,
}

impl Needs {
    pub(crate) fn server(&self) -> bool {
        self.present > MOST_DIRECT || self.set || self.asked || self.bound
    }
}

/// A room's way.
#[derive(Debug, Default)]
pub(crate) struct Course {
    pub(crate) mode: Topology,
    /// When it goes back to direct; while it is routed without need.
    pub(crate) back_at: Option<Instant>,
    /// The two who cannot reach each other.
    pub(crate) asked: Option<[ParticipantId; 2]>,
}

impl Course {
    /// Goes where it has to by now. Says whether that is another way.
    pub(crate) fn settle(&mut self, now: Instant, needs: &Needs) -> bool {
        match (self.mode, needs.server()) {
            (Topology::Direct, true) => self.mode = Topology::Routed,
            (Topology::Routed, true) => {
                self.back_at = None;
                return false;
            }
            (Topology::Routed, false) => {
                if now < *self.back_at.get_or_insert(now + RETURN) {
                    return false;
                }
                self.back_at = None;
                self.mode = Topology::Direct;
            }
            (Topology::Direct, false) => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_two_or_a_wish_need_the_server() {
        for (present, set, asked, bound, server) in [
            (0, false, false, false, false),
            (1, false, false, false, false),
            (2, false, false, false, false),
            (3, false, false, false, true),
            (1, true, false, false, true),
            (2, true, false, false, true),
            (2, false, true, false, true),
            (1, false, false, true, true),
            (200, false, false, false, true),
        ] {
            let needs = Needs { present, set, asked, bound };
            assert_eq!(needs.server(), server, "{present} {set} {asked} {bound}");
        }
    }

    #[test]
    fn a_room_goes_to_the_server_at_once_and_back_after_a_while() {
        let two = Needs { present: 2, set: false, asked: false, bound: false };
        let three = Needs { present: 3, ..two };
        let mut course = Course::default();
        let start = Instant::now();
        let second = |n| start + Duration::from_secs(n);
        for (at, needs, mode) in [
            (0, &two, Topology::Direct),
            (1, &three, Topology::Routed),
            (5, &two, Topology::Routed),
            (14, &two, Topology::Routed),
            (15, &two, Topology::Direct),
            (16, &three, Topology::Routed),
            (17, &two, Topology::Routed),
            // The third comes back in time: what was counted counts no more.
            (26, &three, Topology::Routed),
            (28, &two, Topology::Routed),
            (37, &two, Topology::Routed),
            (38, &two, Topology::Direct),
        ] {
            let before = course.mode;
            assert_eq!(course.settle(second(at), needs), before != mode, "at {at} s");
            assert_eq!(course.mode, mode, "at {at} s");
        }
        assert_eq!(course.back_at, None);
    }
}
