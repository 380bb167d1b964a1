//! In a large room, who comes, goes and changes is gathered for a moment and told to everybody at once: a thousand who come in
//! ten seconds are a million events otherwise. In a room of usual size everything is told as it happens.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use kaigi_protocol::vocabulary::{LeaveReason, ParticipantId, RoomName, limits};

use super::{Due, Rooms, Seat};
use crate::{
    chat::ChatLine,
    model::{Event, Now, Participant, Roster},
};

/// How long news are gathered.
pub(crate) const GATHER: Duration = Duration::from_millis(250);

/// What there is to tell about the people of a room.
pub(super) enum News {
    Joined(Participant),
    Updated(Participant),
    Left(ParticipantId, LeaveReason),
    Chat(ChatLine),
}

/// News of a room that wait to be told. Bounded by what can happen in so short a time.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) due: Instant,
    /// In the order of their first change.
    changed: Vec<ParticipantId>,
    known: HashSet<ParticipantId>,
    left: Vec<(ParticipantId, LeaveReason)>,
    chat: Vec<ChatLine>,
}

impl Gathered {
    fn until(due: Instant) -> Self {
        Self { due, changed: Vec::new(), known: HashSet::new(), left: Vec::new(), chat: Vec::new() }
    }

    fn add(&mut self, news: News) {
        match news {
            News::Joined(who) | News::Updated(who) => {
                if self.known.insert(who.id.clone()) {
                    self.changed.push(who.id);
                }
            }
            News::Left(id, reason) => self.left.push((id, reason)),
            News::Chat(line) => self.chat.push(line),
        }
    }
}

impl<S> Rooms<S> {
    /// Tells all but the one it is about, now or in a moment.
    pub(super) fn tell_news(&mut self, seat: &Seat, news: News) {
        let Some(room) = self.rooms.get_mut(&seat.room) else { return };
        let large = room.members.len() >= limits::GATHERED_FROM;
        match (&mut room.gathered, self.latest) {
            (Some(gathered), _) => gathered.add(news),
            // Since the last call that told the time it can only have got later; then these are told sooner.
            (none, Some(latest)) if large => {
                let due = latest + GATHER;
                none.insert(Gathered::until(due)).add(news);
                self.deadlines.insert((due, seat.room.clone(), Due::News));
            }
            _ => {
                let to = room.connections(&seat.id);
                self.tell(
                    to,
                    match news {
                        News::Joined(who) => Event::Joined(who),
                        News::Updated(who) => Event::Updated(who),
                        News::Left(id, reason) => Event::Left(id, reason),
                        News::Chat(line) => Event::Chat(line),
                    },
                );
            }
        }
    }

    /// Tells what was gathered, to those as well who have come meanwhile: it is how things are now.
    pub(super) fn tell_gathered(&mut self, name: &RoomName) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let Some(Gathered { due, changed, left, chat, .. }) = room.gathered.take() else { return };
        self.deadlines.remove(&(due, name.clone(), Due::News));
        let here = |id: &ParticipantId| room.members.get(id).map(|member| member.participant.clone());
        let participants = changed.iter().filter_map(here).collect();
        let left = left.into_iter().filter(|(id, _)| here(id).is_none()).collect();
        let to = room.all_connections();
        self.tell(to, Event::Roster(Box::new(Roster { participants, left, chat })));
    }

    pub(super) fn note_time(&mut self, now: Now) {
        self.latest = Some(now.instant);
    }
}
