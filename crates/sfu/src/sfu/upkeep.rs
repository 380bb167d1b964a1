//! What is due by time: sessions, tracks and rooms are looked after.

use std::time::{Duration, Instant};

use crate::{
    model::{Event, RoomId},
    session::{Index, REPORT, REVIEW},
};

use super::{Sfu, Timer};

/// A probe's next packets do not leave before this.
const PACE: Duration = Duration::from_millis(1);

/// A track or room is not looked after again before this.
const SOON: Duration = Duration::from_millis(5);

/// How often layers that nobody wants are looked for.
const LAYERS: Duration = Duration::from_millis(200);

/// What is not pressing is done at multiples of this: waking costs more than what there is to do, so everybody's timers
/// share the same few moments.
const TICK_US: u64 = 10_000;

impl Sfu {
    /// Does what is due by now.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, timer)) = self.due.first().copied() {
            if at > now {
                break;
            }
            self.due.pop_first();
            match timer {
                Timer::Session(index) => {
                    if let Some(session) = self.sessions.get_mut(index as usize) {
                        session.due = None;
                    }
                    self.service(now, index);
                }
                Timer::Track(at) => self.service_track(now, at),
                Timer::Room(room) => self.service_room(now, room),
            }
        }
    }

    /// Looks after one session.
    pub(super) fn service(&mut self, now: Instant, index: Index) {
        let Some(session) = self.sessions.get_mut(index as usize) else { return };
        session.endpoint.handle_timeout(now);
        session.bandwidth.handle_timeout(now);
        if session.probe.is_none() {
            session.probe = session.bandwidth.poll_probe(now);
        }
        let mut busy = session.probe.is_some();
        if session.report <= now {
            session.report = now + REPORT;
            session.ntp = ntp(now.saturating_duration_since(self.started));
            session.reporting = true;
            busy = true;
        }
        let reviewed = session.review <= now || session.again.is_some_and(|again| again <= now);
        if reviewed {
            session.review = now + REVIEW;
            session.again = None;
        }
        let watches = !session.view.wants.is_empty() || session.view.follow.is_some();
        if busy {
            self.note_busy(index);
        }
        if reviewed && watches {
            self.note_stale(index);
        }
        self.drain(now, index);
    }

    /// Enters when a session is due next.
    pub(super) fn schedule(&mut self, now: Instant, index: Index) {
        let Some(session) = self.sessions.get_mut(index as usize) else { return };
        // What is due and could not be done yet is tried again, but not without end at the same moment.
        let later = |due: Instant| due.max(now + Duration::from_micros(1));
        // What was entered already is not put off by what comes in meanwhile.
        let soonest = session.due.filter(|due| *due > now).map_or(now + PACE, |due| due.min(now + PACE));
        let due = session
            .endpoint
            .poll_timeout()
            .into_iter()
            .chain(session.again)
            .chain([session.report, session.review])
            .min()
            .map(|due| tick(self.started, later(due)))
            .into_iter()
            .chain(session.bandwidth.poll_timeout().map(|due| due.max(soonest)))
            .min();
        if due != session.due {
            if let Some(before) = std::mem::replace(&mut session.due, due) {
                self.due.remove(&(before, Timer::Session(index)));
            }
            if let Some(due) = due {
                self.due.insert((due, Timer::Session(index)));
            }
        }
    }

    /// Asks for keyframes that are wanted, and tells the publisher which layers nobody watches.
    pub(super) fn service_track(&mut self, now: Instant, at: usize) {
        let Some(published) = self.tracks.get_mut(at) else { return };
        published.measure(now);
        let layers = published.review(now);
        let (publisher, source) = (published.publisher, published.source);
        if let Some(layers) = layers
            && let Some(session) = self.sessions.get(publisher as usize)
        {
            self.events.push_back(Event::Layers(session.id, source, layers));
        }
        // A slot that waits for a layer waits for its keyframe.
        let waiting: Vec<usize> = self.tracks[at]
            .subscribers
            .iter()
            .filter_map(|one| {
                self.sessions.get(one.session as usize)?.seat(one.slot)?.slot.wants_keyframe_of()
            })
            .collect();
        let track = &mut self.tracks[at].track;
        waiting.into_iter().for_each(|layer| track.want_keyframe(now, layer));
        self.ask_for_keyframes(now, at);
        let due = now + LAYERS;
        let due = self
            .tracks
            .get(at)
            .and_then(|one| one.track.poll_timeout())
            .map_or(due, |one| one.clamp(now, due));
        self.due.insert((tick(self.started, due.max(now + SOON)), Timer::Track(at)));
    }

    pub(super) fn ask_for_keyframes(&mut self, now: Instant, at: usize) {
        let Some(published) = self.tracks.get_mut(at) else { return };
        let (publisher, line) = (published.publisher, published.line);
        let mut asked = false;
        while let Some(layer) = self.tracks[at].track.poll_keyframe(now) {
            let Some(session) = self.sessions.get_mut(publisher as usize) else { return };
            session.counters.keyframes_asked += 1;
            session.endpoint.request_keyframe(now, line, layer);
            asked = true;
        }
        if asked {
            self.drain(now, publisher);
        }
    }

    /// Finds out who speaks.
    pub(super) fn service_room(&mut self, now: Instant, id: RoomId) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let revision = room.speakers.revision();
        let spoke = room.speakers.update(now);
        let changed = revision != room.speakers.revision();
        let due = room.speakers.poll_timeout();
        if spoke {
            self.events.push_back(Event::Speakers(id, room.speakers.speaking().to_vec()));
        }
        if spoke || changed {
            self.note_room(id);
        }
        self.due.retain(|(_, timer)| *timer != Timer::Room(id));
        if let Some(due) = due {
            self.due.insert((tick(self.started, due.max(now + SOON)), Timer::Room(id)));
        }
    }
}

/// The first shared moment that is not before `due`.
fn tick(epoch: Instant, due: Instant) -> Instant {
    let since = due.saturating_duration_since(epoch).as_micros() as u64;
    epoch + Duration::from_micros(since.next_multiple_of(TICK_US))
}

/// Seconds in 32.32 bits. They count from the start of the server, as RFC 3550 §4 allows: what they are for is to
/// tell which moments of several streams are one. They begin in 2026 because there are receivers (str0m) that take
/// all moments before 1970 for one.
fn ntp(elapsed: Duration) -> u64 {
    const BEGIN: u64 = 3_976_214_400;
    let fraction = (u64::from(elapsed.subsec_nanos()) << 32) / 1_000_000_000;
    (BEGIN + elapsed.as_secs()) << 32 | fraction
}
