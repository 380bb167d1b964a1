//! What goes to clients: what the endpoints say, and each subscriber's copies of what publishers sent.

use std::time::{Duration, Instant};

use slab::Slab;

use crate::{
    bwe::{Cluster, Estimator},
    forward::{Sent, TrackId},
    metrics::Counters,
    model::{Path, Sink},
    room::Published,
    rtcp,
    session::{Pending, Seat, Session},
    srtp::{OVERHEAD, Sealer},
};

use super::Sfu;

/// A packet is not sent again within this time as long as the round trip is not known.
const ROUND_TRIP: Duration = Duration::from_millis(100);

/// The largest packet that is made to probe.
const PROBE_BYTES: usize = 1_200;

/// Packets a probe may take: more would be too small to tell anything.
const PROBE_PACKETS: usize = 256;

impl Sfu {
    /// Writes everything that is to be sent now.
    pub fn flush(&mut self, now: Instant, sink: &mut impl Sink) {
        while !self.touched.is_empty() || !self.stale.is_empty() {
            self.finish(now);
            self.settle(now);
        }
        for (path, datagram) in self.outgoing.drain(..) {
            sink.datagram(&path, |out| out.extend_from_slice(&datagram));
        }
        let mut busy = std::mem::take(&mut self.busy);
        for index in busy.drain(..) {
            if let Some(session) = self.sessions.get_mut(index as usize) {
                session.busy = false;
                session.flush(now, &self.tracks, sink);
            }
        }
        // Its memory is used again.
        self.busy = busy;
    }
}

impl Session {
    fn flush(&mut self, now: Instant, tracks: &Slab<Published>, sink: &mut impl Sink) {
        let Self { endpoint, video, audio, bandwidth, transport, counters, pending, .. } = self;
        let (path, sealer) = (endpoint.path().copied(), endpoint.sealer());
        let (Some(path), Some(sealer)) = (path, sealer) else { return pending.clear() };
        let mut writer = Writer { now, path, sealer, bandwidth, transport, counters, sink };
        let videos = video.len();
        for one in pending.drain(..) {
            let (Pending::Packet { slot, .. } | Pending::Again { slot, .. }) = one;
            let slot = usize::from(slot);
            let seat = if slot < videos { video.get_mut(slot) } else { audio.get_mut(slot - videos) };
            let Some(seat) = seat else { continue };
            match one {
                Pending::Packet { at, layer, sequence, .. } => {
                    let Some(Published { track, .. }) = tracks.get(at) else { continue };
                    let layer = usize::from(layer);
                    let sent = writer.write(None, |transport, out| {
                        seat.slot.forward(track, layer, sequence, transport, out)
                    });
                    if writer.count_forwarded(sent) {
                        writer.catch_up(seat, tracks);
                    }
                }
                Pending::Again { sequence, .. } => writer.again(seat, tracks, sequence),
            }
        }
        if std::mem::take(&mut self.catching_up) {
            video.iter_mut().chain(audio.iter_mut()).for_each(|seat| writer.catch_up(seat, tracks));
        }
        if let Some(probe) = self.probe.take() {
            let (mut bytes, mut packets) = (probe.bytes, probe.packets);
            // Media and padding alike tell; what is being shown repeats best. Where nothing is, because nothing fits,
            // it takes a probe all the more to find out when something does again.
            let shows = video.iter().position(|seat| seat.slot.current().is_some()).unwrap_or(0);
            let Some(seat) = video.get_mut(shows) else { return };
            for _ in 0..PROBE_PACKETS {
                if bytes == 0 && packets == 0 {
                    break;
                }
                let Some(sent) = writer.probe(seat, tracks, probe.cluster) else { break };
                bytes = bytes.saturating_sub(sent.bytes + OVERHEAD);
                packets = packets.saturating_sub(1);
            }
        }
        if std::mem::take(&mut self.reporting) {
            for seat in video.iter().chain(audio.iter()) {
                writer.report(seat, tracks, self.ntp);
            }
        }
    }
}

/// Writes one subscriber's packets.
struct Writer<'a, S> {
    now: Instant,
    path: Path,
    sealer: &'a mut Sealer,
    bandwidth: &'a mut Estimator,
    transport: &'a mut u16,
    counters: &'a mut Counters,
    sink: &'a mut S,
}

impl<S: Sink> Writer<'_, S> {
    /// Has a packet written, encrypts it where it lies, and tells the estimator.
    #[inline]
    fn write(
        &mut self,
        cluster: Option<Cluster>,
        write: impl FnOnce(u16, &mut Vec<u8>) -> Option<Sent>,
    ) -> Option<Sent> {
        let (transport, sealer) = (*self.transport, &mut *self.sealer);
        let mut sent = None;
        self.sink.datagram(&self.path, |out| {
            let start = out.len();
            sent = write(transport, out).filter(|sent| sealer.seal_rtp(out, start, sent.sequence).is_ok());
            if sent.is_none() {
                out.truncate(start);
            }
        });
        let sent = sent?;
        *self.transport = transport.wrapping_add(1);
        self.bandwidth.sent(self.now, transport, sent.bytes + OVERHEAD, cluster);
        Some(sent)
    }

    /// Whether a source or layer began with it.
    #[inline]
    fn count_forwarded(&mut self, sent: Option<Sent>) -> bool {
        let Some(sent) = sent else { return false };
        self.counters.forwarded_packets += 1;
        self.counters.forwarded_bytes += (sent.bytes + OVERHEAD) as u64;
        self.counters.layer_switches += u64::from(sent.began);
        sent.began
    }

    /// Sends what the track has already, from its last keyframe on.
    fn catch_up(&mut self, seat: &mut Seat, tracks: &Slab<Published>) {
        let Some(published) = seat.held.and_then(|held| tracks.get(held.at)) else { return };
        let now = self.now;
        loop {
            let write =
                |transport, out: &mut Vec<u8>| seat.slot.catch_up(now, &published.track, transport, out);
            let sent = self.write(None, write);
            if sent.is_none() {
                return;
            }
            self.count_forwarded(sent);
        }
    }

    fn again(&mut self, seat: &mut Seat, tracks: &Slab<Published>, sequence: u16) {
        let now = self.now;
        let round_trip = self.bandwidth.rtt().unwrap_or(ROUND_TRIP);
        let find = |id| track_of(tracks, seat.held.map(|held| held.at), id);
        let sent = self.write(None, |transport, out| {
            seat.slot.retransmit(now, sequence, round_trip, find, transport, out)
        });
        match sent {
            Some(_) => self.counters.retransmitted_packets += 1,
            None => self.counters.nacks_unanswered += 1,
        }
    }

    fn probe(&mut self, seat: &mut Seat, tracks: &Slab<Published>, cluster: Cluster) -> Option<Sent> {
        let find = |id| track_of(tracks, seat.held.map(|held| held.at), id);
        let slot = &mut seat.slot;
        let sent =
            self.write(Some(cluster), |transport, out| slot.probe(PROBE_BYTES, find, transport, out))?;
        self.counters.probe_packets += 1;
        Some(sent)
    }

    /// A sender report: what ties this slot's timestamps to everybody's clock.
    fn report(&mut self, seat: &Seat, tracks: &Slab<Published>, ntp: u64) {
        let Some(published) = seat.held.and_then(|held| tracks.get(held.at)) else { return };
        let Some(info) = seat.slot.sender_report(self.now, ntp, &published.track) else { return };
        let report = rtcp::SenderReport {
            ssrc: info.ssrc,
            ntp: info.ntp,
            rtp: info.timestamp,
            packets: info.packets,
            bytes: info.octets,
        };
        let sealer = &mut *self.sealer;
        self.sink.datagram(&self.path, |out| {
            let start = out.len();
            rtcp::write_sender_report(out, &report, &seat.cname);
            if sealer.seal_rtcp(out, start).is_err() {
                out.truncate(start);
            }
        });
    }
}

/// The track of this number: the one at hand, if it is that, as it mostly is.
fn track_of(tracks: &Slab<Published>, at: Option<usize>, id: TrackId) -> Option<&crate::forward::Track> {
    let held = at.and_then(|at| tracks.get(at)).filter(|published| published.track.id() == id);
    Some(&held?.track)
}
