//! What the benchmarks have in common; each is a program of its own.

pub mod judged;
pub mod search;
pub mod stats;
pub mod sys;
pub mod table;
