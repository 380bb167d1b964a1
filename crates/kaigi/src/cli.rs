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
    Serve(ServeArgs),
    /// Make this machine a public server: write the settings, start the service, say what is missing
    Setup(SetupArgs),
    /// Stop the server that `serve --daemon` started, and wait for its end
    Stop {
        /// At once, without letting it tell the participants
        #[arg(long)]
        now: bool,
    },
    /// Whether the server that `serve --daemon` started is running (exit code 0; 3 if it is not)
    Status,
    /// The log of the server that `serve --daemon` started
    Logs {
        /// Go on with what is written from now on
        #[arg(long, short)]
        follow: bool,
        /// Lines from the end
        #[arg(long, short = 'n', value_name = "N", default_value_t = 100)]
        lines: usize,
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
    /// Access tokens, signed with this server's own key
    #[command(subcommand)]
    Token(TokenCommand),
    /// Write man pages or shell completions to a folder
    #[command(subcommand, hide = true)]
    Generate(GenerateCommand),
}

/// What to set up. The flags of other settings go to the file as well.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct SetupArgs {
    /// Host names under which the server is reached, the main one first
    #[arg(value_name = "HOST", required = true)]
    pub hosts: Vec<String>,
    /// Replace settings that are there without asking; they are kept as kaigi.toml.old
    #[arg(long, short)]
    pub yes: bool,
}

/// How to serve.
#[derive(Args, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServeArgs {
    /// In the background, for systems without systemd: see `kaigi stop`, `status` and `logs`
    #[arg(long)]
    pub daemon: bool,
    /// Take the port over from the server that runs with the same data folder, if one does, without refusing anybody
    #[arg(long, conflicts_with_all = ["daemon", "detached"])]
    pub takeover: bool,
    /// Is the background process itself
    #[arg(long, hide = true, conflicts_with = "daemon")]
    pub detached: bool,
}

/// What to generate.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum GenerateCommand {
    /// Man pages
    Man {
        /// Where to
        dir: PathBuf,
    },
    /// Completions for bash, zsh and fish
    Completions {
        /// Where to
        dir: PathBuf,
    },
}

/// What to do with the self-signed certificate.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum CertCommand {
    /// Make it anew; a running server takes it over by itself
    Renew,
}

/// What to do with access tokens.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum TokenCommand {
    /// Make one and print it, and its link when --url is given
    Create(NewToken),
}

/// What an access token says.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// The room it is for; * for any
    #[arg(long, value_name = "NAME", required_unless_present = "role")]
    pub room: Option<String>,
    /// Display name, which its bearer then cannot choose
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Who its bearer is, in the application's words
    #[arg(long, value_name = "ID")]
    pub identity: Option<String>,
    /// host, guest, or operator for the API and /admin; otherwise a host or none as the room has it
    #[arg(long, value_name = "ROLE", value_parser = ["host", "guest", "operator"])]
    pub role: Option<String>,
    /// What its bearer may send, of mic,camera,screen,chat,files; all if not given
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub publish: Option<Vec<String>>,
    /// What its bearer may receive, of audio,camera,screen; all if not given
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub see: Option<Vec<String>>,
    /// How long it is good for: 30m, 12h, 7d
    #[arg(long, value_name = "TIME", default_value = "1h")]
    pub expires: String,
    /// The server's address as others open it, to print a link
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
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
    /// Get a certificate for this host by ACME (Let's Encrypt), repeatable; agrees to the authority's terms
    #[arg(long, value_name = "HOST", global = true, value_delimiter = ',')]
    pub acme: Vec<String>,
    /// Mail address the authority may write to
    #[arg(long, value_name = "EMAIL", global = true)]
    pub acme_contact: Option<String>,
    /// Directory of the authority [default: Let's Encrypt]
    #[arg(long, value_name = "URL", global = true)]
    pub acme_directory: Option<String>,
    /// Root certificate of a private authority's own server, PEM
    #[arg(long, value_name = "FILE", global = true)]
    pub acme_ca: Option<String>,
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
    /// Bearer token with which applications use the API below /api/v1
    #[arg(long, value_name = "KEY", global = true)]
    pub api_key: Option<String>,
    /// `token` lets in only who brings an access token [default: open]
    #[arg(long, value_name = "open|token", global = true)]
    pub access: Option<String>,
    /// KID:SECRET with which an application signs access tokens (HS256), repeatable
    #[arg(long, value_name = "KID:SECRET", global = true)]
    pub token_secret: Vec<String>,
    /// KID:FILE with the public key (Ed25519, PEM) of an application that signs access tokens, repeatable
    #[arg(long, value_name = "KID:FILE", global = true)]
    pub token_public_key: Vec<String>,
    /// URL that is told what happens in rooms, repeatable
    #[arg(long, value_name = "URL", global = true, value_delimiter = ',')]
    pub webhook: Vec<String>,
    /// With which those messages are signed
    #[arg(long, value_name = "SECRET", global = true)]
    pub webhook_secret: Option<String>,
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
