//! What the server is told at start. Parsed and documented where people write it: `kaigi`'s settings.

use std::{net::IpAddr, net::SocketAddr, path::PathBuf, time::Duration};

use ipnet::IpNet;
use kaigi_protocol::wire::IceServer;
use kaigi_turn::policy::Rule;

use crate::{assets::Assets, certificate::Source};

/// Everything [`crate::Server::bind`] needs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Addresses to listen on, TCP and UDP alike. All share one port; port 0 lets the system choose it.
    pub listen: Vec<SocketAddr>,
    /// Where secrets and the self-signed certificate live. Exists and is writable.
    pub data_dir: PathBuf,
    /// TLS with a certificate from here; `None` serves plain HTTP for a reverse proxy.
    pub tls: Option<Source>,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trust_proxy: Vec<IpNet>,
    /// Addresses the server is reached under, where they are not its own.
    pub public_address: Vec<IpAddr>,
    /// Where others of the local network reach this server, for invitations made on the machine itself. Told
    /// when every interface is listened on.
    pub lan_address: Option<IpAddr>,
    /// A plain-HTTP listener that only redirects to https.
    pub http_redirect: Option<SocketAddr>,
    /// Origins besides our own that may use Socket.IO and the API; `*` allows all.
    pub allow_origin: Vec<String>,
    /// Sources for the CSP `frame-ancestors` directive.
    pub frame_ancestors: Vec<String>,
    /// The web client.
    pub assets: Assets,
    /// The operator's own pages, served under `/site/`.
    pub site_dir: Option<PathBuf>,
    /// Present: only those who know it open rooms.
    pub create_key: Option<String>,
    /// Bearer token for `/metrics` from elsewhere than loopback.
    pub metrics_token: Option<String>,
    /// Bearer token with which applications use the API.
    pub api_key: Option<String>,
    /// Who comes in by an access token, and what applications are told.
    pub access: AccessOptions,
    /// Rooms that may be open at once.
    pub max_rooms: usize,
    /// Participants in all rooms together.
    pub max_participants: usize,
    /// Participants in one room.
    pub room_capacity: usize,
    /// Threads that carry media, at least one.
    pub media_threads: usize,
    /// Who may relay through this server, and to whom.
    pub turn: TurnOptions,
    /// How long a stop waits for rooms whose media goes through the server.
    pub drain_timeout: Duration,
    /// Foreign STUN and TURN servers told to clients.
    pub ice_servers: Vec<IceServer>,
}

/// Access tokens and webhooks.
#[derive(Clone, Debug, Default)]
pub struct AccessOptions {
    /// Nobody comes in without a token.
    pub token_only: bool,
    /// Names and secrets of keys shared with applications (HS256).
    pub secrets: Vec<(String, String)>,
    /// Names of keys of applications, and files with their public halves (EdDSA).
    pub public_keys: Vec<(String, PathBuf)>,
    /// Addresses that are told what happens in rooms.
    pub webhooks: Vec<String>,
    /// With which those messages are signed.
    pub webhook_secret: Option<String>,
}

/// What the TURN server is told.
#[derive(Clone, Debug, Default)]
pub struct TurnOptions {
    /// Names and passwords that are good for ever.
    pub users: Vec<(String, String)>,
    /// The secret shared with applications that mint credentials (the "TURN REST API" convention).
    pub secret: Option<String>,
    /// Peers that may be reached although they are in a special range.
    pub allow_peers: Vec<Rule>,
    /// Peers that may not be reached; wins over `allow_peers`.
    pub deny_peers: Vec<Rule>,
    /// How much.
    pub limits: TurnLimits,
}

/// How much the TURN server relays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnLimits {
    /// Allocations at once.
    pub allocations: usize,
    /// Allocations of one credential.
    pub allocations_per_credential: usize,
    /// Bytes of payload per second and direction that one credential may relay; `None`: no limit.
    pub bandwidth_per_credential: Option<u64>,
    /// The same for one client address (IPv6: /64).
    pub bandwidth_per_address: Option<u64>,
}

impl Default for TurnLimits {
    fn default() -> Self {
        const MBIT: u64 = 1_000_000 / 8;
        Self {
            allocations: 10_000,
            allocations_per_credential: 128,
            bandwidth_per_credential: Some(100 * MBIT),
            bandwidth_per_address: Some(1000 * MBIT),
        }
    }
}
