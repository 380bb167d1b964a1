//! What `/metrics` shows, each with its meaning, and what the SFU has counted.

use std::fmt::Write as _;

use kaigi_worker::{
    Batches,
    sfu::{Counters, Metrics, Refused, RoomMetrics},
};
use metrics::{counter, describe_counter, describe_gauge, gauge};

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
    describe_gauge!("kaigi_whip_sessions", "Publishers by WHIP now.");
    describe_gauge!("kaigi_whep_sessions", "Viewers by WHEP now.");
    describe_counter!(
        "kaigi_whip_refused_total",
        "WHIP and WHEP requests answered with an error, by status."
    );
    describe_gauge!(
        "kaigi_certificate_expiry_timestamp_seconds",
        "When the certificate in use stops being valid, in seconds since 1970."
    );
    describe_gauge!("kaigi_acme_state", "1 for what ordering certificates by ACME does now.");
    describe_counter!("kaigi_acme_orders_total", "Certificates ordered by ACME, by outcome.");
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
        "Media threads that failed and started anew; each lost its relays and its sessions."
    );
    describe_gauge!("kaigi_sfu_sessions", "Peer connections to the server now.");
    describe_gauge!("kaigi_sfu_rooms", "Rooms with peer connections to the server now.");
    describe_gauge!("kaigi_sfu_tracks", "Tracks that participants send to the server now.");
    describe_counter!(
        "kaigi_sfu_packets_total",
        "Media packets: received from publishers, forwarded to subscribers, sent again (RFC 4588), sent to probe a network."
    );
    describe_counter!("kaigi_sfu_bytes_total", "Bytes of media: payloads received, datagrams forwarded.");
    describe_counter!(
        "kaigi_sfu_nacked_packets_total",
        "Packets that subscribers reported missing, by whether they could be sent again."
    );
    describe_counter!("kaigi_sfu_missed_packets_total", "Packets that publishers were asked to send again.");
    describe_counter!(
        "kaigi_sfu_lost_packets_total",
        "Packets lost on the way to subscribers (down) and from publishers (up), by the receivers' reports."
    );
    describe_gauge!(
        "kaigi_sfu_estimate_bits_per_second",
        "What the networks of subscribers carry, by the lowest and the highest estimate of all rooms."
    );
    describe_counter!(
        "kaigi_sfu_layer_switches_total",
        "Times a subscriber's picture went to another simulcast layer."
    );
    describe_counter!(
        "kaigi_sfu_keyframe_requests_total",
        "Keyframes that subscribers asked for, and that publishers were asked for."
    );
    describe_counter!(
        "kaigi_sfu_queue_drops_total",
        "Packets not sent because too many waited for a subscriber."
    );
    describe_counter!(
        "kaigi_sfu_data_messages_total",
        "Data messages passed on, and lost because a receiver did not read."
    );
    describe_counter!(
        "kaigi_sfu_refused_total",
        "Datagrams and offers that the SFU refused, by cause: of an unknown address, or not authentic."
    );
}

/// Shows what the SFU has counted, rooms together: a room's name is a key, and their number has no bound.
pub(crate) fn show_sfu(metrics: &Metrics) {
    let Metrics { total, refused, rooms } = metrics;
    gauge!("kaigi_sfu_rooms").set(rooms.len() as f64);
    gauge!("kaigi_sfu_tracks").set(rooms.iter().map(|room| room.tracks).sum::<usize>() as f64);
    let Counters {
        received_packets,
        received_bytes,
        forwarded_packets,
        forwarded_bytes,
        retransmitted_packets,
        probe_packets,
        nacked_packets,
        nacks_unanswered,
        lost_packets,
        missed_packets,
        lost_upstream,
        layer_switches,
        keyframe_requests,
        keyframes_asked,
        queue_drops,
        forbidden_packets,
        data_messages,
        data_drops,
    } = *total;
    for (name, label, value, count) in [
        ("kaigi_sfu_packets_total", "what", "received", received_packets),
        ("kaigi_sfu_packets_total", "what", "forwarded", forwarded_packets),
        ("kaigi_sfu_packets_total", "what", "sent_again", retransmitted_packets),
        ("kaigi_sfu_packets_total", "what", "probe", probe_packets),
        ("kaigi_sfu_packets_total", "what", "forbidden", forbidden_packets),
        ("kaigi_sfu_bytes_total", "what", "received", received_bytes),
        ("kaigi_sfu_bytes_total", "what", "forwarded", forwarded_bytes),
        (
            "kaigi_sfu_nacked_packets_total",
            "answered",
            "yes",
            nacked_packets - nacks_unanswered.min(nacked_packets),
        ),
        ("kaigi_sfu_nacked_packets_total", "answered", "no", nacks_unanswered),
        ("kaigi_sfu_keyframe_requests_total", "who", "subscribers", keyframe_requests),
        ("kaigi_sfu_keyframe_requests_total", "who", "server", keyframes_asked),
        ("kaigi_sfu_data_messages_total", "what", "passed_on", data_messages),
        ("kaigi_sfu_data_messages_total", "what", "lost", data_drops),
    ] {
        counter!(name, label => value).absolute(count);
    }
    counter!("kaigi_sfu_lost_packets_total", "direction" => "down").absolute(lost_packets);
    counter!("kaigi_sfu_lost_packets_total", "direction" => "up").absolute(lost_upstream);
    counter!("kaigi_sfu_missed_packets_total").absolute(missed_packets);
    let estimates = rooms.iter().filter_map(|room| room.estimates);
    let lowest = estimates.clone().map(|(low, _)| low).min().unwrap_or_default();
    let highest = estimates.map(|(_, high)| high).max().unwrap_or_default();
    gauge!("kaigi_sfu_estimate_bits_per_second", "which" => "lowest").set(lowest as f64);
    gauge!("kaigi_sfu_estimate_bits_per_second", "which" => "highest").set(highest as f64);
    counter!("kaigi_sfu_layer_switches_total").absolute(layer_switches);
    counter!("kaigi_sfu_queue_drops_total").absolute(queue_drops);
    let Refused { unknown_path, stun, srtp, dtls, offers } = *refused;
    for (why, count) in
        [("unknown_path", unknown_path), ("stun", stun), ("srtp", srtp), ("dtls", dtls), ("offer", offers)]
    {
        counter!("kaigi_sfu_refused_total", "why" => why).absolute(count);
    }
}

/// How long the media threads worked at a time, as a histogram and, for those who look without a Prometheus, as its
/// quantiles since the start.
pub(crate) fn histogram_of(batches: &Batches) -> String {
    const NAME: &str = "kaigi_media_batch_seconds";
    let mut text = format!(
        "\n# HELP {NAME} Time a media thread worked before it waited again: what comes next waits no longer.\n\
         # TYPE {NAME} histogram\n"
    );
    for (bound, count) in batches.cumulative() {
        let bound = if bound.is_finite() { bound.to_string() } else { "+Inf".into() };
        let _ = writeln!(text, "{NAME}_bucket{{le=\"{bound}\"}} {count}");
    }
    let _ = writeln!(text, "{NAME}_sum {}\n{NAME}_count {}", batches.seconds(), batches.count());
    let _ = writeln!(
        text,
        "\n# HELP {NAME}_quantile The same: what this share of all batches since the start took at most.\n\
         # TYPE {NAME}_quantile gauge"
    );
    for share in [0.5, 0.99] {
        let seconds = batches.quantile(share).unwrap_or_default();
        let _ = writeln!(text, "{NAME}_quantile{{quantile=\"{share}\"}} {seconds}");
    }
    text
}

/// Rooms that are shown each by itself; there may be thousands.
const MOST_ROOMS: usize = 100;

/// The busiest rooms that are open, each under a number that says nothing of its name, which is a key to it.
pub(crate) fn rooms(rooms: &[RoomMetrics]) -> String {
    type Of = fn(&RoomMetrics) -> u64;
    const SHOWN: [(&str, &str, Of); 16] = [
        ("sessions", "gauge", |room| room.sessions as u64),
        ("tracks", "gauge", |room| room.tracks as u64),
        ("received_packets_total", "counter", |room| room.counters.received_packets),
        ("forwarded_packets_total", "counter", |room| room.counters.forwarded_packets),
        ("forwarded_bytes_total", "counter", |room| room.counters.forwarded_bytes),
        ("sent_again_packets_total", "counter", |room| room.counters.retransmitted_packets),
        ("nacked_packets_total", "counter", |room| room.counters.nacked_packets),
        ("missed_packets_total", "counter", |room| room.counters.missed_packets),
        ("lost_down_packets_total", "counter", |room| room.counters.lost_packets),
        ("lost_up_packets_total", "counter", |room| room.counters.lost_upstream),
        ("layer_switches_total", "counter", |room| room.counters.layer_switches),
        ("keyframe_requests_total", "counter", |room| room.counters.keyframe_requests),
        ("keyframes_asked_total", "counter", |room| room.counters.keyframes_asked),
        ("queue_drops_total", "counter", |room| room.counters.queue_drops),
        ("estimate_lowest_bits_per_second", "gauge", |room| room.estimates.map_or(0, |(low, _)| low)),
        ("estimate_highest_bits_per_second", "gauge", |room| room.estimates.map_or(0, |(_, high)| high)),
    ];
    let mut busiest: Vec<&RoomMetrics> = rooms.iter().collect();
    busiest.sort_by_key(|room| (std::cmp::Reverse(room.sessions), room.room.0));
    busiest.truncate(MOST_ROOMS);
    let mut text = String::new();
    for (name, kind, of) in SHOWN.iter().filter(|_| !busiest.is_empty()) {
        let _ = writeln!(text, "\n# TYPE kaigi_sfu_room_{name} {kind}");
        for room in &busiest {
            let _ = writeln!(text, "kaigi_sfu_room_{name}{{room=\"{}\"}} {}", room.room.0, of(room));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use kaigi_worker::sfu::RoomId;

    use super::*;

    #[test]
    fn the_rooms_with_most_in_them_are_shown() {
        let room = |number: u64, sessions: usize| RoomMetrics {
            room: RoomId(number),
            sessions,
            tracks: 2,
            estimates: Some((300_000, 2_000_000)),
            counters: Counters { forwarded_packets: number * 10, ..Counters::default() },
        };
        let many: Vec<_> = (0..300).map(|number| room(number, number as usize)).collect();
        let text = rooms(&many);
        assert!(text.contains("\nkaigi_sfu_room_forwarded_packets_total{room=\"299\"} 2990\n"), "{text}");
        assert!(text.contains("\nkaigi_sfu_room_estimate_lowest_bits_per_second{room=\"200\"} 300000\n"));
        assert!(!text.contains("room=\"199\""));
        assert_eq!(rooms(&[]), "");
    }

    #[test]
    fn batches_are_a_histogram() {
        let text = histogram_of(&Batches::default());
        assert!(text.contains("kaigi_media_batch_seconds_bucket{le=\"0.000001\"} 0\n"), "{text}");
        assert!(text.contains("_bucket{le=\"1.048576\"} 0\n") && text.contains("_bucket{le=\"+Inf\"} 0\n"));
        assert!(text.contains("kaigi_media_batch_seconds_quantile{quantile=\"0.99\"} 0\n"));
    }
}
