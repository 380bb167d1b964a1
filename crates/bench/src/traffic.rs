//! What is sent, and what has become of it.

use std::time::Duration;

use crate::payload::Head;

/// Packets of a burst: what a video frame at 2 to 3 Mbit/s is cut into.
pub const BURST: usize = 8;

/// How packets follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Each for itself.
    Single,
    /// Eight back to back, separate datagrams in one `sendmmsg`, as browsers send a video frame.
    Burst,
    /// Eight as one train: sent with GSO and received with GRO, as network cards with both deliver them.
    Offloaded,
}

impl Shape {
    /// Packets in a row for the same destination.
    pub fn run(self) -> usize {
        if self == Self::Single { 1 } else { BURST }
    }
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// ChannelData in, UDP out.
    Up,
    /// UDP in, ChannelData out.
    Down,
}

impl Direction {
    /// To the peer, then to the client.
    pub const BOTH: [Self; 2] = [Self::Up, Self::Down];
}

/// One run's packets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Traffic {
    /// Through so many allocations in turn.
    pub flows: usize,
    /// Bytes, without ChannelData's four.
    pub payload: usize,
    /// Singles or bursts.
    pub shape: Shape,
    /// Which way.
    pub direction: Direction,
    /// Runs that are sent at once, each through another allocation; 1: one by one, evenly.
    pub together: usize,
    /// Packets a second, all allocations together.
    pub rate: u32,
    /// Sent first and not measured.
    pub warm_up: Duration,
    /// What is measured.
    pub length: Duration,
}

impl Traffic {
    /// In the tables' words: bytes, packets, how they arrive, where they go.
    pub fn words(&self) -> [String; 4] {
        let shape = match self.shape {
            Shape::Single => "single".into(),
            Shape::Burst => format!("burst of {BURST}"),
            Shape::Offloaded => format!("train of {BURST} (GSO)"),
        };
        let arrival = match self.together * self.shape.run() {
            _ if self.together == 1 => "evenly".into(),
            all => format!("{all} at once"),
        };
        let direction = match self.direction {
            Direction::Up => "to peer",
            Direction::Down => "to client",
        };
        [format!("{} B", self.payload), shape, arrival, direction.into()]
    }
}

/// What became of them.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Sent and measured.
    pub sent: u64,
    /// Of these, not received.
    pub lost: u64,
    /// Received with wrong content, length, source or channel; warm-up included.
    pub corrupt: u64,
    /// Received twice; warm-up included.
    pub duplicate: u64,
    /// Received after one of the same allocation that was sent later; warm-up included.
    pub reordered: u64,
    /// The server's processor time.
    pub cpu: Duration,
    /// How long sending took, without pauses of the generator's core.
    pub elapsed: Duration,
    /// From before the send call to after the receive call, if asked for.
    pub latencies_ns: Vec<u64>,
}

impl Outcome {
    /// What must not happen in a run that the server has time for.
    pub fn fault(&self) -> Option<String> {
        let counts = [
            ("lost", self.lost),
            ("corrupt", self.corrupt),
            ("twice", self.duplicate),
            ("late", self.reordered),
        ];
        let bad = counts.into_iter().filter(|(_, count)| *count > 0);
        let words: Vec<String> = bad.map(|(what, count)| format!("{count} {what}")).collect();
        (!words.is_empty()).then(|| format!("{} of {}", words.join(", "), self.sent))
    }

    /// The server's processor time for one relayed packet.
    pub fn cpu_ns_per_packet(&self) -> f64 {
        self.cpu.as_nanos() as f64 / (self.sent - self.lost).max(1) as f64
    }

    /// Packets a second that were sent indeed.
    pub fn rate(&self) -> f64 {
        self.sent as f64 / self.elapsed.as_secs_f64()
    }
}

/// Which packets have come.
pub struct Check {
    run: u32,
    warm_up: u64,
    /// How many.
    pub received: u64,
    seen: Vec<bool>,
    last: Vec<u64>,
    outcome: Outcome,
    latencies: bool,
}

impl Check {
    /// None of `all`, of which the first `warm_up` are not measured.
    pub fn new(run: u32, traffic: &Traffic, warm_up: u64, all: u64, latencies: bool) -> Self {
        let seen = vec![false; all as usize];
        let last = vec![0; traffic.flows];
        Self { run, warm_up, received: 0, seen, last, outcome: Outcome::default(), latencies }
    }

    /// A packet, if its content is one that was sent; `belongs`: this flow's packets come from there.
    pub fn take(&mut self, head: Option<Head>, now_ns: u64, belongs: impl Fn(usize) -> bool) {
        let Some(head) = head else {
            self.outcome.corrupt += 1;
            return;
        };
        // A straggler of an earlier run has been counted as lost there.
        if head.run != self.run {
            return;
        }
        let flow = head.flow as usize;
        let last = self.last.get_mut(flow).filter(|_| belongs(flow));
        let (Some(seen), Some(last)) = (self.seen.get_mut(head.number as usize), last) else {
            self.outcome.corrupt += 1;
            return;
        };
        if std::mem::replace(seen, true) {
            self.outcome.duplicate += 1;
            return;
        }
        self.received += 1;
        self.outcome.reordered += u64::from(head.number < *last);
        *last = head.number.max(*last);
        if self.latencies && head.number >= self.warm_up {
            self.outcome.latencies_ns.push(now_ns.saturating_sub(head.sent_ns));
        }
    }

    /// What is known when no more is expected; without times.
    pub fn outcome(self) -> Outcome {
        let measured = &self.seen[self.warm_up as usize..];
        let lost = measured.iter().filter(|seen| !**seen).count() as u64;
        Outcome { sent: measured.len() as u64, lost, ..self.outcome }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_told_apart() {
        let traffic = Traffic {
            flows: 8,
            payload: 160,
            shape: Shape::Single,
            direction: Direction::Up,
            together: 1,
            rate: 4000,
            warm_up: Duration::ZERO,
            length: Duration::ZERO,
        };
        let mut check = Check::new(7, &traffic, 2, 10, false);
        let head = |number| Some(Head { run: 7, flow: 1, number, sent_ns: 0 });
        for number in [0, 1, 2, 4, 3, 3] {
            check.take(head(number), 0, |_| true);
        }
        check.take(None, 0, |_| true);
        check.take(head(5), 0, |_| false);
        check.take(head(99), 0, |_| true);
        // Of an earlier run: counted there.
        check.take(Some(Head { run: 6, flow: 1, number: 6, sent_ns: 0 }), 0, |_| true);
        let outcome = check.outcome();
        assert_eq!((outcome.sent, outcome.lost), (8, 5));
        assert_eq!((outcome.corrupt, outcome.duplicate, outcome.reordered), (3, 1, 1));
        assert_eq!(outcome.fault().unwrap(), "5 lost, 3 corrupt, 1 twice, 1 late of 8");
    }
}
