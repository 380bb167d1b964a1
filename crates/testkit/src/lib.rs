//! Help for tests; never shipped.

mod clock;
mod network;

pub use clock::VirtualClock;
pub use network::{Conditions, Counts, Fate, Link, Loss, Network, Rate, UDP_OVERHEAD};
