//! A participant's session: its peer connection, the tracks it publishes and the slots it receives on.

use std::time::{Duration, Instant};

use crate::{
    allocator::Allocator,
    bwe::{Estimator, Probe},
    endpoint::Endpoint,
    forward::{Clock, Slot, TrackId},
    metrics::Counters,
    model::{Path, RoomId, SessionId, SlotState, Source, Sources, View},
    speakers::AudioSlots,
};

/// A session's place in the table.
pub(crate) type Index = u32;

/// How often what fits is looked at although nothing has asked for it: layers begin and end by themselves.
pub(crate) const REVIEW: Duration = Duration::from_millis(200);

/// How often a subscriber gets sender reports (RFC 3550 §6.2 allows more in larger sessions).
pub(crate) const REPORT: Duration = Duration::from_secs(1);

/// One peer connection.
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) room: RoomId,
    /// The participant's name in data messages.
    pub(crate) name: Box<str>,
    pub(crate) endpoint: Endpoint,
    /// The participant's clock, which all it publishes shares.
    pub(crate) clock: Clock,
    /// By the endpoint's lines: where in the table of tracks what comes in on it is.
    pub(crate) publishes: Vec<Option<usize>>,
    pub(crate) video: Vec<Seat>,
    pub(crate) audio: Vec<Seat>,
    pub(crate) voices: AudioSlots,
    pub(crate) view: View,
    /// What it may send; the rest is dropped.
    pub(crate) sources: Sources,
    /// Of these something was dropped.
    pub(crate) dropped: Sources,
    /// Whom it shows, if it follows somebody.
    pub(crate) follows: Option<SessionId>,
    pub(crate) allocator: Allocator<usize>,
    pub(crate) bandwidth: Estimator,
    /// The paths it was sent by, the last ones.
    pub(crate) sent_by: Vec<Path>,
    /// The next transport-wide sequence number.
    pub(crate) transport: u16,
    pub(crate) pending: Vec<Pending>,
    /// A slot may find its first packets in a track already.
    pub(crate) catching_up: bool,
    pub(crate) probe: Option<Probe>,
    pub(crate) told: Vec<SlotState>,
    pub(crate) counters: Counters,
    /// It waits in the list of those with something to send.
    pub(crate) busy: bool,
    /// It waits in the list of those whose allocation is to be made anew.
    pub(crate) stale: bool,
    /// It waits in the list of those that something has happened to.
    pub(crate) touched: bool,
    pub(crate) review: Instant,
    pub(crate) report: Instant,
    /// When a step up in what it receives may be taken.
    pub(crate) again: Option<Instant>,
    /// Its sender reports are due, and the time they say (RFC 3550 §4).
    pub(crate) reporting: bool,
    pub(crate) ntp: u64,
    pub(crate) due: Option<Instant>,
}

/// A slot and what it is for.
pub(crate) struct Seat {
    pub(crate) slot: Slot,
    /// Whose its reports say it is (RFC 3550 §6.5.1).
    pub(crate) cname: Box<str>,
    pub(crate) held: Option<Held>,
    pub(crate) paused: bool,
    /// Packets lost on the way, by the receiver's last report.
    pub(crate) lost: i32,
}

/// The track in a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// Its place in the table of tracks.
    pub(crate) at: usize,
    pub(crate) id: TrackId,
    pub(crate) session: SessionId,
    pub(crate) source: Source,
}

/// Something to write for a subscriber.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pending {
    /// A packet of a publisher.
    Packet {
        /// Its track's place in the table.
        at: usize,
        layer: u8,
        /// As [`Session::seat_mut`] counts.
        slot: u16,
        sequence: u64,
    },
    /// A packet that the subscriber misses.
    Again { slot: u16, sequence: u16 },
}

/// A client that goes from one path to the other and back is not on another network each time.
const PATHS: usize = 8;

impl Session {
    /// The client may have chosen another path: of a network that is new nothing is known.
    pub(crate) fn note_path(&mut self, now: Instant) {
        let Some(path) = self.endpoint.path().filter(|path| !self.sent_by.contains(path)) else { return };
        if !self.sent_by.is_empty() {
            self.bandwidth.path_changed(now);
        }
        if self.sent_by.len() == PATHS {
            self.sent_by.remove(0);
        }
        self.sent_by.push(*path);
    }

    /// Video slots come first, audio slots after them.
    pub(crate) fn seat_mut(&mut self, slot: u16) -> Option<&mut Seat> {
        let slot = usize::from(slot);
        match slot.checked_sub(self.video.len()) {
            None => self.video.get_mut(slot),
            Some(slot) => self.audio.get_mut(slot),
        }
    }

    pub(crate) fn seat(&self, slot: u16) -> Option<&Seat> {
        let slot = usize::from(slot);
        self.video.get(slot).or_else(|| self.audio.get(slot.checked_sub(self.video.len())?))
    }

    /// All slots with their numbers.
    pub(crate) fn seats(&self) -> impl Iterator<Item = (u16, &Seat)> {
        (0..).zip(self.video.iter().chain(&self.audio))
    }

    /// The slot that sends with this SSRC.
    pub(crate) fn slot_of(&self, ssrc: u32) -> Option<u16> {
        let mine = |seat: &Seat| {
            let line = seat.slot.line();
            line.ssrc == ssrc || line.rtx_ssrc == Some(ssrc)
        };
        self.seats().find(|(_, seat)| mine(seat)).map(|(slot, _)| slot)
    }

    /// What all slots carry, as the subscriber is told.
    pub(crate) fn states(&self) -> Vec<SlotState> {
        let state = |(_, seat): (u16, &Seat)| SlotState {
            mid: seat.slot.line().mid.clone(),
            track: seat.held.map(|held| (held.session, held.source)),
            paused: seat.paused,
        };
        self.seats().map(state).collect()
    }
}
