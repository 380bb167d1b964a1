//! From publishers to subscribers: what a publisher sends is kept once in a [`Track`], and each subscriber's
//! [`Slot`] writes its own copy of it, renumbered so that the slot is one continuous stream whatever fills it.
//!
//! The order of use, for each packet of a publisher:
//! 1. [`Track::push`] keeps it, parsed once;
//! 2. [`Slot::forward`] for each slot the track is assigned to; after one that has [`Sent::began`], and after
//!    [`Slot::assign`], [`Slot::catch_up`] until it returns `None`;
//! 3. [`Track::poll_keyframe`] until it returns `None`, and again at [`Track::poll_timeout`].
//!
//! Everything is written as plain RTP into the caller's buffer, to be encrypted there.

mod cache;
mod clock;
mod h264;
mod header;
mod history;
mod keyframe;
mod numbering;
mod packet;
mod rate;
#[cfg(test)]
mod reader;
mod slot;
mod track;
mod vp8;

pub(crate) use clock::Clock;
pub(crate) use header::{Format, Line};
pub(crate) use packet::{Codec, Packet};
pub(crate) use slot::{Sent, Slot};
pub(crate) use track::{Pushed, Track, TrackId};
