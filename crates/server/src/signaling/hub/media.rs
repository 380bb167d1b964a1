//! Peer connections to the server: requests on their way to the bridge, and what comes back from it.

use std::sync::Arc;

use kaigi_protocol::{
    vocabulary::{ErrorCode, Topology},
    wire,
};
use kaigi_room::ConnectionId;
use kaigi_worker::sfu::SessionId;

use super::{Hub, State, now};
use crate::{
    bridge::{Offer, Reply, Told},
    signaling::convert,
    visitor::Visitor,
};

impl Hub {
    /// An offer for the server. Its answer takes a while; what the client asks meanwhile is answered before.
    pub(crate) fn connect_media(
        self: &Arc<Self>,
        connection: ConnectionId,
        visitor: &Visitor,
        request: wire::MediaOffer,
        reply: Reply,
    ) {
        match self.reaching.candidates(visitor) {
            Ok(candidates) => self.offer(connection, request, candidates, reply),
            Err(name) => {
                let (hub, visitor) = (self.clone(), visitor.clone());
                tokio::spawn(async move {
                    let candidates = hub.reaching.look_up(&visitor, name).await;
                    hub.offer(connection, request, candidates, reply);
                });
            }
        }
    }

    /// Where a client may send to.
    pub(super) async fn candidates(&self, visitor: &Visitor) -> Vec<String> {
        match self.reaching.candidates(visitor) {
            Ok(candidates) => candidates,
            Err(name) => self.reaching.look_up(visitor, name).await,
        }
    }

    fn offer(
        &self,
        connection: ConnectionId,
        request: wire::MediaOffer,
        candidates: Vec<String>,
        reply: Reply,
    ) {
        let mut state = self.lock();
        let State { rooms, bridge, .. } = &mut *state;
        match rooms.place(connection) {
            Ok(place) if place.topology == Topology::Routed => {
                let offer = Offer { request, candidates, sources: place.sources, sees: place.sees };
                bridge.connect(now().instant, place.room, place.id, offer, reply);
            }
            Ok(_) => {
                let message = "this room's media does not go through the server now".into();
                reply(wire::Answer::Error(wire::Error { code: ErrorCode::NotRouted, message }));
            }
            Err(refusal) => reply(wire::Answer::Error(convert::refusal(refusal))),
        }
        self.deadline.notify_one();
    }

    /// A client closes its peer connection to the server, if it has one.
    pub(crate) fn disconnect_media(
        &self,
        connection: ConnectionId,
        reply: impl FnOnce(wire::Answer<wire::Empty>),
    ) {
        let mut state = self.lock();
        let State { rooms, bridge, .. } = &mut *state;
        reply(match rooms.place(connection) {
            Ok(place) => {
                bridge.disconnect(place.room, place.id);
                wire::Answer::Ok(wire::Empty {})
            }
            Err(refusal) => wire::Answer::Error(convert::refusal(refusal)),
        });
    }

    /// What a client shows.
    pub(crate) fn set_view(
        &self,
        connection: ConnectionId,
        view: &wire::View,
        reply: impl FnOnce(wire::Answer<wire::Empty>),
    ) {
        let mut state = self.lock();
        let State { rooms, bridge, .. } = &mut *state;
        let done = rooms.place(connection).map_err(convert::refusal);
        reply(match done.and_then(|place| bridge.set_view(place.room, place.id, view)) {
            Ok(()) => wire::Answer::Ok(wire::Empty {}),
            Err(error) => wire::Answer::Error(error),
        });
    }

    /// Passes on what the media threads report. Never returns.
    pub(crate) async fn run_reports(&self) {
        loop {
            let report = self.worker.reports().await;
            let mut state = self.lock();
            let whose = |session: &SessionId| state.bridge.whose(*session);
            let up: Vec<_> = report.connected.iter().filter_map(whose).collect();
            let over: Vec<_> = report.closed.iter().filter_map(|(session, _)| whose(session)).collect();
            let told = state.bridge.handle_report(report);
            told.into_iter().for_each(|told| state.pass(told));
            up.iter().for_each(|(room, id)| state.outside.note_connected(room, id));
            over.iter().for_each(|(room, id)| state.end_outside(room, id));
            drop(state);
            self.deadline.notify_one();
        }
    }
}

impl State {
    fn pass(&mut self, Told { room, to, event }: Told) {
        if let (wire::Event::MediaRestart(_), Some(id)) = (&event, &to) {
            self.end_outside(&room, id);
        }
        let connections = match to {
            Some(id) => self.rooms.connection(&room, &id).into_iter().collect(),
            None => self.rooms.connections(&room),
        };
        for connection in connections {
            if !self.tell(connection, &event) {
                self.lose(connection);
            }
        }
    }

    /// Tells one who is back how its peer connection to the server is.
    pub(super) fn recall(&mut self, connection: ConnectionId) {
        let Ok(place) = self.rooms.place(connection) else { return };
        for event in self.bridge.recall(place.room, place.id) {
            if !self.tell(connection, &event) {
                return self.lose(connection);
            }
        }
    }
}
