//! A STUN and TURN server (RFC 8489, RFC 8656). Contains no networking code, no clock and no randomness of its
//! own: time, packets and random bytes are arguments; packets to send, sockets to open and events are results.
//!
//! One [`Server`] belongs to one media thread. The order of use is *mutate → drain → wait*:
//! 1. one of [`Server::handle_client`], [`Server::handle_peer`], [`Server::handle_relay_opened`],
//!    [`Server::handle_icmp`], [`Server::handle_stream_closed`], [`Server::handle_handover`],
//!    [`Server::handle_timeout`];
//! 2. what it returned: a [`Forward`] is a piece of the very slice that was handed in, to be sent now from
//!    where it lies, so relaying copies and allocates nothing here;
//! 3. [`Server::poll_output`] until it returns `None`. After a `Forward` or a `Dropped` nothing was queued by
//!    that call, so a batch of data can be handed in first and drained once;
//! 4. [`Server::poll_timeout`] says when [`Server::handle_timeout`] is due, and why.
//!
//! An Allocate becomes [`Output::OpenRelay`] (two for a dual allocation). Open the socket, then call
//! [`Server::handle_relay_opened`]: the answer to the client comes out of that call, after
//! [`Event::Created`].
//!
//! Data for a relay of this server never reaches a socket: it comes back as [`Forward::Client`] for the other
//! client, as [`Forward::Neighbour`] for the thread that owns the relay, or as [`Forward::Sfu`].

mod allocation;
mod answer;
mod auth;
mod binding;
mod budget;
mod codec;
mod config;
mod credentials;
mod integrity;
mod metrics;
mod model;
mod nonce;
pub mod policy;
mod quota;
mod server;
mod slab;
mod time;

pub use budget::Rate;
pub use config::{Config, Families, Limits};
pub use credentials::{Credentials, Minted, Realm, SharedSecret, Source};
pub use metrics::{Counters, DROP_CAUSES, ERROR_CODES, Metrics};
pub use model::{
    CloseReason, Dropped, Event, Family, FiveTuple, Forward, Head, IcmpError, Now, Outcome, Output, Reason,
    RelayError, RelayId, StreamId, Transport,
};
pub use nonce::NonceKey;
pub use server::{Quotas, Server, Sizes};

#[cfg(test)]
mod tests;
