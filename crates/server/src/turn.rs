//! TURN at the edge: its settings, the connections that speak it, and the media threads' metrics.

mod config;

pub use config::policy;

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::BytesMut;
use kaigi_packet::framing::turn as framing;
use kaigi_turn::{Credentials, DROP_CAUSES, ERROR_CODES, NonceKey, Realm, SharedSecret, Source, Transport};
use kaigi_worker::{FiveTuple, Input, Metrics, Options, Outbox, Worker};
use metrics::{counter, gauge};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};

use crate::{StartError, minter, options::TurnOptions, secrets::Secrets};

/// A client says something at least this often: permissions and allocations have to be refreshed.
const SILENCE: Duration = Duration::from_secs(15 * 60);

/// Room for a read: a few frames. Frames that are longer (up to 64 kB) take several reads.
const READ: usize = 4096;

/// A connection that takes nothing for this long is closed.
const STUCK: Duration = Duration::from_secs(10);

/// Starts a media thread on each group of sockets.
pub(crate) fn start(
    sockets: Vec<Vec<std::net::UdpSocket>>,
    options: &TurnOptions,
    public: &[IpAddr],
    sessions: usize,
    secrets: &Secrets,
) -> Result<Worker, StartError> {
    let interfaces: Vec<IpAddr> =
        if_addrs::get_if_addrs().unwrap_or_default().iter().map(|i| i.ip()).collect();
    let users = options
        .users
        .iter()
        .map(|(name, password)| Source::User { name: name.clone(), password: password.clone() });
    let secret = options.secret.iter().map(|secret| Source::Secret(SharedSecret::new(secret.as_bytes())));
    let minted = std::iter::once(Source::Secret(minter::secret(secrets)));
    let credentials = Credentials::new(Realm::default(), users.chain(secret).chain(minted).collect());
    let own = interfaces.iter().chain(public).copied().collect();
    // Link-local addresses need a zone, and loopback ones reach nobody: neither is a relay's, unless a client
    // has come to it.
    let reachable = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local(),
        IpAddr::V6(ip) => !ip.is_loopback() && !ip.is_unicast_link_local(),
    };
    Worker::start(Options {
        sockets,
        turn: config::config(options, credentials, own),
        nonce_key: NonceKey(secrets.derive("turn nonce")),
        local_addresses: interfaces.into_iter().filter(reachable).collect(),
        public_addresses: public.to_vec(),
        sessions,
    })
    .map_err(StartError::MediaThread)
}

/// Carries frames between a connection that speaks TURN and its media thread, until either ends.
pub(crate) async fn serve<S>(stream: S, peer: SocketAddr, local: SocketAddr, tls: bool, worker: &Worker)
where
    S: AsyncRead + AsyncWrite,
{
    let id = worker.stream();
    let transport = if tls { Transport::Tls(id) } else { Transport::Tcp(id) };
    let client = SocketAddr::new(peer.ip().to_canonical(), peer.port());
    let from = FiveTuple { client, server: Some(local.ip().to_canonical()), transport };
    let outbox = Arc::new(Outbox::default());
    let (reader, writer) = tokio::io::split(stream);
    worker.tell(Input::StreamOpened { from, outbox: outbox.clone() }).await;
    tokio::select! {
        () = read_frames(reader, from, worker) => {}
        () = write_frames(writer, tls, &outbox) => {}
    }
    worker.tell(Input::StreamClosed { from }).await;
}

/// Hands all whole frames of each read to the media thread at once.
async fn read_frames(mut reader: impl AsyncRead + Unpin, from: FiveTuple, worker: &Worker) {
    let mut buffer = BytesMut::new();
    loop {
        buffer.reserve(READ);
        if !matches!(timeout(SILENCE, reader.read_buf(&mut buffer)).await, Ok(Ok(1..))) {
            return;
        }
        let Ok(whole) = framing::whole(&buffer) else {
            // Nothing that follows could be told apart any more.
            return;
        };
        if whole > 0 {
            let frames = buffer.split_to(whole).freeze();
            worker.tell(Input::StreamFrames { from, frames }).await;
        }
    }
}

/// Writes all frames that wait with one call; over TLS with a call, and so a record, for each: coturn's own client
/// takes what is in a record for one frame.
async fn write_frames(mut writer: impl AsyncWrite + Unpin, tls: bool, outbox: &Outbox) {
    let mut frames = Vec::new();
    while outbox.take(&mut frames).await {
        let mut rest = &frames[..];
        while !rest.is_empty() {
            let first = framing::next(rest).ok().flatten().map_or(rest.len(), |frame| frame.wire);
            let (now, later) = rest.split_at(if tls { first } else { rest.len() });
            if !matches!(timeout(STUCK, writer.write_all(now)).await, Ok(Ok(()))) {
                return;
            }
            rest = later;
        }
        frames.clear();
    }
}

/// Shows what the media threads have counted.
pub(crate) fn show_metrics(worker: &Worker) -> String {
    let Metrics { turn, sfu, io, batches, open } = worker.metrics();
    crate::metrics::show_sfu(&sfu);
    gauge!("kaigi_sfu_sessions").set(open.sessions as f64);
    gauge!("kaigi_turn_allocations").set(open.allocations as f64);
    gauge!("kaigi_turn_permissions").set(open.permissions as f64);
    gauge!("kaigi_turn_channels").set(open.channels as f64);
    counter!("kaigi_stun_answers_total").absolute(turn.bindings);
    counter!("kaigi_turn_allocations_total").absolute(turn.allocations_created);
    counter!("kaigi_turn_allocations_closed_total").absolute(turn.allocations_closed);
    counter!("kaigi_turn_handed_over_total").absolute(turn.handed_over);
    for (transport, relayed) in ["udp", "tcp", "tls"].into_iter().zip(turn.relayed) {
        for (direction, packets, bytes) in
            [("up", relayed.up_packets, relayed.up_bytes), ("down", relayed.down_packets, relayed.down_bytes)]
        {
            let labels = [("transport", transport), ("direction", direction)];
            counter!("kaigi_turn_relayed_packets_total", &labels).absolute(packets);
            counter!("kaigi_turn_relayed_bytes_total", &labels).absolute(bytes);
        }
    }
    for (code, count) in ERROR_CODES.into_iter().zip(turn.refused) {
        counter!("kaigi_turn_refused_total", "code" => code.to_string()).absolute(count);
    }
    for (why, count) in DROP_CAUSES.into_iter().zip(turn.dropped) {
        counter!("kaigi_udp_dropped_total", "why" => why).absolute(count);
    }
    counter!("kaigi_udp_received_total").absolute(io.received);
    counter!("kaigi_udp_receive_calls_total").absolute(io.receives);
    counter!("kaigi_udp_sent_total").absolute(io.sent);
    counter!("kaigi_udp_send_calls_total").absolute(io.sends);
    for (why, count) in [
        ("send_buffer_full", io.lost_buffer_full),
        ("no_buffers", io.lost_no_buffers),
        ("refused", io.lost_refused),
        ("other_thread_busy", io.lost_handovers),
    ] {
        counter!("kaigi_udp_send_lost_total", "why" => why).absolute(count);
    }
    counter!("kaigi_udp_gso_refused_total").absolute(io.runs_refused);
    for (socket, count) in [("shared", io.drops_shared), ("relay", io.drops_relays)] {
        counter!("kaigi_udp_kernel_drops_total", "socket" => socket).absolute(count);
    }
    counter!("kaigi_turn_stream_frames_dropped_total").absolute(io.lost_frames);
    counter!("kaigi_media_thread_restarts_total").absolute(io.restarts);
    crate::metrics::histogram_of(&batches) + &crate::metrics::rooms(&sfu.rooms)
}

#[cfg(test)]
mod tests;
