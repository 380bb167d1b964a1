//! What an operator can set, by flag, variable or `kaigi.toml`, in that order of strength.

mod access;
mod file;
mod keys;
mod layers;
mod reader;
#[cfg(test)]
mod tests;
mod types;

use std::ffi::OsString;
use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use kaigi_protocol::wire::IceServer;
use kaigi_server::certificate::Source;
use kaigi_server::policy::Rule;
use kaigi_server::{AccessOptions, Options, TurnLimits, TurnOptions, acme};
use serde::{Serialize, Serializer};

use access::{Access, Named};
pub use keys::{KEYS, Key};
use layers::Layers;
use reader::Reader;
pub use reader::{Origin, Problem};
pub use types::{Bandwidth, ByteSize, LogLevel, Rotation, Tls, TurnUser};

use crate::cli::Flags;
use crate::logs::LogFormat;

/// Every setting, parsed. Documented in `kaigi.example.toml`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Settings {
    pub listen: Vec<SocketAddr>,
    /// `None`: [`crate::data_dir::usual`].
    pub data_dir: Option<PathBuf>,
    #[serde(serialize_with = "as_text")]
    pub tls: Tls,
    pub tls_cert: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    /// Host names, in lower case.
    pub acme: Vec<String>,
    pub acme_contact: Option<String>,
    pub acme_directory: String,
    pub acme_ca: Option<PathBuf>,
    pub trust_proxy: Vec<IpNet>,
    pub public_address: Vec<IpAddr>,
    pub http_redirect: Option<SocketAddr>,
    pub allow_origin: Vec<String>,
    /// Empty: [`Settings::framing`].
    pub frame_ancestors: Vec<String>,
    pub site_dir: Option<PathBuf>,
    pub create_key: Option<String>,
    pub metrics_token: Option<String>,
    pub api_key: Option<String>,
    #[serde(serialize_with = "as_text")]
    pub access: Access,
    pub token_secret: Vec<Named>,
    pub token_public_key: Vec<Named>,
    pub webhook: Vec<String>,
    pub webhook_secret: Option<String>,
    pub max_rooms: usize,
    pub max_participants: usize,
    pub room_capacity: usize,
    /// `None`: one for each core.
    pub media_threads: Option<usize>,
    /// Seconds.
    pub drain_timeout: u32,
    pub ice_server: Vec<IceServer>,
    pub turn_user: Vec<TurnUser>,
    pub turn_secret: Option<String>,
    #[serde(serialize_with = "as_texts")]
    pub turn_allow_peer: Vec<Rule>,
    #[serde(serialize_with = "as_texts")]
    pub turn_deny_peer: Vec<Rule>,
    pub turn_max_allocations: usize,
    pub turn_allocations_per_credential: usize,
    #[serde(serialize_with = "as_text")]
    pub turn_bandwidth_per_credential: Bandwidth,
    #[serde(serialize_with = "as_text")]
    pub turn_bandwidth_per_address: Bandwidth,
    #[serde(serialize_with = "as_text")]
    pub log_level: LogLevel,
    #[serde(serialize_with = "as_text")]
    pub log_format: LogFormat,
    pub log_file: Option<PathBuf>,
    #[serde(serialize_with = "as_text")]
    pub log_rotation: Rotation,
    #[serde(serialize_with = "as_text")]
    pub log_max_size: ByteSize,
    pub log_keep: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: vec![(Ipv4Addr::UNSPECIFIED, 8443).into(), (Ipv6Addr::UNSPECIFIED, 8443).into()],
            data_dir: None,
            tls: Tls::On,
            tls_cert: None,
            tls_key: None,
            acme: Vec::new(),
            acme_contact: None,
            acme_directory: acme::DEFAULT_DIRECTORY.to_owned(),
            acme_ca: None,
            trust_proxy: Vec::new(),
            public_address: Vec::new(),
            http_redirect: None,
            allow_origin: Vec::new(),
            frame_ancestors: Vec::new(),
            site_dir: None,
            create_key: None,
            metrics_token: None,
            api_key: None,
            access: Access::Open,
            token_secret: Vec::new(),
            token_public_key: Vec::new(),
            webhook: Vec::new(),
            webhook_secret: None,
            max_rooms: 10_000,
            max_participants: 10_000,
            room_capacity: 200,
            media_threads: None,
            drain_timeout: 10,
            ice_server: Vec::new(),
            turn_user: Vec::new(),
            turn_secret: None,
            turn_allow_peer: Vec::new(),
            turn_deny_peer: Vec::new(),
            turn_max_allocations: 10_000,
            turn_allocations_per_credential: 128,
            turn_bandwidth_per_credential: Bandwidth(100_000_000),
            turn_bandwidth_per_address: Bandwidth(1_000_000_000),
            log_level: LogLevel::default(),
            log_format: LogFormat::Text,
            log_file: None,
            log_rotation: Rotation::Daily,
            log_max_size: ByteSize(100_000_000),
            log_keep: 7,
        }
    }
}

fn as_text<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn as_texts<S: Serializer>(values: &[impl Display], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(ToString::to_string))
}

/// Settings together with what is to be said about them.
pub struct Loaded {
    /// Where there are problems, some values are fallbacks.
    pub settings: Settings,
    pub problems: Vec<Problem>,
    /// Whole lines: it works, but something was probably meant otherwise.
    pub warnings: Vec<String>,
    layers: Layers,
}

impl Loaded {
    pub fn read(
        flags: &Flags,
        config: Option<&Path>,
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> Self {
        let (mut problems, mut warnings) = (Vec::new(), Vec::new());
        let layers = Layers::read(flags, config, variables, &mut problems, &mut warnings);
        let mut reader = Reader { layers: &layers, problems: &mut problems };
        let settings = Settings::take(&mut reader);
        settings.judge(&mut reader, &mut warnings);
        Self { settings, problems, warnings, layers }
    }

    /// Where a setting was given.
    pub fn origin(&self, key: &Key) -> Origin {
        self.layers.origin(key, None)
    }

    /// Something about the value number `inner` of a list, to be told.
    pub fn problem(&self, key: &Key, inner: &str, text: String) -> Problem {
        self.layers.problem(key, Some(inner), text)
    }
}

impl Settings {
    fn take(from: &mut Reader<'_>) -> Self {
        let default = Self::default();
        Self {
            listen: from.list("listen", types::socket_address, default.listen),
            data_dir: from.path("data-dir"),
            tls: from.one("tls", Tls::parse, default.tls),
            tls_cert: from.path("tls-cert"),
            tls_key: from.path("tls-key"),
            acme: from.list("acme", types::acme_host, default.acme),
            acme_contact: from.optional("acme-contact", types::mail_address),
            acme_directory: from.one("acme-directory", types::acme_directory, default.acme_directory),
            acme_ca: from.path("acme-ca"),
            trust_proxy: from.list("trust-proxy", types::network, default.trust_proxy),
            public_address: from.list("public-address", types::ip_address, default.public_address),
            http_redirect: from.optional("http-redirect", types::socket_address),
            allow_origin: from.list("allow-origin", types::origin, default.allow_origin),
            frame_ancestors: from.list("frame-ancestors", types::csp_source, default.frame_ancestors),
            site_dir: from.path("site-dir"),
            create_key: from.optional("create-key", |text| Ok(text.to_owned())),
            metrics_token: from.optional("metrics-token", types::token),
            api_key: from.optional("api-key", types::token),
            access: from.one("access", Access::parse, default.access),
            token_secret: from.list("token-secret", access::secret, default.token_secret),
            token_public_key: from.list("token-public-key", access::public_key, default.token_public_key),
            webhook: from.list("webhook", access::webhook, default.webhook),
            webhook_secret: from.optional("webhook-secret", |text| Ok(text.to_owned())),
            max_rooms: from.one("max-rooms", types::count, default.max_rooms),
            max_participants: from.one("max-participants", types::count, default.max_participants),
            room_capacity: from.one("room-capacity", types::count, default.room_capacity),
            media_threads: from.optional("media-threads", types::media_threads),
            drain_timeout: from.one("drain-timeout", types::seconds, default.drain_timeout),
            ice_server: from.ice_servers("ice-server"),
            turn_user: from.list("turn-user", TurnUser::parse, default.turn_user),
            turn_secret: from.optional("turn-secret", |text| Ok(text.to_owned())),
            turn_allow_peer: from.list("turn-allow-peer", types::peer_rule, default.turn_allow_peer),
            turn_deny_peer: from.list("turn-deny-peer", types::peer_rule, default.turn_deny_peer),
            turn_max_allocations: from.one(
                "turn-max-allocations",
                types::count,
                default.turn_max_allocations,
            ),
            turn_allocations_per_credential: from.one(
                "turn-allocations-per-credential",
                types::allocations_of_one,
                default.turn_allocations_per_credential,
            ),
            turn_bandwidth_per_credential: from.one(
                "turn-bandwidth-per-credential",
                Bandwidth::parse,
                default.turn_bandwidth_per_credential,
            ),
            turn_bandwidth_per_address: from.one(
                "turn-bandwidth-per-address",
                Bandwidth::parse,
                default.turn_bandwidth_per_address,
            ),
            log_level: from.one("log-level", LogLevel::parse, default.log_level),
            log_format: from.one("log-format", LogFormat::parse, default.log_format),
            log_file: from.path("log-file"),
            log_rotation: from.one("log-rotation", Rotation::parse, default.log_rotation),
            log_max_size: from.one("log-max-size", ByteSize::parse, default.log_max_size),
            log_keep: from.one("log-keep", types::count_or_none, default.log_keep),
        }
    }

    /// What no setting shows alone.
    fn judge(&self, reader: &mut Reader<'_>, warnings: &mut Vec<String>) {
        // A list whose entries were all wrong has been told of.
        let empty = Key::named("listen")
            .and_then(|key| reader.layers.value(key))
            .is_some_and(|value| value.as_array().is_some_and(<[_]>::is_empty));
        if self.acme.is_empty() {
            let idle = [
                ("acme-contact", self.acme_contact.is_some()),
                ("acme-directory", self.acme_directory != acme::DEFAULT_DIRECTORY),
                ("acme-ca", self.acme_ca.is_some()),
            ];
            for key in idle.iter().filter(|(_, set)| *set).filter_map(|(name, _)| Key::named(name)) {
                let origin = reader.layers.origin(key, None);
                warnings.push(format!("{origin}: {} has no effect without acme", key.name));
            }
        }
        let mut wrong = |name: &str, text: String| {
            if let Some(key) = Key::named(name) {
                reader.wrong(key, None, text);
            }
        };
        match self.listen.split_first() {
            None if empty => wrong("listen", "at least one address is needed".into()),
            None => {}
            Some((first, others)) => {
                if let Some(other) = others.iter().find(|other| other.port() != first.port()) {
                    let text =
                        format!("all addresses share one port, found {} and {}", first.port(), other.port());
                    wrong("listen", text);
                }
            }
        }
        if self.http_redirect.is_some_and(|redirect| {
            redirect.port() != 0 && self.listen.iter().any(|listen| listen.port() == redirect.port())
        }) {
            wrong(
                "http-redirect",
                "the port is the one of `listen`, which redirects plain HTTP by itself".into(),
            );
        }
        match (&self.tls_cert, &self.tls_key) {
            (Some(_), None) => wrong(
                "tls-cert",
                "is set but `tls-key` is not; set both (to the same file if it holds both)".into(),
            ),
            (None, Some(_)) => wrong(
                "tls-key",
                "is set but `tls-cert` is not; set both (to the same file if it holds both)".into(),
            ),
            _ => {}
        }
        if !self.webhook.is_empty() && self.webhook_secret.is_none() {
            let text =
                "needs `webhook-secret`, with which messages are signed; `openssl rand -base64 32` makes one";
            wrong("webhook", text.into());
        }
        if let Some(dir) = self.site_dir.as_ref().filter(|dir| !dir.is_dir()) {
            wrong("site-dir", format!("there is no folder {}", dir.display()));
        }
        if let Some(text) = self.acme_contradiction() {
            wrong("acme", text);
        }
        if self.tls == Tls::Off {
            for (name, is_set) in [
                ("tls-cert", self.tls_cert.is_some()),
                ("tls-key", self.tls_key.is_some()),
                ("http-redirect", self.http_redirect.is_some()),
            ] {
                if let Some(key) = Key::named(name).filter(|_| is_set) {
                    warnings.push(format!(
                        "{}: {name} has no effect because tls is off",
                        reader.layers.origin(key, None)
                    ));
                }
            }
        }
    }

    fn acme_contradiction(&self) -> Option<String> {
        if self.acme.is_empty() {
            return None;
        }
        if self.tls == Tls::Off {
            return Some(
                "contradicts `tls = \"off\"`: the proxy that does TLS has the certificate; remove one of both".into(),
            );
        }
        if self.tls_cert.is_some() || self.tls_key.is_some() {
            return Some(
                "contradicts `tls-cert` and `tls-key`: either these files are served or a certificate is ordered; remove \
                 one of both"
                    .into(),
            );
        }
        let most = acme::MOST_HOSTS;
        (self.acme.len() > most)
            .then(|| format!("one certificate holds at most {most} names, found {}", self.acme.len()))
    }

    /// What is ordered by ACME, if anything.
    pub fn acme_plan(&self) -> Option<acme::Plan> {
        (self.tls == Tls::On && !self.acme.is_empty()).then(|| acme::Plan {
            hosts: self.acme.clone(),
            contact: self.acme_contact.clone(),
            directory: self.acme_directory.clone(),
            ca: self.acme_ca.clone(),
        })
    }

    /// For the server, with `data_dir` resolved and ready, and `names` for a self-signed certificate.
    pub fn options(&self, data_dir: PathBuf, names: Vec<String>, lan: Option<IpAddr>) -> Options {
        let tls = match (self.tls, &self.tls_cert, &self.tls_key) {
            (Tls::Off, ..) => None,
            (Tls::On, Some(cert), Some(key)) => Some(Source::Files { cert: cert.clone(), key: key.clone() }),
            (Tls::On, ..) => Some(match self.acme_plan() {
                Some(plan) => Source::Acme { data_dir: data_dir.clone(), names, plan },
                None => Source::SelfSigned { data_dir: data_dir.clone(), names },
            }),
        };
        Options {
            listen: self.listen.clone(),
            data_dir,
            tls,
            trust_proxy: self.trust_proxy.clone(),
            public_address: self.public_address.clone(),
            lan_address: lan,
            http_redirect: self.http_redirect.filter(|_| self.tls == Tls::On),
            allow_origin: self.allow_origin.clone(),
            frame_ancestors: self.framing(),
            assets: crate::web::find,
            site_dir: self.site_dir.clone(),
            create_key: self.create_key.clone(),
            metrics_token: self.metrics_token.clone(),
            api_key: self.api_key.clone(),
            access: self.access_options(),
            max_rooms: self.max_rooms,
            max_participants: self.max_participants,
            room_capacity: self.room_capacity,
            media_threads: self.media_threads.unwrap_or_else(types::a_thread_for_each_core),
            drain_timeout: Duration::from_secs(self.drain_timeout.into()),
            turn: self.turn_options(),
            ice_servers: self.ice_server.clone(),
        }
    }

    /// Who may show meetings in a frame. Whoever may use the server may; but `*` is not taken over, because a page steers
    /// the meeting that it frames: anybody's switching on a visitor's microphone has to be asked for by name.
    fn framing(&self) -> Vec<String> {
        if !self.frame_ancestors.is_empty() {
            return self.frame_ancestors.clone();
        }
        let allowed = self.allow_origin.iter().filter(|origin| *origin != "*").cloned();
        std::iter::once("'self'".to_owned()).chain(allowed).collect()
    }

    /// Who comes in by an access token, and what applications are told.
    pub fn access_options(&self) -> AccessOptions {
        let pair = |named: &Named| (named.name.clone(), named.value.clone());
        AccessOptions {
            token_only: self.access == Access::Token,
            secrets: self.token_secret.iter().map(pair).collect(),
            public_keys: self
                .token_public_key
                .iter()
                .map(pair)
                .map(|(name, file)| (name, file.into()))
                .collect(),
            webhooks: self.webhook.clone(),
            webhook_secret: self.webhook_secret.clone(),
        }
    }

    /// Who may relay to whom, and how much.
    pub fn turn_options(&self) -> TurnOptions {
        TurnOptions {
            users: self.turn_user.iter().map(|user| (user.name.clone(), user.password.clone())).collect(),
            secret: self.turn_secret.clone(),
            allow_peers: self.turn_allow_peer.clone(),
            deny_peers: self.turn_deny_peer.clone(),
            limits: TurnLimits {
                allocations: self.turn_max_allocations,
                allocations_per_credential: self.turn_allocations_per_credential,
                bandwidth_per_credential: self.turn_bandwidth_per_credential.bytes_per_second(),
                bandwidth_per_address: self.turn_bandwidth_per_address.bytes_per_second(),
            },
        }
    }

    /// The settings that differ from their defaults, as `kaigi.toml` would say them, without their secrets.
    pub fn changed(&self) -> Vec<(&'static Key, String)> {
        const HIDDEN: &str = "***";
        let mut shown = self.clone();
        for server in &mut shown.ice_server {
            server.credential = server.credential.take().map(|_| HIDDEN.to_owned());
        }
        let table = |settings: &Self| toml::Table::try_from(settings).unwrap_or_default();
        let (mine, default) = (table(&shown), table(&Self::default()));
        KEYS.iter()
            .filter(|key| mine.get(key.name) != default.get(key.name))
            .map(|key| match mine.get(key.name) {
                Some(_) if key.secret => (key, format!("{HIDDEN:?}")),
                Some(value) => (key, value.to_string()),
                None => (key, "\"\"".to_owned()),
            })
            .collect()
    }
}
