//! Help for tests; never shipped.

mod clock;

pub use clock::VirtualClock;
