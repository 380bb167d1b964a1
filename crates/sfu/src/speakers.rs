//! Who speaks in a room, and whose sound is worth a slot.
//!
//! [`Speakers`] judges a room once: [`Speakers::heard`] for every audio packet, [`Speakers::update`] now and then.
//! It keeps all voices in one order in which nobody is overtaken for a moment's noise; each subscriber's
//! [`AudioSlots`] take the first few of it that are not his own, and leave alone what need not change.
//!
//! Only the level of RFC 6464 is used. Its V bit is not: browsers do not agree on what it means.

use std::time::{Duration, Instant};

use crate::model::{SessionId, Source};

/// How often the order is made anew.
const PERIOD: Duration = Duration::from_millis(50);
/// At most so many are told to be speaking.
const MOST_SPEAKERS: usize = 5;

/// Loudness is 127 less the level: 0 is silence, 127 full scale, both in dB.
const SILENT_LEVEL: u8 = 127;
/// What a packet without a level counts as: speech, but softer than any real one.
const ASSUMED_LEVEL: u8 = 50;
/// From here on it is speech; it ends a little below.
const SPEECH: f32 = 72.0;
const SPEECH_ENDS: f32 = 64.0;
/// So much louder is clearly louder, in dB.
const MARGIN: f32 = 6.0;

/// Time constants, in seconds. For slots speech must be noticed at once; to be the speaker it has to last about 300 ms.
const QUICK: Filter = Filter { rise: 0.04, fall: 0.4 };
const LASTING: Filter = Filter { rise: 0.2, fall: 0.5 };

/// A voice keeps its place for so long after it got there or last spoke.
const HOLD: Duration = Duration::from_millis(1500);
/// A dominant speaker who goes on speaking keeps his place for so long.
const DOMINANCE: Duration = Duration::from_millis(1000);
/// Nothing came for so long: it is silence that is not sent (DTX), not a packet that is late.
const SILENCE_AFTER: Duration = Duration::from_millis(60);

/// A voice of one room; never given to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct VoiceId {
    place: u32,
    serial: u32,
}

/// All voices of one room.
#[derive(Debug, Default)]
pub(crate) struct Speakers {
    voices: Voices,
    /// Screen sound in the order it came, then microphones: the most deserving first.
    order: Vec<VoiceId>,
    /// Loudest first.
    speaking: Vec<Speaking>,
    sessions: Vec<SessionId>,
    revision: u64,
    /// None while all is silent.
    due: Option<Instant>,
    last: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Speaking {
    voice: VoiceId,
    session: SessionId,
    /// When it won its place.
    since: Instant,
}

#[derive(Clone, Debug)]
struct Voice {
    session: SessionId,
    source: Source,
    quick: f32,
    lasting: f32,
    last: Option<Instant>,
    /// When it last was speech, for slots and for speaking.
    sounded: Option<Instant>,
    spoke: Option<Instant>,
    /// When it last overtook another.
    rose: Option<Instant>,
}

impl Speakers {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds [`Source::Microphone`] or [`Source::ScreenAudio`] of a session.
    pub(crate) fn add(&mut self, session: SessionId, source: Source) -> VoiceId {
        let voice = Voice {
            session,
            source,
            quick: 0.0,
            lasting: 0.0,
            last: None,
            sounded: None,
            spoke: None,
            rose: None,
        };
        let id = self.voices.add(voice);
        let place = if source == Source::ScreenAudio { self.pinned() } else { self.order.len() };
        self.order.insert(place, id);
        self.revision += 1;
        id
    }

    pub(crate) fn remove(&mut self, id: VoiceId) {
        if self.voices.remove(id).is_none() {
            return;
        }
        self.order.retain(|other| *other != id);
        self.speaking.retain(|speaking| speaking.voice != id);
        self.revision += 1;
        self.due = self.last;
    }

    /// A packet came; `level` is -dBov, 0 to 127 (RFC 6464 §3), `None` where the publisher does not tell.
    pub(crate) fn heard(&mut self, now: Instant, id: VoiceId, level: Option<u8>) {
        if let Some(voice) = self.voices.at_mut(id) {
            voice.heard(now, level.unwrap_or(ASSUMED_LEVEL));
            self.last = Some(now);
            self.due.get_or_insert(now);
        }
    }

    /// Makes the order anew if it is time. Whether [`Speakers::speaking`] has changed.
    pub(crate) fn update(&mut self, now: Instant) -> bool {
        if self.due.is_none_or(|due| now < due) {
            return false;
        }
        let mut silent = true;
        for id in &self.order {
            if let Some(voice) = self.voices.at_mut(*id) {
                voice.settle(now);
                silent &= voice.quick < 1.0 && voice.lasting < 1.0;
            }
        }
        self.rank(now);
        self.find_speakers(now);
        self.due = (!silent || !self.speaking.is_empty()).then_some(now + PERIOD);
        let sessions = self.speaking.iter().map(|speaking| speaking.session);
        let changed = !sessions.clone().eq(self.sessions.iter().copied());
        if changed {
            self.sessions = sessions.collect();
        }
        changed
    }

    /// Who speaks, the dominant speaker first; at most [`MOST_SPEAKERS`].
    pub(crate) fn speaking(&self) -> &[SessionId] {
        &self.sessions
    }

    /// Whose voice and what of him it is, the most deserving first.
    pub(crate) fn order(&self) -> impl Iterator<Item = (VoiceId, SessionId, Source)> + '_ {
        self.order.iter().filter_map(|id| self.voices.at(*id).map(|voice| (*id, voice.session, voice.source)))
    }

    /// Another number, another order.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// When [`Speakers::update`] is due; never while all is silent.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    fn pinned(&self) -> usize {
        self.order
            .iter()
            .take_while(|id| self.voices.at(**id).is_some_and(|voice| voice.source == Source::ScreenAudio))
            .count()
    }

    /// An insertion sort, in which a voice overtakes another only where it may.
    fn rank(&mut self, now: Instant) {
        let pinned = self.pinned();
        let mut changed = false;
        for start in pinned + 1..self.order.len() {
            let mut place = start;
            while place > pinned && self.overtakes(now, self.order[place], self.order[place - 1]) {
                self.order.swap(place, place - 1);
                place -= 1;
            }
            if place != start {
                changed = true;
                if let Some(voice) = self.voices.at_mut(self.order[place]) {
                    voice.rose = Some(now);
                }
            }
        }
        self.revision += u64::from(changed);
    }

    fn overtakes(&self, now: Instant, challenger: VoiceId, holder: VoiceId) -> bool {
        let (Some(challenger), Some(holder)) = (self.voices.at(challenger), self.voices.at(holder)) else {
            return false;
        };
        let held = [holder.rose, holder.sounded].into_iter().flatten().max();
        challenger.quick >= SPEECH
            && challenger.quick >= holder.quick + MARGIN
            && match holder.quick >= SPEECH_ENDS {
                // Both speak: a place once won is kept for a while.
                true => passed(now, holder.rose, HOLD),
                false => passed(now, held, HOLD),
            }
    }

    fn find_speakers(&mut self, now: Instant) {
        let (voices, speaking) = (&self.voices, &mut self.speaking);
        speaking.retain(|one| voices.at(one.voice).is_some_and(|voice| !passed(now, voice.spoke, HOLD)));
        for &id in &self.order {
            let Some(voice) = voices.at(id) else { continue };
            if voice.source == Source::Microphone
                && voice.lasting >= SPEECH
                && speaking.iter().all(|one| one.voice != id)
            {
                speaking.push(Speaking { voice: id, session: voice.session, since: now });
            }
        }
        for start in 1..speaking.len() {
            let mut place = start;
            while place > 0 {
                let (before, one) = (speaking[place - 1], speaking[place]);
                let (Some(holder), Some(challenger)) = (voices.at(before.voice), voices.at(one.voice)) else {
                    break;
                };
                let louder = challenger.lasting >= SPEECH && challenger.lasting >= holder.lasting + MARGIN;
                if !louder || !passed(now, Some(before.since), DOMINANCE) {
                    break;
                }
                speaking.swap(place, place - 1);
                speaking[place - 1].since = now;
                place -= 1;
            }
        }
        speaking.truncate(MOST_SPEAKERS);
    }
}

/// Voices by number.
#[derive(Debug, Default)]
struct Voices {
    places: Vec<(u32, Option<Voice>)>,
    added: u32,
}

impl Voices {
    fn add(&mut self, voice: Voice) -> VoiceId {
        self.added = self.added.wrapping_add(1);
        let serial = self.added;
        let place = match self.places.iter().position(|(_, voice)| voice.is_none()) {
            Some(free) => {
                self.places[free] = (serial, Some(voice));
                free
            }
            None => {
                self.places.push((serial, Some(voice)));
                self.places.len() - 1
            }
        };
        VoiceId { place: place as u32, serial }
    }

    fn remove(&mut self, id: VoiceId) -> Option<Voice> {
        self.places.get_mut(id.place as usize).filter(|(serial, _)| *serial == id.serial)?.1.take()
    }

    fn at(&self, id: VoiceId) -> Option<&Voice> {
        self.places.get(id.place as usize).filter(|(serial, _)| *serial == id.serial)?.1.as_ref()
    }

    fn at_mut(&mut self, id: VoiceId) -> Option<&mut Voice> {
        self.places.get_mut(id.place as usize).filter(|(serial, _)| *serial == id.serial)?.1.as_mut()
    }
}

impl Voice {
    fn heard(&mut self, now: Instant, level: u8) {
        let seconds = self.last.map_or(0.02, |last| now.saturating_duration_since(last).as_secs_f32());
        self.take(now, f32::from(SILENT_LEVEL.saturating_sub(level)), seconds.min(1.0));
    }

    /// Silence that nobody sent, up to now.
    fn settle(&mut self, now: Instant) {
        if let Some(last) = self.last {
            let silent = now.saturating_duration_since(last);
            if silent >= SILENCE_AFTER {
                self.take(now, 0.0, silent.as_secs_f32());
            }
        }
        if self.quick >= SPEECH_ENDS {
            self.sounded = Some(now);
        }
        if self.lasting >= SPEECH || (self.lasting >= SPEECH_ENDS && self.spoke.is_some()) {
            self.spoke = Some(now);
        }
    }

    fn take(&mut self, now: Instant, loudness: f32, seconds: f32) {
        self.quick = QUICK.next(self.quick, loudness, seconds);
        self.lasting = LASTING.next(self.lasting, loudness, seconds);
        self.last = Some(now);
    }
}

/// A low-pass of the first order. The rational form of its step is always stable and needs no exponential.
struct Filter {
    rise: f32,
    fall: f32,
}

impl Filter {
    fn next(&self, value: f32, toward: f32, seconds: f32) -> f32 {
        let constant = if toward > value { self.rise } else { self.fall };
        value + (toward - value) * seconds / (constant + seconds)
    }
}

fn passed(now: Instant, since: Option<Instant>, long: Duration) -> bool {
    since.is_none_or(|since| now.saturating_duration_since(since) >= long)
}

/// What one subscriber's audio slots carry.
#[derive(Debug)]
pub(crate) struct AudioSlots {
    slots: Vec<Option<VoiceId>>,
    revision: Option<u64>,
    hears: Hears,
}

/// Whose sound is worth a slot to a subscriber.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Hears {
    #[default]
    Everybody,
    One(SessionId),
    Nobody,
}

impl AudioSlots {
    pub(crate) fn new(slots: usize) -> Self {
        Self { slots: vec![None; slots], revision: None, hears: Hears::Everybody }
    }

    /// What is assigned from now on.
    pub(crate) fn listen_to(&mut self, hears: Hears) {
        if self.hears != hears {
            (self.hears, self.revision) = (hears, None);
        }
    }

    /// Fills the slots with the first of the room's order that are not the subscriber's own. Screen sound gets at
    /// most half of them while voices could use the rest. Who stays, stays in his slot. Whether anything changed.
    pub(crate) fn assign(&mut self, speakers: &Speakers, own: SessionId) -> bool {
        if self.revision == Some(speakers.revision()) {
            return false;
        }
        self.revision = Some(speakers.revision());
        let hears = |one: SessionId| match self.hears {
            Hears::Everybody => one != own,
            Hears::One(only) => one == only,
            Hears::Nobody => false,
        };
        let chosen = choose(speakers, hears, self.slots.len());
        let mut changed = false;
        for slot in &mut self.slots {
            if slot.is_some_and(|id| !chosen.contains(&id)) {
                *slot = None;
                changed = true;
            }
        }
        for id in chosen {
            if self.slots.contains(&Some(id)) {
                continue;
            }
            if let Some(slot) = self.slots.iter_mut().find(|slot| slot.is_none()) {
                *slot = Some(id);
                changed = true;
            }
        }
        changed
    }

    pub(crate) fn slots(&self) -> &[Option<VoiceId>] {
        &self.slots
    }
}

fn choose(speakers: &Speakers, hears: impl Fn(SessionId) -> bool, slots: usize) -> Vec<VoiceId> {
    let heard = || speakers.order().filter(|(_, session, _)| hears(*session));
    let screens = || heard().filter(|(.., source)| *source == Source::ScreenAudio);
    let voices = || heard().filter(|(.., source)| *source != Source::ScreenAudio);
    let pinned = slots.div_ceil(2);
    let first = screens().take(pinned).chain(voices());
    first.chain(screens().skip(pinned)).take(slots).map(|(id, ..)| id).collect()
}

#[cfg(test)]
mod tests;
