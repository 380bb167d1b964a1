//! What is measured in a full and in a short run.

use std::time::Duration;

use crate::traffic::{Direction, Shape, Traffic};

/// Packets sent at once where allocations share their moment, as they do on a busy server.
const CROWD: usize = 32;

/// Allocations that carry traffic where their number is not the question.
pub const SAMPLE_FLOWS: usize = 100;

/// How much of everything.
pub struct Plan {
    /// Allocations open at once, rising.
    pub flows: &'static [usize],
    /// Payload bytes.
    pub payloads: &'static [usize],
    /// Singles and bursts.
    pub shapes: &'static [Shape],
    /// Ways in which capacity and latency are measured.
    pub sample_directions: &'static [Direction],
    /// How often each cell is measured, on each server in turn.
    pub repetitions: usize,
    /// Packets a second in cells.
    pub rate: u32,
    /// Packets a second when latency is measured.
    pub latency_rate: u32,
    /// And how long: a percentile takes many packets.
    pub latency_length: Duration,
    /// How long one measurement sends.
    pub length: Duration,
    /// Idle allocations before and after.
    pub idle: [usize; 2],
}

/// Sent before each measurement.
const WARM_UP: Duration = Duration::from_millis(60);

impl Plan {
    /// Everything: about a quarter of an hour.
    pub fn full(rate: u32) -> Self {
        Self {
            flows: &[1, 100, 1000],
            payloads: &[160, 1200],
            shapes: &[Shape::Single, Shape::Burst, Shape::Offloaded],
            sample_directions: &Direction::BOTH,
            repetitions: 5,
            rate,
            latency_rate: 2000,
            latency_length: Duration::from_millis(1200),
            length: Duration::from_millis(350),
            idle: [1000, 9000],
        }
    }

    /// What shows most: two minutes.
    pub fn quick(rate: u32) -> Self {
        let full = Self::full(rate);
        let shapes = &[Shape::Single, Shape::Burst];
        Self {
            flows: &[1, 1000],
            payloads: &[1200],
            shapes,
            sample_directions: &[Direction::Up],
            repetitions: 3,
            latency_length: Duration::from_millis(600),
            idle: [500, 2500],
            ..full
        }
    }

    /// The cells of so many allocations.
    pub fn cells(&self, flows: usize) -> Vec<Traffic> {
        let mut cells = Vec::new();
        for &payload in self.payloads {
            for &shape in self.shapes {
                let crowd = CROWD / shape.run();
                for together in [1, crowd].into_iter().filter(|together| *together <= flows) {
                    for direction in Direction::BOTH {
                        cells.push(self.traffic(flows, payload, shape, together, direction));
                    }
                }
            }
        }
        cells
    }

    /// Where the highest rate without loss is searched, and latency measured: one by one, through some of the
    /// allocations.
    pub fn samples(&self) -> Vec<Traffic> {
        let all = self.cells(SAMPLE_FLOWS).into_iter();
        let sampled = |t: &Traffic| t.together == 1 && self.sample_directions.contains(&t.direction);
        all.filter(sampled).collect()
    }

    fn traffic(
        &self,
        flows: usize,
        payload: usize,
        shape: Shape,
        together: usize,
        direction: Direction,
    ) -> Traffic {
        let (rate, length) = (self.rate, self.length);
        Traffic { flows, payload, shape, direction, together, rate, warm_up: WARM_UP, length }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::BURST;

    #[test]
    fn a_single_allocation_is_never_a_crowd() {
        let plan = Plan::full(8000);
        assert!(plan.cells(1).iter().all(|traffic| traffic.together == 1));
        assert_eq!(plan.cells(1).len(), 2 * 3 * 2);
    }

    #[test]
    fn a_crowd_has_as_many_packets_whatever_their_shape() {
        let cells = Plan::full(8000).cells(100);
        assert_eq!(cells.len(), 2 * 3 * 2 * 2);
        let crowds = cells.iter().filter(|traffic| traffic.together > 1);
        assert!(crowds.clone().all(|traffic| traffic.together * traffic.shape.run() == CROWD));
        assert!(crowds.clone().any(|traffic| traffic.shape.run() == BURST));
    }
}
