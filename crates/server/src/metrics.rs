//! What `/metrics` shows, each with its meaning.

use metrics::{describe_counter, describe_gauge};

/// Registers the descriptions.
pub(crate) fn describe() {
    describe_gauge!("kaigi_rooms", "Rooms open now.");
    describe_gauge!("kaigi_participants", "Participants in all rooms now, those who reconnect included.");
    describe_counter!("kaigi_joins_total", "Joins, resumed ones included.");
    describe_gauge!("kaigi_signaling_connections", "Socket.IO connections to /meet now.");
    describe_counter!(
        "kaigi_handshakes_refused_total",
        "Socket.IO handshakes refused because they came too fast."
    );
    describe_counter!("kaigi_wrong_keys_total", "Wrong keys for opening rooms.");
    describe_counter!("kaigi_requests_refused_total", "Signaling requests answered with an error.");
    describe_counter!(
        "kaigi_signaling_send_failures_total",
        "Clients disconnected because they did not read."
    );
    describe_gauge!("kaigi_tcp_connections", "TCP connections now.");
    describe_counter!(
        "kaigi_tcp_connections_refused_total",
        "TCP connections closed because too many are open."
    );
    describe_counter!("kaigi_tcp_connections_dropped_total", "TCP connections closed unserved, by cause.");
    describe_counter!("kaigi_tcp_accept_errors_total", "Failures to accept a TCP connection.");
    describe_counter!("kaigi_stun_answers_total", "STUN requests answered on UDP.");
    describe_counter!("kaigi_udp_dropped_total", "STUN and TURN messages that nothing came of, by cause.");
    describe_gauge!("kaigi_turn_allocations", "TURN allocations now.");
    describe_gauge!("kaigi_turn_permissions", "Permissions of TURN allocations now; they expire on use.");
    describe_gauge!("kaigi_turn_channels", "Channels of TURN allocations now; they expire on use.");
    describe_counter!("kaigi_turn_allocations_total", "TURN allocations made.");
    describe_counter!("kaigi_turn_allocations_closed_total", "TURN allocations that ended.");
    describe_counter!(
        "kaigi_turn_relayed_packets_total",
        "Packets relayed; up is from the client to its peers."
    );
    describe_counter!("kaigi_turn_relayed_bytes_total", "Bytes relayed; up is from the client to its peers.");
    describe_counter!("kaigi_turn_refused_total", "TURN requests answered with an error, by its code.");
    describe_counter!(
        "kaigi_turn_handed_over_total",
        "Packets between two relays of this server, handed over without a socket."
    );
    describe_counter!(
        "kaigi_turn_stream_frames_dropped_total",
        "Frames too old for a slow TCP or TLS client."
    );
    describe_counter!("kaigi_udp_received_total", "Datagrams read.");
    describe_counter!(
        "kaigi_udp_receive_calls_total",
        "System calls that read datagrams; fewer, the more come at once."
    );
    describe_counter!("kaigi_udp_sent_total", "Datagrams sent.");
    describe_counter!(
        "kaigi_udp_send_calls_total",
        "System calls that sent datagrams; fewer, the longer the runs (GSO)."
    );
    describe_counter!("kaigi_udp_send_lost_total", "Datagrams that could not be sent, by cause.");
    describe_counter!(
        "kaigi_udp_gso_refused_total",
        "Times the system refused several datagrams at once (GSO); they were sent one by one."
    );
    describe_counter!(
        "kaigi_udp_kernel_drops_total",
        "Datagrams the system dropped because they were not read in time: on the shared port, on relays."
    );
    describe_counter!(
        "kaigi_media_thread_restarts_total",
        "Media threads that failed and started anew; each lost its relays."
    );
}
