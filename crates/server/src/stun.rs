//! STUN on the UDP port. The media threads will own these sockets; until then a task answers here.

use std::io;

use kaigi_packet::demux::{self, Datagram};
use kaigi_udp::{Batch, Socket};
use metrics::counter;

/// Answers until the socket fails; never returns otherwise.
pub(crate) async fn run(socket: Socket) {
    let answered = counter!("kaigi_stun_answers_total");
    let dropped = counter!("kaigi_udp_dropped_total");
    let mut batch = Batch::default();
    loop {
        let received = socket
            .receive(&mut batch, |receive| {
                let answer = match demux::udp(receive.payload) {
                    Some(Datagram::Stun) => kaigi_turn::handle_binding(&receive).ok(),
                    // TURN ChannelData and the SFU's DTLS and RTP come here.
                    _ => None,
                };
                match answer.map(|transmit| socket.try_send(&transmit)) {
                    Some(Ok(())) => answered.increment(1),
                    Some(Err(_)) | None => dropped.increment(1),
                }
            })
            .await;
        if let Err(error) = received {
            report(&error);
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }
}

fn report(error: &io::Error) {
    counter!("kaigi_udp_errors_total").increment(1);
    tracing::debug!(%error, "reading from a UDP socket failed");
}
