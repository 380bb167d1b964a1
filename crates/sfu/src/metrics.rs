//! What the core has counted.

use crate::model::RoomId;

/// Counted for each room, and in total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Media packets of publishers.
    pub received_packets: u64,
    /// Bytes of their payloads.
    pub received_bytes: u64,
    /// Media packets sent to subscribers.
    pub forwarded_packets: u64,
    /// Bytes of them, as datagrams.
    pub forwarded_bytes: u64,
    /// Packets sent once more because a subscriber asked (RFC 4588).
    pub retransmitted_packets: u64,
    /// Packets sent to find out how much a subscriber's network carries.
    pub probe_packets: u64,
    /// Packets that subscribers reported missing (RFC 4585 §6.2.1).
    pub nacked_packets: u64,
    /// Of these, the ones that were not kept any more, or came too often.
    pub nacks_unanswered: u64,
    /// Packets lost on the way to subscribers, by their receiver reports (RFC 3550 §6.4.1).
    pub lost_packets: u64,
    /// Packets that publishers were asked to send again.
    pub missed_packets: u64,
    /// Packets lost on the way from publishers, by the reports they got.
    pub lost_upstream: u64,
    /// Times a subscriber's picture went to another layer.
    pub layer_switches: u64,
    /// Keyframes that subscribers asked for (PLI, FIR).
    pub keyframe_requests: u64,
    /// Keyframes that publishers were asked for.
    pub keyframes_asked: u64,
    /// Packets that were not sent because too many waited already.
    pub queue_drops: u64,
    /// Packets of publishers that they may not send now.
    pub forbidden_packets: u64,
    /// Data messages passed on.
    pub data_messages: u64,
    /// Data messages that a receiver's full buffer, or no such receiver, lost.
    pub data_drops: u64,
}

impl Counters {
    /// Adds all of another's.
    pub fn add(&mut self, other: &Counters) {
        let pairs: [(&mut u64, u64); 18] = [
            (&mut self.received_packets, other.received_packets),
            (&mut self.received_bytes, other.received_bytes),
            (&mut self.forwarded_packets, other.forwarded_packets),
            (&mut self.forwarded_bytes, other.forwarded_bytes),
            (&mut self.retransmitted_packets, other.retransmitted_packets),
            (&mut self.probe_packets, other.probe_packets),
            (&mut self.nacked_packets, other.nacked_packets),
            (&mut self.nacks_unanswered, other.nacks_unanswered),
            (&mut self.lost_packets, other.lost_packets),
            (&mut self.missed_packets, other.missed_packets),
            (&mut self.lost_upstream, other.lost_upstream),
            (&mut self.layer_switches, other.layer_switches),
            (&mut self.keyframe_requests, other.keyframe_requests),
            (&mut self.keyframes_asked, other.keyframes_asked),
            (&mut self.queue_drops, other.queue_drops),
            (&mut self.forbidden_packets, other.forbidden_packets),
            (&mut self.data_messages, other.data_messages),
            (&mut self.data_drops, other.data_drops),
        ];
        pairs.into_iter().for_each(|(sum, more)| *sum += more);
    }
}

/// Datagrams and offers that were refused, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// No session has this path.
    pub unknown_path: u64,
    /// STUN whose USERNAME names no session, or that is not authentic.
    pub stun: u64,
    /// SRTP or SRTCP that is forged, replayed or cut.
    pub srtp: u64,
    /// DTLS that cannot be read.
    pub dtls: u64,
    /// Offers.
    pub offers: u64,
}

impl Refused {
    /// Adds all of another's.
    pub fn add(&mut self, other: &Refused) {
        self.unknown_path += other.unknown_path;
        self.stun += other.stun;
        self.srtp += other.srtp;
        self.dtls += other.dtls;
        self.offers += other.offers;
    }
}

/// Everything, as of now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Since the start, rooms that are gone included.
    pub total: Counters,
    /// What was refused since the start.
    pub refused: Refused,
    /// Of each room that is open now.
    pub rooms: Vec<RoomMetrics>,
}

/// One open room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomMetrics {
    /// Which.
    pub room: RoomId,
    /// Sessions in it.
    pub sessions: usize,
    /// Tracks published in it.
    pub tracks: usize,
    /// The lowest and the highest estimate of a subscriber's network, bit/s; `None` without a subscriber.
    pub estimates: Option<(u64, u64)>,
    /// What it has counted.
    pub counters: Counters,
}
