use std::time::Instant;

use super::*;

/// ChannelData with this many bytes of payload.
fn frame(payload: u16) -> Vec<u8> {
    let mut frame = vec![0x40, 0];
    frame.extend(payload.to_be_bytes());
    frame.resize(4 + usize::from(payload).next_multiple_of(4), 7);
    frame
}

/// Counts the calls that write.
struct Calls(Vec<Vec<u8>>);

impl AsyncWrite for Calls {
    fn poll_write(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        self.0.push(bytes.to_vec());
        std::task::Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn poll_shutdown(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn frames_that_wait_are_written_with_one_call_and_over_tls_with_one_each() {
    for tls in [false, true] {
        let outbox = Outbox::default();
        let frames = [frame(100), frame(3), frame(50)];
        frames.iter().for_each(|frame| assert_eq!(outbox.push(Instant::now(), &[frame]), 0));
        outbox.close();
        let mut calls = Calls(Vec::new());
        write_frames(&mut calls, tls, &outbox).await;
        let wanted = if tls { frames.to_vec() } else { vec![frames.concat()] };
        assert_eq!(calls.0, wanted);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_let_go_after_a_time() {
    let outbox = Outbox::default();
    let (near, _far) = tokio::io::duplex(64);
    outbox.push(Instant::now(), &[&frame(1000)]);
    let before = tokio::time::Instant::now();
    // Ends although the outbox is open and the connection, too.
    write_frames(near, false, &outbox).await;
    assert_eq!(before.elapsed().as_secs(), STUCK.as_secs());
}
