//! TCP: accepts connections, tells by their first bytes what they are, and serves them. Everything before the
//! first request is under one deadline, and the number of connections has a bound.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use kaigi_packet::demux::Stream;
use kaigi_worker::Worker;
use metrics::{counter, gauge};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Instant, timeout_at},
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::{
    acme::{self, Challenges},
    certificate::Store,
    http::Redirect,
    ice_tcp,
    prefix::Prefixed,
    turn,
    visitor::Link,
};

/// From accept to the first byte of the first request, TLS handshake included.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);

/// From there to the end of a request's headers.
const HEADER_DEADLINE: Duration = Duration::from_secs(15);

/// How often a silent HTTP/2 connection is asked whether it is still there.
const HTTP2_PING: Duration = Duration::from_secs(30);

/// What a listener does with its connections.
#[derive(Clone)]
pub(crate) struct Acceptor {
    pub(crate) purpose: Purpose,
    pub(crate) connections: Arc<Semaphore>,
    pub(crate) worker: Worker,
    /// Says when another server serves whatever comes new.
    pub(crate) leaving: watch::Receiver<bool>,
}

/// What a listener serves.
#[derive(Clone)]
pub(crate) enum Purpose {
    /// TLS with the application inside, and redirects for plain HTTP.
    Https(Arc<Store>, Router),
    /// The application in plain HTTP, for a reverse proxy.
    PlainHttp(Router),
    /// Redirects only, to https on this port; and the answers that an authority asks for there.
    RedirectTo(u16, Option<Arc<Challenges>>),
}

impl Acceptor {
    /// Accepts connections; never returns.
    pub(crate) async fn run(self, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => {
                    let Ok(permit) = self.connections.clone().try_acquire_owned() else {
                        counter!("kaigi_tcp_connections_refused_total").increment(1);
                        continue;
                    };
                    let acceptor = self.clone();
                    tokio::spawn(async move { acceptor.serve(stream, peer, permit).await });
                }
                Err(error) => {
                    // The peer vanished again, or the process is out of file descriptors: either passes.
                    counter!("kaigi_tcp_accept_errors_total").increment(1);
                    tracing::debug!(%error, "accept failed");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    async fn serve(self, stream: TcpStream, peer: SocketAddr, _permit: OwnedSemaphorePermit) {
        let open = gauge!("kaigi_tcp_connections");
        open.increment(1);
        let outcome = self.serve_stream(stream, peer).await;
        open.decrement(1);
        if let Err(why) = outcome {
            counter!("kaigi_tcp_connections_dropped_total", "why" => why.name()).increment(1);
            tracing::debug!(why = why.name(), "connection dropped");
        }
    }

    async fn serve_stream(&self, stream: TcpStream, peer: SocketAddr) -> Result<(), Drop> {
        let local = stream.local_addr().map_err(|_| Drop::Closed)?;
        let _ = stream.set_nodelay(true);
        let deadline = Instant::now() + HANDSHAKE_DEADLINE;
        let (kind, stream) = sniff(stream, deadline).await?;
        match (&self.purpose, kind) {
            (Purpose::Https(store, router), Stream::Tls) => {
                let accept = TlsAcceptor::from(store.server_config()).accept(stream);
                let stream = match timeout_at(deadline, accept).await {
                    Ok(Ok(stream)) => stream,
                    Ok(Err(_)) => return Err(Drop::Tls),
                    Err(_elapsed) => return Err(Drop::Deadline),
                };
                if stream.get_ref().1.alpn_protocol() == Some(acme::ALPN) {
                    // The handshake was the answer.
                    return Ok(());
                }
                // A browser opens TLS connections ahead of need and sends nothing on them for a while.
                let (kind, stream) = sniff(stream, Instant::now() + HEADER_DEADLINE).await?;
                match kind {
                    Stream::Http1 | Stream::Http2 => {
                        let link = Link { peer, local, tls: true };
                        serve_http(stream, router.clone(), link, self.leaving.clone()).await;
                        Ok(())
                    }
                    Stream::Stun => {
                        turn::serve(stream, peer, local, true, &self.worker).await;
                        Ok(())
                    }
                    _ => Err(Drop::Unknown),
                }
            }
            (Purpose::Https(..), Stream::Http1) => {
                serve_redirect(stream, Redirect::SamePort, None).await;
                Ok(())
            }
            (Purpose::RedirectTo(port, challenges), Stream::Http1) => {
                serve_redirect(stream, Redirect::Port(*port), challenges.clone()).await;
                Ok(())
            }
            (Purpose::PlainHttp(router), Stream::Http1 | Stream::Http2) => {
                let link = Link { peer, local, tls: false };
                serve_http(stream, router.clone(), link, self.leaving.clone()).await;
                Ok(())
            }
            (Purpose::Https(..) | Purpose::PlainHttp(_), Stream::Stun) => {
                turn::serve(stream, peer, local, false, &self.worker).await;
                Ok(())
            }
            (Purpose::Https(..) | Purpose::PlainHttp(_), Stream::FramedStun) => {
                let served = ice_tcp::serve(stream, peer, local, deadline, &self.worker).await;
                served.then_some(()).ok_or(Drop::Unknown)
            }
            _ => Err(Drop::Unknown),
        }
    }
}

/// Why a connection was closed without being served.
#[derive(Clone, Copy, Debug)]
enum Drop {
    /// By its peer, before it was clear what it wants.
    Closed,
    /// It took too long.
    Deadline,
    /// It speaks nothing we do.
    Unknown,
    /// The TLS handshake failed: often a browser that does not trust the certificate yet.
    Tls,
}

impl Drop {
    fn name(self) -> &'static str {
        match self {
            Drop::Closed => "closed",
            Drop::Deadline => "deadline",
            Drop::Unknown => "unknown",
            Drop::Tls => "tls",
        }
    }
}

/// Finds out what a stream is, in time.
async fn sniff<S: AsyncRead + Unpin>(stream: S, deadline: Instant) -> Result<(Stream, Prefixed<S>), Drop> {
    match timeout_at(deadline, Prefixed::sniff(stream)).await {
        Ok(Ok(sniffed)) => sniffed.ok_or(Drop::Unknown),
        Ok(Err(_)) => Err(Drop::Closed),
        Err(_elapsed) => Err(Drop::Deadline),
    }
}

async fn serve_http<S>(stream: S, router: Router, link: Link, mut leaving: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = router.map_request(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(link);
        request
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_DEADLINE).max_headers(64);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(100)
        .max_header_list_size(32 * 1024)
        .keep_alive_interval(HTTP2_PING)
        .keep_alive_timeout(HEADER_DEADLINE);
    let connection =
        builder.serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service));
    tokio::pin!(connection);
    let ended = tokio::select! {
        // First, so that a request that has come already is answered.
        biased;
        ended = connection.as_mut() => ended,
        () = async { drop(leaving.wait_for(|leaving| *leaving).await) } => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "an HTTP connection ended with an error");
    }
}

async fn serve_redirect<S>(stream: S, redirect: Redirect, challenges: Option<Arc<Challenges>>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        match challenges.as_ref().and_then(|challenges| challenges.file(request.uri().path())) {
            Some(answer) => std::future::ready(Ok(axum::http::Response::new(answer.into()))),
            None => hyper::service::Service::call(&redirect, request),
        }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_DEADLINE).keep_alive(false);
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

/// Binds a TCP listener. IPv6 ones do not take IPv4: each family has its own. No `SO_REUSEPORT`: a second
/// server on the port must fail, not share.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    use socket2::{Domain, Protocol, Socket, Type};
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // Only lets a restarted server bind while old connections linger in TIME_WAIT.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    TcpListener::from_std(socket.into())
}
