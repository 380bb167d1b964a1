//! What the rest of the process and the threads tell each other about the SFU's sessions.
//!
//! Nothing here is ever lost, and everything has a bound: what says how something *is* (a view, what slots carry,
//! who speaks) replaces what was said before and not read yet; what happens once (an answer, an end) happens once
//! a session, and their number is limited where they are made. Only offers can be refused.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use kaigi_sfu::{
    CloseReason, Event, Layers, OfferError, RoomId, SessionId, SlotState, Source, Sources, View,
};
use tokio::sync::Notify;

/// Offers that may wait for a thread.
const OFFERS: usize = 256;

/// A participant's offer.
pub struct Connect {
    /// Its peer connection; one that is known offers anew.
    pub session: SessionId,
    /// Its room.
    pub room: RoomId,
    /// Its name in data messages.
    pub participant: String,
    /// The SDP.
    pub offer: String,
    /// What the client may send to, as `candidate:` attributes.
    pub candidates: Vec<String>,
}

/// The thread has as many offers waiting as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

/// What a thread is to do.
#[derive(Default)]
pub(crate) struct Orders {
    waiting: Mutex<Waiting>,
    /// The last session of which the thread has taken an offer.
    begun: AtomicU64,
}

#[derive(Default)]
pub(crate) struct Waiting {
    pub(crate) ended: Vec<SessionId>,
    pub(crate) offers: VecDeque<Connect>,
    pub(crate) views: HashMap<SessionId, View>,
    pub(crate) sources: HashMap<SessionId, Sources>,
}

impl Orders {
    pub(crate) fn connect(&self, connect: Connect) -> Result<(), Busy> {
        let mut waiting = lock(&self.waiting);
        if waiting.offers.len() >= OFFERS {
            return Err(Busy);
        }
        waiting.offers.push_back(connect);
        Ok(())
    }

    pub(crate) fn set_view(&self, session: SessionId, view: View) {
        lock(&self.waiting).views.insert(session, view);
    }

    pub(crate) fn set_sources(&self, session: SessionId, sources: Sources) {
        lock(&self.waiting).sources.insert(session, sources);
    }

    pub(crate) fn disconnect(&self, session: SessionId) {
        let mut waiting = lock(&self.waiting);
        waiting.offers.retain(|offer| offer.session != session);
        waiting.views.remove(&session);
        waiting.sources.remove(&session);
        waiting.ended.push(session);
    }

    /// Everything there is to do: ends first, for they make room; then offers, then what they may see and send.
    pub(crate) fn take(&self) -> Waiting {
        let waiting = std::mem::take(&mut *lock(&self.waiting));
        let last = waiting.offers.iter().map(|offer| offer.session.0).max();
        self.begun.fetch_max(last.unwrap_or(0), Ordering::SeqCst);
        waiting
    }

    /// The last session that was taken: when the thread panics, all up to it are gone.
    pub(crate) fn last_begun(&self) -> SessionId {
        SessionId(self.begun.load(Ordering::SeqCst))
    }
}

/// What the threads tell, gathered until it is read.
#[derive(Default)]
pub(crate) struct Reports {
    gathered: Mutex<Report>,
    any: Notify,
}

/// What has happened to sessions since the last report.
#[derive(Debug, Default)]
pub struct Report {
    /// By a thread's number: it has panicked and started anew; its sessions up to this one are gone.
    pub lost: HashMap<u16, SessionId>,
    /// Answers to offers, in the order they were made.
    pub answers: Vec<(SessionId, Result<String, OfferError>)>,
    /// ICE and DTLS are up.
    pub connected: Vec<SessionId>,
    /// Sessions that have ended by themselves.
    pub closed: Vec<(SessionId, CloseReason)>,
    /// What all slots of a session carry now.
    pub slots: HashMap<SessionId, Vec<SlotState>>,
    /// Which layers of a session's source anybody watches now.
    pub layers: HashMap<(SessionId, Source), Layers>,
    /// Who speaks in a room now.
    pub speakers: HashMap<RoomId, Vec<SessionId>>,
}

impl Reports {
    pub(crate) fn answer(&self, session: SessionId, answer: Result<String, OfferError>) {
        lock(&self.gathered).answers.push((session, answer));
        self.any.notify_one();
    }

    pub(crate) fn lost(&self, thread: u16, last: SessionId) {
        lock(&self.gathered).lost.insert(thread, last);
        self.any.notify_one();
    }

    pub(crate) fn add(&self, events: impl Iterator<Item = Event>) {
        let mut events = events.peekable();
        if events.peek().is_none() {
            return;
        }
        let mut gathered = lock(&self.gathered);
        events.for_each(|event| gathered.add(event));
        drop(gathered);
        self.any.notify_one();
    }

    /// Waits until there is something to tell.
    pub(crate) async fn take(&self) -> Report {
        loop {
            let report = std::mem::take(&mut *lock(&self.gathered));
            if !report.is_empty() {
                return report;
            }
            self.any.notified().await;
        }
    }
}

impl Report {
    fn add(&mut self, event: Event) {
        match event {
            Event::Connected(session) => self.connected.push(session),
            Event::Closed(session, reason) => {
                self.slots.remove(&session);
                self.layers.retain(|(of, _), _| *of != session);
                self.closed.push((session, reason));
            }
            Event::Slots(session, slots) => drop(self.slots.insert(session, slots)),
            Event::Layers(session, source, layers) => drop(self.layers.insert((session, source), layers)),
            Event::Speakers(room, sessions) => drop(self.speakers.insert(room, sessions)),
        }
    }

    fn is_empty(&self) -> bool {
        let Self { lost, answers, connected, closed, slots, layers, speakers } = self;
        lost.is_empty()
            && answers.is_empty()
            && connected.is_empty()
            && closed.is_empty()
            && slots.is_empty()
            && layers.is_empty()
            && speakers.is_empty()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(session: u64) -> Connect {
        Connect {
            session: SessionId(session),
            room: RoomId(1),
            participant: String::new(),
            offer: String::new(),
            candidates: Vec::new(),
        }
    }

    #[test]
    fn offers_have_a_bound_and_the_last_view_counts() {
        let orders = Orders::default();
        let taken = (0..1_000).filter(|n| orders.connect(offer(*n)).is_ok()).count();
        assert_eq!(taken, OFFERS);
        orders.set_view(SessionId(3), View::default());
        let low = View { receive: kaigi_sfu::Receive::Low, ..View::default() };
        orders.set_view(SessionId(3), low.clone());
        orders.set_sources(SessionId(3), Sources::ALL);
        orders.set_sources(SessionId(3), Sources::NONE);
        let Waiting { offers, views, sources, ended } = orders.take();
        assert_eq!((offers.len(), ended.len()), (OFFERS, 0));
        assert_eq!(sources, HashMap::from([(SessionId(3), Sources::NONE)]));
        assert_eq!(views, HashMap::from([(SessionId(3), low)]));
    }

    #[test]
    fn what_ends_before_it_began_is_not_begun() {
        let orders = Orders::default();
        orders.connect(offer(1)).unwrap();
        orders.connect(offer(2)).unwrap();
        orders.set_view(SessionId(1), View::default());
        orders.set_sources(SessionId(1), Sources::NONE);
        orders.disconnect(SessionId(1));
        let Waiting { offers, views, sources, ended } = orders.take();
        assert_eq!(offers.iter().map(|offer| offer.session.0).collect::<Vec<_>>(), [2]);
        assert_eq!((views.len(), sources.len(), ended), (0, 0, vec![SessionId(1)]));
    }

    #[tokio::test]
    async fn what_nobody_reads_is_replaced_by_what_is_so_now() {
        let reports = Reports::default();
        let slot = |mid: u32| SlotState { mid: mid.to_string(), track: None, paused: false };
        for mid in 0..10_000 {
            let layers = Layers([mid % 2 == 0; 3]);
            let events = [
                Event::Slots(SessionId(1), vec![slot(mid)]),
                Event::Layers(SessionId(1), Source::Camera, layers),
                Event::Speakers(RoomId(1), vec![SessionId(u64::from(mid))]),
            ];
            reports.add(events.into_iter());
        }
        let report = reports.take().await;
        assert_eq!((report.slots.len(), report.layers.len(), report.speakers.len()), (1, 1, 1));
        assert_eq!(report.slots[&SessionId(1)][0].mid, "9999");
        assert_eq!(report.speakers[&RoomId(1)], [SessionId(9999)]);
        // Once a session has ended, nothing of it is told any more.
        let events =
            [Event::Slots(SessionId(1), vec![slot(1)]), Event::Closed(SessionId(1), CloseReason::Closed)];
        reports.add(events.into_iter());
        let report = reports.take().await;
        assert_eq!((report.slots.len(), report.closed.len()), (0, 1));
    }
}
