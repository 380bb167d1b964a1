//! Breakout rooms: opening them, going there and back.

use std::time::Duration;

use kaigi_protocol::vocabulary::{LeaveReason, ParticipantId, RoomName};

use super::{Due, Rooms, Seat};
use crate::{
    breakouts::{Breakout, BreakoutPlan, Breakouts, Open, Until},
    model::{ConnectionId, Event, JoinOutcome, Now, Output, Refusal},
    room::{Link, Room, Waiting},
};

impl<S> Rooms<S> {
    /// A host opens breakout rooms, or opens others in their place; who is in one that is no more comes back.
    pub fn open_breakouts(
        &mut self,
        now: Now,
        connection: ConnectionId,
        plan: BreakoutPlan,
    ) -> Result<(), Refusal> {
        let whole = self.host(connection)?.room.whole();
        plan.check()?;
        if self.rooms.len() + plan.titles.len() > self.limits.rooms {
            return Err(Refusal::ServerFull { what: "rooms" });
        }
        for name in self.family(&whole) {
            if name.breakout_number().is_some_and(|number| usize::from(number) >= plan.titles.len()) {
                self.empty_into(now, &name, &whole);
            }
        }
        self.forget_timer(&whole);
        let until = plan.minutes.map(|minutes| {
            let after = Duration::from_secs(u64::from(minutes) * 60);
            Until { instant: now.instant + after, unix_ms: now.unix_ms + after.as_millis() as u64 }
        });
        if let Some(until) = until {
            self.deadlines.insert((until.instant, whole.clone(), Due::Breakouts));
        }
        if let Some(room) = self.rooms.get_mut(&whole) {
            let titles = plan.titles.iter().map(|title| title.trim().to_owned()).collect();
            room.breakouts = Some(Open { titles, until });
        }
        for (id, number) in plan.people {
            // One who has just left needs no place.
            if let Some(from) = self.room_of(&whole, &id) {
                self.transfer(now, &from, &id, &whole.breakout(number));
            }
        }
        self.tell_breakouts(&whole);
        Ok(())
    }

    /// A host calls everybody back.
    pub fn close_breakouts(&mut self, now: Now, connection: ConnectionId) -> Result<(), Refusal> {
        let whole = self.host(connection)?.room.whole();
        if self.rooms.get(&whole).is_none_or(|room| room.breakouts.is_none()) {
            return Err(Refusal::NoSuchBreakout);
        }
        self.call_back(now, &whole);
        Ok(())
    }

    /// Goes to a breakout room, or to the whole room; hosts send others.
    pub fn break_out(
        &mut self,
        now: Now,
        connection: ConnectionId,
        whom: Option<ParticipantId>,
        number: Option<u16>,
    ) -> Result<(), Refusal> {
        let (seat, member) = self.member(connection)?;
        let host = member.participant.host;
        let whole = seat.room.whole();
        let whom = whom.unwrap_or_else(|| seat.id.clone());
        if whom != seat.id && !host {
            return Err(Refusal::NotHost);
        }
        let open = self.rooms.get(&whole).and_then(|room| room.breakouts.as_ref());
        let open = open.ok_or(Refusal::NoSuchBreakout)?;
        if number.is_some_and(|number| usize::from(number) >= open.titles.len()) {
            return Err(Refusal::NoSuchBreakout);
        }
        let from = self.room_of(&whole, &whom).ok_or(Refusal::NoSuchParticipant)?;
        let there = self.rooms.get(&from).and_then(|room| room.members.get(&whom));
        if there.is_some_and(|member| member.participant.media_only) {
            return Err(Refusal::MediaOnly);
        }
        self.transfer(
            now,
            &from,
            &whom,
            &number.map_or_else(|| whole.clone(), |number| whole.breakout(number)),
        );
        self.tell_breakouts(&whole);
        Ok(())
    }

    /// Everybody comes back, and the breakout rooms are no more.
    pub(super) fn call_back(&mut self, now: Now, whole: &RoomName) {
        self.forget_timer(whole);
        for name in self.family(whole).into_iter().filter(|name| name != whole) {
            self.empty_into(now, &name, whole);
        }
        if let Some(room) = self.rooms.get_mut(whole) {
            room.breakouts = None;
            let to = room.all_connections();
            self.tell(to, Event::Breakouts(Breakouts::default()));
        }
    }

    /// The breakout rooms as those in one of these rooms see them.
    pub(super) fn breakouts_for(&self, name: &RoomName) -> Breakouts {
        let whole = name.whole();
        let people = |name: &RoomName| self.rooms.get(name).map(Room::people).unwrap_or_default();
        let open = self.rooms.get(&whole).and_then(|room| room.breakouts.as_ref());
        let Some(open) = open else { return Breakouts::default() };
        let breakout = |(number, title): (usize, &String)| Breakout {
            title: title.clone(),
            people: people(&whole.breakout(number as u16)),
        };
        Breakouts {
            rooms: open.titles.iter().enumerate().map(breakout).collect(),
            own: name.breakout_number(),
            until: open.until.map(|until| until.unix_ms),
            main: people(&whole),
        }
    }

    /// Tells everybody how the breakout rooms are, if there are any.
    pub(super) fn tell_breakouts(&mut self, whole: &RoomName) {
        if self.rooms.get(whole).is_none_or(|room| room.breakouts.is_none()) {
            return;
        }
        let all = self.breakouts_for(whole);
        for name in self.family(whole) {
            let to = self.connections(&name);
            self.tell(to, Event::Breakouts(Breakouts { own: name.breakout_number(), ..all.clone() }));
        }
    }

    fn forget_timer(&mut self, whole: &RoomName) {
        let open = self.rooms.get_mut(whole).and_then(|room| room.breakouts.as_mut());
        if let Some(until) = open.and_then(|open| open.until.take()) {
            self.deadlines.remove(&(until.instant, whole.clone(), Due::Breakouts));
        }
    }

    fn empty_into(&mut self, now: Now, from: &RoomName, to: &RoomName) {
        let people = self.rooms.get(from).map(Room::people).unwrap_or_default();
        for person in people {
            self.transfer(now, from, &person.id, to);
        }
    }

    /// Puts a participant into another room: for those here it is gone, for those there it is new, and its peer
    /// connections begin anew.
    fn transfer(&mut self, now: Now, from: &RoomName, id: &ParticipantId, to: &RoomName) {
        if from == to {
            return;
        }
        let Some(mut member) = self.rooms.get_mut(from).and_then(|room| room.members.remove(id)) else {
            return;
        };
        let rules = self.rooms.get(from).map(|room| room.rules.clone()).unwrap_or_default();
        self.outputs.push_back(Output::MediaOver { room: from.clone(), id: id.clone() });
        let left = self.connections(from);
        self.tell(left, Event::Left(id.clone(), LeaveReason::Moved));
        member.participant.incarnation = member.participant.incarnation.saturating_add(1);
        member.participant.hand = None;
        let connection = member.connection();
        match &mut member.link {
            Link::Up { connection } => {
                self.seats.insert(*connection, Seat { room: to.clone(), id: id.clone() });
            }
            Link::Lost { until, waiting, .. } => {
                *waiting = Waiting::new();
                self.deadlines.remove(&(*until, from.clone(), Due::Gone(id.clone())));
                self.deadlines.insert((*until, to.clone(), Due::Gone(id.clone())));
            }
        }
        let participant = member.participant.clone();
        let room = self.rooms.entry(to.clone()).or_insert_with(|| Room::with_rules(rules));
        let there = room.all_connections();
        room.members.insert(id.clone(), member);
        self.tell(there, Event::Joined(participant.clone()));
        self.settle(now, to, connection);
        let sources = participant.media;
        self.outputs.push_back(Output::Sources { room: to.clone(), id: id.clone(), sources });
        if let Some(joined) = self.snapshot(to, id, JoinOutcome::New) {
            self.tell(connection.into_iter().collect(), Event::Moved(Box::new(joined)));
        }
        if !self.close_if_empty(now, from) {
            self.settle(now, from, None);
        }
    }
}
