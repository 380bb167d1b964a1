//! How much longer one group of packets took than the one before it (draft-ietf-rmcat-gcc-02 §5.2).

/// Packets sent within this are a group.
const BURST_US: i64 = 5_000;
/// What piled up somewhere and arrives at once is a group as well, up to this long.
const LONGEST_BURST_US: i64 = 100_000;
/// A clock that jumps so far begins anew.
const JUMP_US: i64 = 3_000_000;
/// So do arrivals that run backwards so often.
const MOST_REVERSED: u8 = 3;

/// Between the ends of two groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Delta {
    pub(super) sent_us: i64,
    pub(super) arrived_us: i64,
    /// When the later one arrived, by the receiver's clock.
    pub(super) at_us: i64,
}

#[derive(Clone, Copy, Debug)]
struct Group {
    first_sent_us: i64,
    last_sent_us: i64,
    first_arrived_us: i64,
    last_arrived_us: i64,
}

#[derive(Debug, Default)]
pub(super) struct Groups {
    before: Option<Group>,
    current: Option<Group>,
    reversed: u8,
}

impl Groups {
    /// A packet arrived. Packets come in the order they were sent in. Tells of the last group when the next begins.
    pub(super) fn push(&mut self, sent_us: u64, arrived_us: i64) -> Option<Delta> {
        let sent_us = sent_us as i64;
        let fresh = Group {
            first_sent_us: sent_us,
            last_sent_us: sent_us,
            first_arrived_us: arrived_us,
            last_arrived_us: arrived_us,
        };
        let Some(current) = &mut self.current else {
            self.current = Some(fresh);
            return None;
        };
        if sent_us < current.first_sent_us {
            return None;
        }
        if current.takes(sent_us, arrived_us) {
            current.last_sent_us = current.last_sent_us.max(sent_us);
            current.last_arrived_us = current.last_arrived_us.max(arrived_us);
            return None;
        }
        let complete = *current;
        let before = self.before.replace(complete);
        self.current = Some(fresh);
        let before = before?;
        let delta = Delta {
            sent_us: complete.last_sent_us - before.last_sent_us,
            arrived_us: complete.last_arrived_us - before.last_arrived_us,
            at_us: complete.last_arrived_us,
        };
        if (delta.arrived_us - delta.sent_us).abs() > JUMP_US {
            *self = Self::default();
            return None;
        }
        if delta.arrived_us < 0 {
            self.reversed += 1;
            if self.reversed >= MOST_REVERSED {
                *self = Self::default();
            }
            return None;
        }
        self.reversed = 0;
        Some(delta)
    }
}

impl Group {
    fn takes(&self, sent_us: i64, arrived_us: i64) -> bool {
        if sent_us - self.first_sent_us <= BURST_US {
            return true;
        }
        let apart_us = arrived_us - self.last_arrived_us;
        let queued = apart_us < sent_us - self.last_sent_us;
        queued && apart_us <= BURST_US && arrived_us - self.first_arrived_us < LONGEST_BURST_US
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_one_group() {
        let mut groups = Groups::default();
        for (sent, arrived) in [(0, 100), (1_000, 3_000), (4_000, 9_000), (40_000, 45_000)] {
            assert_eq!(groups.push(sent, arrived), None);
        }
        let delta = groups.push(80_000, 95_000);
        assert_eq!(delta, Some(Delta { sent_us: 36_000, arrived_us: 36_000, at_us: 45_000 }));
    }

    #[test]
    fn what_piled_up_arrives_as_one_group() {
        let mut groups = Groups::default();
        assert_eq!(groups.push(0, 100_000), None);
        for packet in 1..6 {
            assert_eq!(groups.push(packet * 10_000, 100_000 + packet as i64 * 1_000), None);
        }
    }

    #[test]
    fn a_jump_of_the_clock_is_no_delay() {
        let mut groups = Groups::default();
        groups.push(0, 0);
        groups.push(20_000, 20_000);
        groups.push(40_000, 90_000_000);
        assert_eq!(groups.push(60_000, 90_020_000), None);
    }
}
