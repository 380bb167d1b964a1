//! A room: who is in it, what is published in it, and who speaks.

use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, Instant},
};

use foldhash::fast::RandomState;

use crate::{
    forward::{Codec, Track},
    metrics::Counters,
    model::{Layers, RoomId, Source},
    session::Index,
    speakers::{Speakers, VoiceId},
};

/// How long nobody has wanted a layer when its publisher is told to pause it.
const UNWANTED: Duration = Duration::from_secs(2);

/// The sessions of one room.
pub(crate) struct Room {
    /// In the order they came.
    pub(crate) members: BTreeSet<Index>,
    /// By participant: the newest session.
    pub(crate) names: HashMap<Box<str>, Index, RandomState>,
    pub(crate) speakers: Speakers,
    /// What sessions that are gone have counted.
    pub(crate) counters: Counters,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self {
            members: BTreeSet::new(),
            names: HashMap::default(),
            speakers: Speakers::new(),
            counters: Counters::default(),
        }
    }
}

/// A track and those who receive it.
pub(crate) struct Published {
    pub(crate) track: Track,
    pub(crate) room: RoomId,
    pub(crate) publisher: Index,
    /// The publisher's m-line, as the endpoint counts.
    pub(crate) line: usize,
    pub(crate) source: Source,
    pub(crate) codec: Codec,
    /// Among the room's speakers, if it is sound.
    pub(crate) voice: Option<VoiceId>,
    pub(crate) subscribers: Vec<Subscriber>,
    /// What each layer takes, bits per second; of one that is not sent now, what it took when it was. 0: never sent.
    pub(crate) bitrates: [u64; 3],
    wanted: Wanted,
}

/// A slot that a track fills.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subscriber {
    pub(crate) session: Index,
    pub(crate) slot: u16,
    /// A bit for each layer whose packets the slot can use.
    pub(crate) uses: u8,
    /// A bit for each layer the slot would have if the publisher sent it.
    pub(crate) asks: u8,
}

/// Which layers anybody wants, and what the publisher was told.
#[derive(Default)]
struct Wanted {
    /// Since when nobody wants it; the publisher begins with all of them.
    unwanted: [Option<Instant>; 3],
    paused: [bool; 3],
}

impl Published {
    pub(crate) fn new(
        track: Track,
        (room, publisher, line): (RoomId, Index, usize),
        source: Source,
        codec: Codec,
        voice: Option<VoiceId>,
    ) -> Self {
        Self {
            track,
            room,
            publisher,
            line,
            source,
            codec,
            voice,
            subscribers: Vec::new(),
            bitrates: [0; 3],
            wanted: Wanted::default(),
        }
    }

    /// Enters, changes or (with nothing used and nothing asked for) removes a subscriber.
    pub(crate) fn subscribe(&mut self, subscriber: Subscriber) {
        let same = |other: &Subscriber| other.session == subscriber.session && other.slot == subscriber.slot;
        let at = self.subscribers.iter().position(same);
        match (at, subscriber.uses | subscriber.asks) {
            (Some(at), 0) => drop(self.subscribers.swap_remove(at)),
            (Some(at), _) => self.subscribers[at] = subscriber,
            (None, 0) => {}
            (None, _) => self.subscribers.push(subscriber),
        }
    }

    /// Measures what the layers take; to be called a few times a second.
    pub(crate) fn measure(&mut self, now: Instant) {
        for (bitrate, layer) in self.bitrates.iter_mut().zip(self.track.layers()) {
            let measured = layer.bitrate(now);
            if layer.active(now) && measured > 0 {
                *bitrate = if *bitrate == 0 { measured } else { (*bitrate * 3 + measured) / 4 };
            }
        }
    }

    /// What the publisher is to be told, if it is anything new. Wanted layers are resumed at once; unwanted ones
    /// are paused after a while. The lowest is always sent: whoever comes sees something at once.
    pub(crate) fn review(&mut self, now: Instant) -> Option<Layers> {
        let count = self.track.layers().len().min(3);
        if count < 2 {
            return None;
        }
        let bits = self.subscribers.iter().fold(1, |bits, one| bits | one.uses | one.asks);
        let before = self.wanted.paused;
        for layer in 0..count {
            let since = &mut self.wanted.unwanted[layer];
            if bits & 1 << layer != 0 {
                *since = None;
                self.wanted.paused[layer] = false;
            } else if now.saturating_duration_since(*since.get_or_insert(now)) >= UNWANTED {
                self.wanted.paused[layer] = true;
            }
        }
        (self.wanted.paused != before).then(|| Layers(self.wanted.paused.map(|paused| !paused)))
    }
}
