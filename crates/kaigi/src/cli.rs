//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use figment::value::{Dict, Value};
use serde::Serialize;

/// A self-hosted video-meeting server: one binary, one port.
#[derive(Debug, Parser)]
#[command(
    name = "kaigi",
    version,
    after_help = "Every flag is also a variable (--tls-cert: KAIGI_TLS_CERT) and a key in kaigi.toml (tls-cert); \
                  flags win over variables, variables over the file. kaigi.example.toml explains them all."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Settings file [default: kaigi.toml here if there is one, else /etc/kaigi/kaigi.toml]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    pub flags: Flags,
}

/// What to do; serving when none is given.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Serve meetings (also what bare `kaigi` does)
    Serve {
        /// Take the port over from the server that runs with the same data folder, if one does, without refusing anybody
        #[arg(long)]
        takeover: bool,
    },
    /// Check settings and certificate, print every mistake, change nothing
    Check,
    /// Try what has to work, on the running server or without one, and say what to do about the rest
    Doctor {
        /// Findings as JSON
        #[arg(long)]
        json: bool,
    },
    /// Say by the exit status whether the server with these settings answers, for health checks of containers
    Healthy,
    /// The self-signed certificate
    #[command(subcommand)]
    Cert(CertCommand),
}

/// What to do with the self-signed certificate.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum CertCommand {
    /// Make it anew; a running server takes it over by itself
    Renew,
}

/// One flag per setting. Values stay text: they are judged together with variables and the file.
#[derive(Args, Clone, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = "Settings")]
pub struct Flags {
    /// Address and port for TCP and UDP, repeatable [default: 0.0.0.0:8443 and [::]:8443]
    #[arg(long, value_name = "ADDR:PORT", global = true, value_delimiter = ',')]
    pub listen: Vec<String>,
    /// Folder for secrets and the self-signed certificate
    #[arg(long, value_name = "DIR", global = true)]
    pub data_dir: Option<String>,
    /// `off` serves plain HTTP behind a reverse proxy
    #[arg(long, value_name = "on|off", global = true)]
    pub tls: Option<String>,
    /// Certificate chain, PEM
    #[arg(long, value_name = "FILE", global = true)]
    pub tls_cert: Option<String>,
    /// Private key, PEM, not encrypted
    #[arg(long, value_name = "FILE", global = true)]
    pub tls_key: Option<String>,
    /// Reverse proxies whose X-Forwarded-* headers are believed, repeatable
    #[arg(long, value_name = "CIDR", global = true, value_delimiter = ',')]
    pub trust_proxy: Vec<String>,
    /// Address the server is reached under, repeatable; normally not needed
    #[arg(long, value_name = "IP", global = true, value_delimiter = ',')]
    pub public_address: Vec<String>,
    /// Also listen for plain HTTP here and redirect to https
    #[arg(long, value_name = "ADDR:PORT", global = true)]
    pub http_redirect: Option<String>,
    /// Foreign origin that may use Socket.IO, WHIP/WHEP and the API, and embed meetings, repeatable
    #[arg(long, value_name = "ORIGIN", global = true, value_delimiter = ',')]
    pub allow_origin: Vec<String>,
    /// Who may show meetings in a frame, repeatable [default: 'self' and the origins of --allow-origin, but for *]
    #[arg(long, value_name = "SOURCE", global = true, value_delimiter = ',')]
    pub frame_ancestors: Vec<String>,
    /// Own pages, served under /site/
    #[arg(long, value_name = "DIR", global = true)]
    pub site_dir: Option<String>,
    /// Only holders of this key open rooms; guests join by link
    #[arg(long, value_name = "KEY", global = true)]
    pub create_key: Option<String>,
    /// Bearer token for /metrics from elsewhere than this machine
    #[arg(long, value_name = "TOKEN", global = true)]
    pub metrics_token: Option<String>,
    /// Bearer token with which applications get ICE servers from the API
    #[arg(long, value_name = "KEY", global = true)]
    pub api_key: Option<String>,
    /// Rooms that may be open at once [default: 10000]
    #[arg(long, value_name = "N", global = true)]
    pub max_rooms: Option<String>,
    /// Participants in all rooms together [default: 10000]
    #[arg(long, value_name = "N", global = true)]
    pub max_participants: Option<String>,
    /// Participants in one room [default: 200]
    #[arg(long, value_name = "N", global = true)]
    pub room_capacity: Option<String>,
    /// Threads that carry media [default: one per core, at most 16]
    #[arg(long, value_name = "N", global = true)]
    pub media_threads: Option<String>,
    /// Seconds that a stop waits for meetings whose media goes through the server [default: 10]
    #[arg(long, value_name = "SECONDS", global = true)]
    pub drain_timeout: Option<String>,
    /// Foreign STUN server for clients, repeatable; TURN with credentials in kaigi.toml
    #[arg(long, value_name = "URL", global = true, value_delimiter = ',')]
    pub ice_server: Vec<String>,
    /// NAME:PASSWORD of a TURN user, repeatable
    #[arg(long, value_name = "NAME:PASSWORD", global = true)]
    pub turn_user: Vec<String>,
    /// Secret shared with applications that mint TURN credentials (the TURN REST API convention)
    #[arg(long, value_name = "SECRET", global = true)]
    pub turn_secret: Option<String>,
    /// Peers the TURN server may reach although their range is special, repeatable; CIDR:PORTS for some ports
    #[arg(long, value_name = "CIDR", global = true, value_delimiter = ',')]
    pub turn_allow_peer: Vec<String>,
    /// Peers the TURN server may not reach, repeatable; wins over the former
    #[arg(long, value_name = "CIDR", global = true, value_delimiter = ',')]
    pub turn_deny_peer: Vec<String>,
    /// TURN allocations at once [default: 10000]
    #[arg(long, value_name = "N", global = true)]
    pub turn_max_allocations: Option<String>,
    /// TURN allocations of one credential, at least 64 [default: 128]
    #[arg(long, value_name = "N", global = true)]
    pub turn_allocations_per_credential: Option<String>,
    /// What one TURN credential may relay, in each direction; 0: no limit [default: 100Mbit/s]
    #[arg(long, value_name = "RATE", global = true)]
    pub turn_bandwidth_per_credential: Option<String>,
    /// What one client address (IPv6: /64) may relay, in each direction; 0: no limit [default: 1Gbit/s]
    #[arg(long, value_name = "RATE", global = true)]
    pub turn_bandwidth_per_address: Option<String>,
    /// Level, or levels by module: info,kaigi_server::signaling=debug [default: info]
    // Commas belong to the filter.
    #[arg(long, value_name = "FILTER", global = true)]
    pub log_level: Option<String>,
    /// text, json or a pattern such as '{time} {level} {target} {message}' [default: text]
    #[arg(long, value_name = "FORMAT", global = true)]
    pub log_format: Option<String>,
    /// Log to this file instead of standard error
    #[arg(long, value_name = "FILE", global = true)]
    pub log_file: Option<String>,
    /// When to begin a new log file [default: daily]
    #[arg(long, value_name = "daily|never", global = true)]
    pub log_rotation: Option<String>,
    /// Begin a new log file at this size; 0: never [default: 100MB]
    #[arg(long, value_name = "SIZE", global = true)]
    pub log_max_size: Option<String>,
    /// Old log files to keep [default: 7]
    #[arg(long, value_name = "N", global = true)]
    pub log_keep: Option<String>,
}

impl Flags {
    /// What was given, by the settings' names.
    pub fn values(&self) -> Dict {
        let given = |value: &Value| match value {
            Value::Array(_, items) => !items.is_empty(),
            Value::Empty(..) => false,
            _ => true,
        };
        match Value::serialize(self) {
            Ok(Value::Dict(_, values)) => values.into_iter().filter(|(_, value)| given(value)).collect(),
            _ => Dict::new(),
        }
    }
}
