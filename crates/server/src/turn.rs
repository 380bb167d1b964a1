//! TURN at the edge: its settings, the connections that speak it, and its metrics.

use std::{
    net::{IpAddr, SocketAddr},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use ipnet::IpNet;
use kaigi_packet::framing::turn as framing;
use kaigi_turn::{
    Config, Credentials, DROP_CAUSES, ERROR_CODES, NonceKey, Realm, SharedSecret, Source, Transport,
    policy::{Net, Policy, Rule},
};
use kaigi_worker::{FiveTuple, Input, OUTBOX, Options, StreamId, Worker};
use metrics::counter;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
    time::timeout,
};

use crate::{StartError, minter, options::TurnOptions, secrets::Secrets};

/// A client says something at least this often: permissions and allocations have to be refreshed.
const SILENCE: Duration = Duration::from_secs(15 * 60);

/// A frame that has waited longer for a slow connection is not worth sending any more.
const STALE: Duration = Duration::from_millis(500);

/// A connection that takes nothing for this long is closed.
const STUCK: Duration = Duration::from_secs(10);

/// Starts the media thread on these sockets.
pub(crate) fn start(
    sockets: Vec<std::net::UdpSocket>,
    options: &TurnOptions,
    public: &[IpAddr],
    secrets: &Secrets,
) -> Result<Worker, StartError> {
    let interfaces: Vec<IpAddr> =
        if_addrs::get_if_addrs().unwrap_or_default().iter().map(|i| i.ip()).collect();
    let users = options
        .users
        .iter()
        .map(|(name, password)| Source::User { name: name.clone(), password: password.clone() });
    let secret = options.secret.iter().map(|secret| Source::Secret(SharedSecret::new(secret.as_bytes())));
    let own = std::iter::once(Source::Secret(minter::secret(secrets)));
    let credentials = Credentials::new(Realm::default(), users.chain(secret).chain(own).collect());
    let rules =
        |nets: &[IpNet]| nets.iter().map(|net| Rule::new(Net::new(net.addr(), net.prefix_len()))).collect();
    let own = interfaces.iter().chain(public).copied().collect();
    let policy = Policy::new(rules(&options.allow_peers), rules(&options.deny_peers), own);
    // Link-local addresses need a zone, and loopback ones reach nobody: neither is a relay's, unless a client
    // has come to it.
    let reachable = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local(),
        IpAddr::V6(ip) => !ip.is_loopback() && !ip.is_unicast_link_local(),
    };
    Worker::start(Options {
        sockets,
        turn: Config::new(credentials, policy),
        nonce_key: NonceKey(secrets.derive("turn nonce")),
        local_addresses: interfaces.into_iter().filter(reachable).collect(),
        public_addresses: public.to_vec(),
    })
    .map_err(StartError::MediaThread)
}

/// Carries frames between a connection that speaks TURN and the media thread, until either ends.
pub(crate) async fn serve<S>(stream: S, peer: SocketAddr, local: SocketAddr, tls: bool, worker: &Worker)
where
    S: AsyncRead + AsyncWrite,
{
    static STREAMS: AtomicU64 = AtomicU64::new(0);
    let id = StreamId(STREAMS.fetch_add(1, Ordering::Relaxed));
    let transport = if tls { Transport::Tls(id) } else { Transport::Tcp(id) };
    let client = SocketAddr::new(peer.ip().to_canonical(), peer.port());
    let from = FiveTuple { client, server: Some(local.ip().to_canonical()), transport };
    let (outbox, mut outgoing) = mpsc::channel(OUTBOX);
    let (mut reader, mut writer) = tokio::io::split(stream);
    worker.tell(Input::StreamOpened { from, outbox }).await;
    let write = async {
        while let Some(next) = outgoing.recv().await {
            if next.queued.elapsed() > STALE {
                counter!("kaigi_turn_stream_frames_dropped_total").increment(1);
            } else if !matches!(timeout(STUCK, writer.write_all(&next.frame)).await, Ok(Ok(()))) {
                return;
            }
        }
    };
    let read = async {
        let mut buffer = Vec::with_capacity(4096);
        loop {
            loop {
                match framing::next(&buffer) {
                    Ok(Some(frame)) => {
                        let content = frame.content(&buffer).to_vec();
                        worker.tell(Input::StreamFrame { from, frame: content }).await;
                        buffer.drain(..frame.wire);
                    }
                    Ok(None) if buffer.len() < framing::MOST => break,
                    // Nothing that follows could be told apart any more.
                    _ => return,
                }
            }
            if !matches!(timeout(SILENCE, reader.read_buf(&mut buffer)).await, Ok(Ok(1..))) {
                return;
            }
        }
    };
    tokio::select! { () = read => {}, () = write => {} }
    worker.tell(Input::StreamClosed { from }).await;
}

/// Shows what the media thread has counted.
pub(crate) fn show_metrics(worker: &Worker) {
    let now = worker.metrics();
    counter!("kaigi_stun_answers_total").absolute(now.bindings);
    counter!("kaigi_turn_allocations_total").absolute(now.allocations_created);
    counter!("kaigi_turn_allocations_closed_total").absolute(now.allocations_closed);
    for (transport, relayed) in ["udp", "tcp", "tls"].into_iter().zip(now.relayed) {
        for (direction, packets, bytes) in
            [("up", relayed.up_packets, relayed.up_bytes), ("down", relayed.down_packets, relayed.down_bytes)]
        {
            let labels = [("transport", transport), ("direction", direction)];
            counter!("kaigi_turn_relayed_packets_total", &labels).absolute(packets);
            counter!("kaigi_turn_relayed_bytes_total", &labels).absolute(bytes);
        }
    }
    for (code, count) in ERROR_CODES.into_iter().zip(now.refused) {
        counter!("kaigi_turn_refused_total", "code" => code.to_string()).absolute(count);
    }
    for (why, count) in DROP_CAUSES.into_iter().zip(now.dropped) {
        counter!("kaigi_udp_dropped_total", "why" => why).absolute(count);
    }
}
