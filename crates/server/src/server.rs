//! Puts the parts together: binds everything, then serves until told to stop.

use std::{future::Future, io, net::SocketAddr, os::fd::OwnedFd, path::Path, sync::Arc};

use kaigi_room::Limits;
use kaigi_worker::Worker;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::JoinSet,
};

use crate::{
    AccessOptions, Options, Pulse,
    access::{KeyProblem, Keys},
    acme,
    bridge::Reaching,
    certificate::{Certificate, CertificateError, Store},
    http::{self, Site},
    listener::{Acceptor, Purpose},
    minter::{Minter, unix_seconds},
    secrets::{self, Secrets},
    session::Sessions,
    signaling::{self, Hub},
    sockets::{self, Inherited, bind_error, bind_tcp, bind_udp},
    sources::{Sources, per_minute},
    stopping::Stopping,
    takeover::{self, Predecessor},
    turn,
    webhooks::{WebhookProblem, Webhooks},
};

/// TCP connections held at once, as long as the process may open that many files.
pub(crate) const CONNECTIONS: usize = 20_000;

/// Why the server did not start, in one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port is in use.
    #[error(
        "{protocol} port {address} is taken, by another Kaigi or another program; stop that one (`ss -lntup` names \
         it) or choose another port with --listen ADDR:PORT"
    )]
    PortTaken {
        /// "TCP" or "UDP".
        protocol: &'static str,
        /// The address asked for.
        address: SocketAddr,
    },
    /// A socket could not be bound.
    #[error("cannot listen on {protocol} {address}: {error}{hint}")]
    Bind {
        /// "TCP" or "UDP".
        protocol: &'static str,
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
        /// What to do.
        hint: &'static str,
    },
    /// `listen` names several ports.
    #[error(
        "listen: all addresses must have the same port, for TCP and UDP are one service; {0} and {1} differ"
    )]
    Ports(SocketAddr, SocketAddr),
    /// `listen` is empty.
    #[error("listen: give at least one ADDR:PORT")]
    NoAddress,
    /// The data folder cannot be used.
    #[error("the data folder {folder}: {error}; choose another with --data-dir DIR")]
    DataFolder {
        /// The folder or the file in it.
        folder: String,
        /// What the system said.
        error: io::Error,
    },
    /// The certificate cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A key for access tokens cannot be used.
    #[error(transparent)]
    Key(#[from] KeyProblem),
    /// Webhooks cannot work.
    #[error(transparent)]
    Webhook(#[from] WebhookProblem),
    /// A setting that only shows to be wrong here.
    #[error("{0}")]
    Setting(String),
    /// The sockets could not be kept for the next server.
    #[error("cannot copy the listening sockets: {0}; the limit of open files may be too low (`ulimit -n`)")]
    Copies(io::Error),
    /// A media thread could not be started.
    #[error("cannot start a media thread: {0}")]
    MediaThread(io::Error),
    /// The metrics recorder could not be set up.
    #[error("metrics: {0}")]
    Metrics(String),
}

/// A server whose sockets are bound and which serves as soon as it runs.
pub struct Server {
    tcp: Vec<TcpListener>,
    worker: Worker,
    redirect: Option<TcpListener>,
    store: Option<Arc<Store>>,
    hub: Arc<Hub>,
    site: Site,
    port: u16,
    options: Options,
    /// All sockets once more, for the server after this one.
    copies: Vec<OwnedFd>,
    /// The server before this one, which still serves.
    predecessor: Option<Predecessor>,
}

impl Server {
    /// Binds every socket and loads certificate and secrets; nothing is served yet.
    pub async fn bind(options: Options) -> Result<Self, StartError> {
        Self::bind_with(options, Inherited::default()).await
    }

    /// The same, with sockets among which some may be bound already.
    pub async fn bind_with(options: Options, mut inherited: Inherited) -> Result<Self, StartError> {
        let (tcp, port) = bind_tcp(&options.listen, &mut inherited)?;
        let udp = bind_udp(&tcp, options.media_threads, &mut inherited)?;
        let redirect = match options.http_redirect {
            Some(address) => {
                let bound = inherited.listen(address);
                Some(bound.map_err(|error| bind_error("TCP", address, error))?)
            }
            None => None,
        };
        for address in inherited.left() {
            tracing::warn!(%address, "a socket was passed for an address that `listen` does not name; nobody serves it");
        }
        let copies = sockets::copies(tcp.iter().chain(&redirect), &udp).map_err(StartError::Copies)?;
        let secrets = open_secrets(&options.data_dir)?;
        let store = options.tls.clone().map(Store::open).transpose()?;
        let listening = tcp.iter().filter_map(|one| one.local_addr().ok()).map(|bound| bound.ip()).collect();
        let sessions = options.max_participants;
        let worker = turn::start(udp, &options.turn, &options.public_address, sessions, &secrets)?;
        let minter = Minter::new(&secrets, options.tls.is_none().then_some(port));
        let access = &options.access;
        let keys = keys_of(&secrets, access)?;
        let webhooks = Webhooks::start(&access.webhooks, access.webhook_secret.as_deref())?;
        let secrets = Arc::new(secrets);
        let limits = Limits {
            rooms: options.max_rooms,
            participants: options.max_participants,
            room_capacity: options.room_capacity,
            ..Limits::default()
        };
        let hub = Hub::new(
            secrets.clone(),
            signaling::HubOptions {
                limits,
                create_key: options.create_key.clone(),
                keys: Arc::new(keys),
                token_only: access.token_only,
                webhooks,
                ice_servers: options.ice_servers.clone(),
                minter,
                worker: worker.clone(),
                reaching: Reaching::new(port, listening, &options.public_address, store.clone()),
            },
        );
        let recorder = PrometheusBuilder::new().build_recorder();
        let metrics = recorder.handle();
        metrics::set_global_recorder(recorder).map_err(|error| StartError::Metrics(error.to_string()))?;
        crate::metrics::describe();
        let site = Site {
            hub: hub.clone(),
            history: Arc::default(),
            store: store.clone(),
            started_at: unix_seconds() * 1_000,
            sessions: Sessions::new(secrets),
            trust_proxy: options.trust_proxy.clone().into(),
            origins: Site::origins(&options.allow_origin),
            handshakes: Arc::default(),
            lan_origin: lan_origin(&options, &tcp, port),
            page_headers: Site::page_headers(&options.frame_ancestors).map_err(StartError::Setting)?,
            assets: options.assets,
            metrics,
            worker: worker.clone(),
            metrics_token: options.metrics_token.as_deref().map(Into::into),
            api_key: options.api_key.as_deref().map(Into::into),
            key_guesses: Arc::new(Sources::new(per_minute(10, 10))),
            connection_tests: Arc::new(Sources::new(per_minute(6, 12))),
            whip: Arc::default(),
        };
        let predecessor = inherited.predecessor;
        Ok(Self { tcp, worker, redirect, store, hub, site, port, options, copies, predecessor })
    }

    /// The port of TCP and UDP.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The addresses that are bound.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.tcp.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// Every socket that is listened on, once more, for whoever keeps them for the next server.
    pub fn sockets(&self) -> &[OwnedFd] {
        &self.copies
    }

    /// The certificate in use; `None` without TLS.
    pub fn certificate(&self) -> Option<Arc<Certificate>> {
        self.store.as_ref().map(|store| store.current())
    }

    /// For seeing, while it runs, whether it still does.
    pub fn pulse(&self) -> Pulse {
        Pulse { worker: self.worker.clone(), listener: self.addresses().first().copied() }
    }

    /// The routes and what is behind them, without listeners.
    #[cfg(test)]
    pub(crate) fn into_router(self) -> (axum::Router, Arc<Hub>) {
        let (socket_layer, _io) = signaling::layer(self.hub.clone());
        (http::router(self.site, socket_layer, None), self.hub)
    }

    /// Serves until `stop` completes or another server has taken over; the clients come back to the next one.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let (socket_layer, io) = signaling::layer(self.hub.clone());
        let history = self.site.history.clone().run(self.hub.clone(), self.worker.clone());
        let router = http::router(self.site, socket_layer, self.options.site_dir.clone());
        let connections = Arc::new(Semaphore::new(CONNECTIONS));
        let (leaving, left) = watch::channel(false);
        let acceptor = |purpose| Acceptor {
            purpose,
            connections: connections.clone(),
            worker: self.worker.clone(),
            leaving: left.clone(),
        };
        if let Some(predecessor) = self.predecessor {
            takeover::relieve(predecessor).await;
        }
        let mut acceptors = JoinSet::new();
        for listener in self.tcp {
            let purpose = match &self.store {
                Some(store) => Purpose::Https(store.clone(), router.clone()),
                None => Purpose::PlainHttp(router.clone()),
            };
            acceptors.spawn(acceptor(purpose).run(listener));
        }
        if let Some(listener) = self.redirect {
            let challenges = self.store.as_ref().and_then(|store| store.acme()).map(|acme| acme.challenges());
            acceptors.spawn(acceptor(Purpose::RedirectTo(self.port, challenges)).run(listener));
        }
        let mut tasks = JoinSet::new();
        if let Some(store) = &self.store {
            tasks.spawn(store.watch());
            if let Some(acme) = store.acme() {
                let place = acme::Place {
                    tls_port: self.port,
                    http: self.options.http_redirect.is_some(),
                    public: self.options.public_address.clone(),
                };
                tasks.spawn(acme.clone().run(place));
            }
        }
        tasks.spawn(history);
        let hub = self.hub.clone();
        tasks.spawn(async move { hub.run_deadlines().await });
        let hub = self.hub.clone();
        tasks.spawn(async move { hub.run_reports().await });
        let stopping = Stopping {
            hub: self.hub,
            io,
            worker: self.worker.clone(),
            acceptors,
            connections,
            leaving,
            drain_timeout: self.options.drain_timeout,
        };
        stopping.run(stop, takeover::successor(&self.options.data_dir, self.copies)).await;
        tasks.abort_all();
    }
}

/// The keys of access tokens of the server with this data folder.
pub fn access_keys(data_dir: &Path, access: &AccessOptions) -> Result<Keys, StartError> {
    Ok(keys_of(&open_secrets(data_dir)?, access)?)
}

fn open_secrets(data_dir: &Path) -> Result<Secrets, StartError> {
    Secrets::open(data_dir).map_err(|error| StartError::DataFolder {
        folder: data_dir.join(secrets::FILE).display().to_string(),
        error,
    })
}

fn keys_of(secrets: &Secrets, access: &AccessOptions) -> Result<Keys, KeyProblem> {
    Keys::new(secrets.derive("access token"), &access.secrets, &access.public_keys)
}

/// Where others of the local network open the page: only over TLS, which cameras need, and only where every
/// interface is listened on.
fn lan_origin(options: &Options, tcp: &[TcpListener], port: u16) -> Option<Arc<str>> {
    let address = options.lan_address.filter(|_| options.tls.is_some())?;
    let covers = |listener: &TcpListener| {
        listener.local_addr().is_ok_and(|local| {
            local.ip() == address || (local.ip().is_unspecified() && local.is_ipv4() == address.is_ipv4())
        })
    };
    tcp.iter().any(covers).then(|| match port {
        443 => format!("https://{}", SocketAddr::new(address, 0)).trim_end_matches(":0").into(),
        port => format!("https://{}", SocketAddr::new(address, port)).into(),
    })
}
