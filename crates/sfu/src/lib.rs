//! A selective forwarding unit: participants send their media once, it goes from here to all who watch. Contains
//! no networking code, no clock and no randomness of its own.
//!
//! One [`Sfu`] belongs to one media thread and owns its rooms outright. The order of use is *mutate → drain → wait*:
//! 1. one of [`Sfu::connect`], [`Sfu::disconnect`], [`Sfu::set_view`], [`Sfu::set_sources`], [`Sfu::handle_datagram`],
//!    [`Sfu::handle_timeout`]; a batch of datagrams can be handed in before anything is drained, and should be:
//!    what a batch makes for one subscriber then leaves in one run;
//! 2. [`Sfu::flush`] writes everything that is to be sent into a [`Sink`];
//! 3. [`Sfu::poll_event`] until it returns `None`;
//! 4. [`Sfu::poll_timeout`] says when [`Sfu::handle_timeout`] is due.
//!
//! ICE, DTLS, SDP, SCTP and what publishers send are str0m's business, one instance for each session. What goes to
//! subscribers is our own: a publisher's packet is kept once, and each subscriber's copy is written and encrypted
//! straight into the sink.

mod allocator;
mod bwe;
mod endpoint;
mod forward;
mod keys;
mod metrics;
mod model;
mod relay;
mod room;
mod rtcp;
mod seats;
mod session;
mod sfu;
mod speakers;
mod srtp;

pub use metrics::{Counters, Metrics, Refused, RoomMetrics};
pub use model::{
    CloseReason, Event, Follow, Layers, OfferError, Path, Receive, RoomId, SessionId, Sink, SlotState,
    Source, Sources, Via, View, Want,
};
pub use sfu::{Config, Identity, Sfu};
