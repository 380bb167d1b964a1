//! ICE over TCP (RFC 6544): carries packets in RFC 4571 frames between a connection and the media thread whose
//! session its first check names.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::BytesMut;
use kaigi_packet::{framing::rfc4571, stun};
use kaigi_worker::{Input, Outbox, Worker};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, timeout, timeout_at},
};

/// A client checks its connection every few seconds, and gives up one that is silent for 30 (RFC 7675 §5.1).
const SILENCE: Duration = Duration::from_secs(60);

/// Room for a read: a few packets.
const READ: usize = 4096;

/// The most a first frame may have: a check is far below.
const FIRST: usize = 1500;

/// A connection that takes nothing for this long is closed.
const STUCK: Duration = Duration::from_secs(10);

/// Serves until either side ends. Says false when the connection did not begin, before the deadline, with a check
/// for one of our threads.
pub(crate) async fn serve<S>(
    stream: S,
    peer: SocketAddr,
    local: SocketAddr,
    deadline: Instant,
    worker: &Worker,
) -> bool
where
    S: AsyncRead + AsyncWrite,
{
    let (mut reader, writer) = tokio::io::split(stream);
    let mut buffer = BytesMut::new();
    let Ok(Some(thread)) = timeout_at(deadline, first_check(&mut reader, &mut buffer, worker)).await else {
        return false;
    };
    let id = worker.stream_on(thread);
    let outbox = Arc::new(Outbox::default());
    let frames = buffer.split_to(whole(&buffer)).freeze();
    let remote = SocketAddr::new(peer.ip().to_canonical(), peer.port());
    let local = local.ip().to_canonical();
    worker.tell(Input::IceOpened { id, remote, local, outbox: outbox.clone(), frames }).await;
    let read = async {
        while matches!(timeout(SILENCE, reader.read_buf(&mut buffer)).await, Ok(Ok(1..))) {
            let whole = whole(&buffer);
            if whole > 0 {
                worker.tell(Input::IceFrames { id, frames: buffer.split_to(whole).freeze() }).await;
            }
            buffer.reserve(READ);
        }
    };
    tokio::select! {
        () = read => {}
        () = write_frames(writer, &outbox) => {}
    }
    worker.tell(Input::IceClosed { id }).await;
    true
}

/// Reads until the first frame is there; the thread that its check is for.
async fn first_check(
    mut reader: impl AsyncRead + Unpin,
    buffer: &mut BytesMut,
    worker: &Worker,
) -> Option<u16> {
    loop {
        if let Some(frame) = rfc4571::next(buffer) {
            return worker.thread_of(stun::local_ufrag(frame.content(buffer))?);
        }
        let length = buffer.first_chunk::<2>().map_or(0, |length| usize::from(u16::from_be_bytes(*length)));
        buffer.reserve(READ);
        if length > FIRST || reader.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

/// How many bytes at the start of the buffer are whole frames.
fn whole(buffer: &[u8]) -> usize {
    let mut end = 0;
    while let Some(frame) = rfc4571::next(&buffer[end..]) {
        end += frame.wire;
    }
    end
}

/// Writes all frames that wait with one call.
async fn write_frames(mut writer: impl AsyncWrite + Unpin, outbox: &Outbox) {
    let mut frames = Vec::new();
    while outbox.take(&mut frames).await {
        if !matches!(timeout(STUCK, writer.write_all(&frames)).await, Ok(Ok(()))) {
            return;
        }
        frames.clear();
    }
}
