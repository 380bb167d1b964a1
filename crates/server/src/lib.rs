//! The edge of Kaigi: accepts connections, tells them apart, serves the web client, and carries signaling
//! between clients and the room core. All I/O and every clock of the process is here.

pub mod access;
pub mod acme;
mod assets;
mod bridge;
pub mod certificate;
mod files;
mod history;
mod http;
mod ice_tcp;
mod listener;
mod metrics;
mod minter;
mod options;
mod prefix;
pub mod probe;
mod pulse;
mod secrets;
mod server;
mod session;
mod signaling;
mod sockets;
mod sources;
mod stopping;
mod takeover;
mod turn;
mod visitor;
mod webhooks;

pub use assets::{Asset, Assets};
pub use kaigi_turn::policy;
pub use kaigi_worker::MOST_THREADS as MOST_MEDIA_THREADS;
pub use options::{AccessOptions, Options, TurnLimits, TurnOptions};
pub use pulse::Pulse;
pub use server::{Server, StartError, access_keys};
pub use sockets::Inherited;
pub use takeover::TakeoverError;
pub use turn::policy as turn_policy;
pub use webhooks::WebhookProblem;
