//! What is aimed at, and whether a figure is there.

pub use kaigi_bench::judged::{Judged, summary};

use crate::traffic::Shape;

/// Times the floor's processor time per packet, at most.
pub const FLOOR: f64 = 1.3;

/// Times the cost with one allocation that the cost with a thousand may be.
pub const FLAT: f64 = 1.2;

/// Bytes of memory of one idle allocation.
pub const IDLE_BYTES: f64 = 2048.0;

/// Times coturn's processor time per packet, at most.
pub fn coturn(shape: Shape) -> f64 {
    if shape == Shape::Single { 0.75 } else { 0.25 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trains_are_judged_as_bursts_are() {
        assert_eq!(coturn(Shape::Single), 0.75);
        assert_eq!(coturn(Shape::Burst), coturn(Shape::Offloaded));
    }
}
