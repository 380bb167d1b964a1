//! The whole core, driven with virtual time.

mod allocate;
mod auth;
mod channels;
mod inside;
mod limits;
mod malformed;
mod model;
mod pair;
mod peers;
mod refresh;
mod relaying;
mod vectors;
