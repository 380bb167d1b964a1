//! Who gets what: from what subscribers want, what their networks carry and what there is, to slots.

use std::time::Instant;

use crate::{
    allocator::{self, Allocation, Candidate, Demand, LAYERS},
    model::{Event, SessionId, Source, Want},
    room::Subscriber,
    seats::seat,
    session::{Held, Index, Session},
    speakers::Hears,
};

use super::Sfu;

/// What one voice takes, bits per second: Opus as browsers send it, and its headers.
const VOICE: u64 = 45_000;

/// What has a picture.
const VIDEOS: [Source; 2] = [Source::Screen, Source::Camera];

/// A video that a subscriber shows, of one who is here.
struct Wanted {
    whose: Index,
    source: Source,
    height: u16,
    preferred: bool,
}

impl Sfu {
    /// Makes the allocations anew of those for whom something has changed.
    pub(super) fn settle(&mut self, now: Instant) {
        while let Some(index) = self.stale.pop() {
            let Some(session) = self.sessions.get_mut(index as usize) else { continue };
            session.stale = false;
            self.allocate_voices(index);
            self.allocate_videos(now, index);
            self.tell_slots(index);
            self.note_touched(index);
        }
    }

    fn allocate_voices(&mut self, index: Index) {
        let session = &self.sessions[index as usize];
        let Some(room) = self.rooms.get(&session.room) else { return };
        let hears = match &session.view.hears {
            None => Hears::Everybody,
            Some(name) => {
                let one = room.names.get(&**name).and_then(|one| self.sessions.get(*one as usize));
                one.map_or(Hears::Nobody, |one| Hears::One(one.id))
            }
        };
        let session = &mut self.sessions[index as usize];
        session.voices.listen_to(hears);
        if !session.voices.assign(&room.speakers, session.id) {
            return;
        }
        let heard: Vec<_> = session
            .voices
            .slots()
            .iter()
            .map(|voice| {
                let voice = (*voice)?;
                let (_, session, source) = room.speakers.order().find(|(id, ..)| *id == voice)?;
                Some((session, source))
            })
            .collect();
        let held: Vec<_> =
            heard.into_iter().map(|one| one.and_then(|(id, source)| self.hold(id, source))).collect();
        let videos = self.sessions[index as usize].video.len();
        for (at, held) in held.into_iter().enumerate() {
            self.fill(index, videos + at, held, held.map(|_| 0), held.map(|_| 0), false);
        }
    }

    fn allocate_videos(&mut self, now: Instant, index: Index) {
        let follows = self.whom_to_follow(now, index);
        self.sessions[index as usize].follows = follows;
        let session = &self.sessions[index as usize];
        let slots = session.video.len();
        let Some(room) = self.rooms.get(&session.room) else { return };
        let speaking = room.speakers.speaking().first();
        let mut candidates = Vec::with_capacity(session.view.wants.len());
        let followed = follows.and_then(|whose| self.by_id.get(&whose)).zip(session.view.follow.as_ref());
        let followed = followed.into_iter().flat_map(|(&whose, follow)| {
            VIDEOS.map(|source| Wanted { whose, source, height: follow.height, preferred: true })
        });
        let followed = followed.filter(|want| self.is_coming(now, want.whose, want.source));
        let named = session.view.wants.iter().filter_map(|want| {
            let &Want { ref participant, source, height, preferred } = want;
            Some(Wanted { whose: *room.names.get(&**participant)?, source, height, preferred })
        });
        for want in followed.chain(named).filter(|want| want.whose != index) {
            let Some(at) = self.find_track(want.whose, want.source) else { continue };
            if candidates.iter().any(|one: &Candidate<usize>| one.key == at) {
                continue;
            }
            candidates.push(Candidate {
                key: at,
                source: want.source,
                preferred: want.preferred,
                speaking: speaking.is_some_and(|speaking| self.by_id.get(speaking) == Some(&want.whose)),
                height: want.height,
                layers: self.layers(now, at),
            });
        }
        let audio = session.audio.iter().filter(|seat| seat.held.is_some()).count() as u64 * VOICE;
        let demand = Demand {
            estimate: Some(session.bandwidth.estimate()),
            audio,
            receive: session.view.receive,
            slots,
            candidates: &candidates,
        };
        let session = &mut self.sessions[index as usize];
        let Allocation { choices, desired, again } = session.allocator.allocate(now, &demand);
        session.bandwidth.set_desired(desired);
        session.again = again;

        let wanted: Vec<usize> = choices
            .iter()
            .filter(|choice| choice.paused || choice.layer.is_some() || choice.asks.is_some())
            .map(|choice| choice.key)
            .collect();
        let before: Vec<_> = session.video.iter().map(|seat| seat.held.map(|held| held.at)).collect();
        for (slot, at) in seat(&before, &wanted).into_iter().enumerate() {
            let choice = at.and_then(|at| choices.iter().find(|choice| choice.key == at));
            let held = at.and_then(|at| self.held(at));
            let (layer, asks) =
                (choice.and_then(|choice| choice.layer), choice.and_then(|choice| choice.asks));
            self.fill(index, slot, held, layer, asks, choice.is_some_and(|choice| choice.paused));
        }
    }

    /// Whose videos a subscriber sees who follows somebody. Where that is whoever speaks: who speaks and has a picture;
    /// while nobody does, who did last; before anybody has, who has been here longest.
    fn whom_to_follow(&self, now: Instant, index: Index) -> Option<SessionId> {
        let session = self.sessions.get(index as usize)?;
        let room = self.rooms.get(&session.room)?;
        let one = match &session.view.follow.as_ref()?.participant {
            Some(name) => room.names.get(&**name).copied(),
            None => {
                let speaking = room.speakers.speaking().iter().chain(&session.follows);
                let speaking = speaking.filter_map(|id| self.by_id.get(id).copied());
                let has_picture = |one| VIDEOS.into_iter().any(|source| self.is_coming(now, one, source));
                let all = speaking.chain(room.members.iter().copied());
                all.filter(|one| *one != index).find(|one| has_picture(*one))
            }
        };
        self.sessions.get(one? as usize).map(|session| session.id)
    }

    fn is_coming(&self, now: Instant, whose: Index, source: Source) -> bool {
        let track = self.find_track(whose, source).and_then(|at| self.tracks.get(at));
        track.is_some_and(|published| published.track.layers().iter().any(|layer| layer.active(now)))
    }

    /// A track's layers as the allocator sees them.
    fn layers(&self, now: Instant, at: usize) -> [Option<allocator::Layer>; LAYERS] {
        let mut layers = [None; LAYERS];
        let Some(published) = self.tracks.get(at) else { return layers };
        for ((seen, layer), bitrate) in
            layers.iter_mut().zip(published.track.layers()).zip(published.bitrates)
        {
            *seen = Some(allocator::Layer { bitrate, height: layer.height(), active: layer.active(now) });
        }
        layers
    }

    fn hold(&self, session: SessionId, source: Source) -> Option<Held> {
        self.held(self.find_track(*self.by_id.get(&session)?, source)?)
    }

    fn held(&self, at: usize) -> Option<Held> {
        let published = self.tracks.get(at)?;
        let session = self.sessions.get(published.publisher as usize)?.id;
        Some(Held { at, id: published.track.id(), session, source: published.source })
    }

    /// Puts a track, or nothing, into a slot.
    fn fill(
        &mut self,
        index: Index,
        slot: usize,
        held: Option<Held>,
        layer: Option<usize>,
        asks: Option<usize>,
        paused: bool,
    ) {
        let Some(session) = self.sessions.get_mut(index as usize) else { return };
        let Some(seat) = session.seat_mut(slot as u16) else { return };
        let before = std::mem::replace(&mut seat.held, held);
        seat.paused = paused;
        let assigned = held.zip(layer).map(|(held, layer)| (held.id, layer));
        if seat.slot.assigned() != assigned {
            seat.slot.assign(assigned);
            session.catching_up = true;
            self.note_busy(index);
        }
        if let Some(before) = before.filter(|before| held.is_none_or(|held| held.at != before.at)) {
            self.subscribe(index, slot, before.at, 0, 0);
        }
        if let Some(held) = held {
            self.refresh_uses(index, slot, held.at, asks);
        }
    }

    /// Enters which layers' packets a slot can use: of the one it shows and of the one it waits for.
    fn refresh_uses(&mut self, index: Index, slot: usize, at: usize, asks: Option<usize>) {
        let Some(seat) =
            self.sessions.get_mut(index as usize).and_then(|session| session.seat_mut(slot as u16))
        else {
            return;
        };
        let bit = |layer: usize| 1u8.checked_shl(layer as u32).unwrap_or(0);
        let id = seat.held.map(|held| held.id);
        let of = |state: Option<(crate::forward::TrackId, usize)>| {
            state.filter(|(track, _)| Some(*track) == id).map_or(0, |(_, layer)| bit(layer))
        };
        let uses = of(seat.slot.current()) | of(seat.slot.assigned());
        self.subscribe(index, slot, at, uses, asks.map_or(0, bit));
    }

    fn subscribe(&mut self, index: Index, slot: usize, at: usize, uses: u8, asks: u8) {
        if let Some(published) = self.tracks.get_mut(at) {
            published.subscribe(Subscriber { session: index, slot: slot as u16, uses, asks });
        }
    }

    fn tell_slots(&mut self, index: Index) {
        let session: &mut Session = &mut self.sessions[index as usize];
        let states = session.states();
        if states != session.told {
            session.told.clone_from(&states);
            self.events.push_back(Event::Slots(session.id, states));
        }
    }
}
