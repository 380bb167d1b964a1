//! Those who come by HTTP alone: publishers (WHIP), who are participants without a signaling connection, and viewers
//! (WHEP), who are not seen. Each has one session with the media threads, named by what cannot be guessed.

mod table;

pub(super) use table::Table;

use std::{sync::Arc, time::Duration};

use kaigi_protocol::{
    vocabulary::{DisplayName, ErrorCode, PROTOCOL_VERSION, ParticipantId, RoomName},
    wire,
};
use kaigi_room::{ConnectionId, Grant, Participant, Refusal, Sees, Watch};
use kaigi_worker::sfu::{Follow, View};

use tokio::sync::{OwnedMutexGuard, oneshot};

use super::{Hub, State, now, short};
use crate::{
    access::Keys,
    http::whip::{Offer, attribute, with_credentials},
    minter,
    secrets::random_id,
    signaling::convert,
    visitor::Visitor,
};
use table::{Ice, Kind, Session};

/// Whoever has not connected by then does not come.
const CONNECTS_WITHIN: Duration = Duration::from_secs(30);

/// The height at which a viewer sees, in pixels; its network decides how much of it comes.
const HEIGHT: u16 = 1080;

/// The number of a session's peer connection: it has one.
const CONNECTION: u32 = 1;

/// A session that has begun.
pub(crate) struct Begun {
    /// Names it to whoever may change or end it.
    pub(crate) id: String,
    pub(crate) answer: String,
    /// Names its ICE session.
    pub(crate) tag: String,
    pub(crate) turn: wire::TurnCredential,
}

/// What came of a client's ICE agent having changed.
pub(crate) enum Changed {
    /// Nothing of ours.
    Nothing,
    /// ICE begins anew, with the credentials and candidates of this answer.
    Restarted { answer: String, tag: String },
    /// It was about another ICE session than the present one.
    Outdated,
}

/// Which ICE session a change is about (RFC 9110 §13.1.1).
pub(crate) enum Matches<'a> {
    Any,
    Tags(Vec<&'a str>),
}

impl Hub {
    /// Brings a publisher into a room. The token is the room's password, or the key for opening it.
    pub(crate) async fn publish(
        self: &Arc<Self>,
        visitor: &Visitor,
        room: &str,
        name: &str,
        token: Option<&str>,
        offer: Offer,
    ) -> Result<Begun, wire::Error> {
        let candidates = self.candidates(visitor).await;
        let (connection, now) = (self.number(), now());
        let beginning = {
            let mut state = self.lock();
            let open = RoomName::parse(room).is_ok_and(|room| state.rooms.is_open(&room));
            let token = token.map(str::to_owned);
            let (token, access) = match token {
                Some(token) if Keys::looks_like_token(&token) => (None, Some(token)),
                token => (token, None),
            };
            let request = wire::Join {
                version: PROTOCOL_VERSION,
                room: room.to_owned(),
                name: name.to_owned(),
                media: offer.media,
                resume: None,
                create_key: token.clone().filter(|_| !open),
                password: token.filter(|_| open),
                token: access,
            };
            let mut wish = self.wish(visitor, request, now)?.settle(&state.rooms)?;
            let room = wish.room.clone();
            wish.media_only = true;
            self.check_phase(&state.rooms, &room)?;
            self.count_guess(state.rooms.weighs_password(&wish), visitor)?;
            state.outside.has_place(&room)?;
            let joined = state.rooms.join(now, connection, wish).map_err(convert::refusal)?;
            let id = joined.participant.id;
            tracing::info!(room = %short(&room), participant = %id, "joined by WHIP");
            state.drain();
            state.begin(Session::new(Kind::Publisher, connection, room, id), &offer, candidates)
        };
        self.finish(beginning, offer).await
    }

    /// Lets somebody watch a room from outside: one participant, named by its id or its name, or whoever speaks.
    pub(crate) async fn watch(
        self: &Arc<Self>,
        visitor: &Visitor,
        room: &str,
        whom: Option<&str>,
        token: Option<&str>,
        offer: Offer,
    ) -> Result<Begun, wire::Error> {
        let error = |code, message: String| wire::Error { code, message };
        let room = RoomName::parse(room)
            .map_err(|why| error(ErrorCode::InvalidRoomName, format!("room name: {why}")))?;
        let candidates = self.candidates(visitor).await;
        let (connection, viewer) = (self.number(), ParticipantId(random_id()));
        let beginning = {
            let mut state = self.lock();
            self.check_phase(&state.rooms, &room)?;
            let token = token.filter(|token| !token.is_empty());
            let (token, access) = match token {
                Some(token) if Keys::looks_like_token(token) => (None, Some(token)),
                token => (token, None),
            };
            let grant = self.viewer_grant(&room, access)?;
            let password = token.map(|token| self.password_digest(&room, token));
            self.count_guess(password.is_some() && state.rooms.has_password(&room), visitor)?;
            state.outside.has_place(&room)?;
            let watch = Watch { room: room.clone(), password, grant };
            state.rooms.watch(now(), connection, &watch).map_err(|refusal| match refusal {
                // To a viewer it makes no difference whether a room is closed or has never been.
                Refusal::NobodyThere => error(ErrorCode::NoSuchParticipant, refusal.to_string()),
                refusal => convert::refusal(refusal),
            })?;
            // Only who may watch learns who is here.
            let whom = whom.map(|whom| find(whom, &state.rooms.participants(&room))).transpose();
            if whom.is_err() {
                state.rooms.unwatch(now(), connection);
            }
            state.drain();
            let whom = whom?;
            tracing::info!(room = %short(&room), %viewer, "watches by WHEP");
            let view = view(whom.as_ref());
            let session = Session::new(Kind::Viewer { whom }, connection, room.clone(), viewer.clone());
            let beginning = state.begin(session, &offer, candidates);
            state.bridge.show(&room, &viewer, view);
            beginning
        };
        self.finish(beginning, offer).await
    }

    /// What a viewer's access token grants. A viewer sees all that there is, or nothing.
    fn viewer_grant(&self, room: &RoomName, token: Option<&str>) -> Result<Option<Grant>, wire::Error> {
        let Some(claims) = self.claims(token, now())? else { return Ok(None) };
        let grant = claims.grant(room).map_err(super::joining::bad_token)?;
        if grant.sees != Sees::ALL {
            let message = "the access token lets its bearer see some things only (see), which works by joining the room";
            return Err(wire::Error { code: ErrorCode::NotAllowed, message: message.into() });
        }
        Ok(Some(grant))
    }

    /// Ends a session. Says whether there was one.
    pub(crate) fn end_session(&self, id: &str) -> bool {
        let mut state = self.lock();
        let session = state.outside.remove(id);
        let was = session.is_some();
        session.into_iter().for_each(|session| state.take_out(&session));
        drop(state);
        self.deadline.notify_one();
        was
    }

    /// A client's ICE agent has changed: it has new candidates, which a lite agent learns from its checks, or begins
    /// anew with these credentials. `None`: there is no such session.
    pub(crate) async fn change_session(
        &self,
        visitor: &Visitor,
        id: &str,
        matches: Matches<'_>,
        credentials: Option<(String, String)>,
    ) -> Result<Option<Changed>, wire::Error> {
        let Some(ice) = self.lock().outside.get(id).map(|session| session.ice.clone()) else {
            return Ok(None);
        };
        // One after the other, in the order they came.
        let mut ice = ice.lock_owned().await;
        if let Matches::Tags(tags) = matches
            && !tags.contains(&ice.tag.as_str())
        {
            return Ok(Some(Changed::Outdated));
        }
        let Some((ufrag, password)) = credentials else { return Ok(Some(Changed::Nothing)) };
        let has = |name, value: &str| attribute(&ice.offer, name) == Some(value);
        if has("ice-ufrag", &ufrag) && has("ice-pwd", &password) {
            return Ok(Some(Changed::Nothing));
        }
        let offer = with_credentials(&ice.offer, &ufrag, &password);
        let candidates = self.candidates(visitor).await;
        let answer = {
            let mut state = self.lock();
            let Some(session) = state.outside.get(id) else { return Ok(None) };
            let (room, participant) = (session.room.clone(), session.participant.clone());
            state.offer(&room, &participant, &offer, candidates)
        };
        self.deadline.notify_one();
        let answer = answered(answer).await?;
        let tag = tag_of(&answer);
        *ice = Ice { offer, tag: tag.clone() };
        Ok(Some(Changed::Restarted { answer, tag }))
    }

    /// Waits for the answer, and keeps the session if there is one.
    async fn finish(self: &Arc<Self>, beginning: Beginning, offer: Offer) -> Result<Begun, wire::Error> {
        let Beginning { id, participant, ice, answer } = beginning;
        self.deadline.notify_one();
        let (hub, unconnected) = (self.clone(), id.clone());
        tokio::spawn(async move {
            tokio::time::sleep(CONNECTS_WITHIN).await;
            let is_unconnected =
                hub.lock().outside.get(&unconnected).is_some_and(|session| !session.connected);
            if is_unconnected {
                hub.end_session(&unconnected);
            }
        });
        let answer = answered(answer).await.inspect_err(|_| {
            self.end_session(&id);
        })?;
        let tag = tag_of(&answer);
        if let Some(mut ice) = ice {
            *ice = Ice { offer: offer.text, tag: tag.clone() };
        }
        let turn = self.minter().mint(&participant.0, minter::PARTICIPANT);
        Ok(Begun { id, answer, tag, turn })
    }
}

/// A session whose offer is not answered yet.
struct Beginning {
    id: String,
    participant: ParticipantId,
    /// Held until there is an answer: what is to be changed needs to be there.
    ice: Option<OwnedMutexGuard<Ice>>,
    answer: Pending,
}

type Pending = oneshot::Receiver<wire::Answer<wire::MediaAnswer>>;

impl State {
    /// Enters a session whose place in the room is taken already.
    fn begin(&mut self, session: Session, offer: &Offer, candidates: Vec<String>) -> Beginning {
        let (id, room, participant) = (random_id(), session.room.clone(), session.participant.clone());
        let ice = session.ice.clone();
        self.outside.insert(id.clone(), session);
        let answer = self.offer(&room, &participant, &offer.text, candidates);
        // Nobody else knows of it yet: it is free.
        let ice = ice.try_lock_owned().ok();
        Beginning { id, participant, ice, answer }
    }

    fn offer(
        &mut self,
        room: &RoomName,
        id: &ParticipantId,
        offer: &str,
        candidates: Vec<String>,
    ) -> Pending {
        let (reply, answer) = oneshot::channel();
        let request = wire::MediaOffer { connection: CONNECTION, sdp: offer.to_owned() };
        let reply = Box::new(|answer| drop(reply.send(answer)));
        let sources = self.rooms.sources(room, id);
        let offer = crate::bridge::Offer { request, candidates, sources, sees: Sees::ALL };
        self.bridge.connect(now().instant, room, id, offer, reply);
        answer
    }

    /// A session is over by itself. Participants with a signaling connection make another; these do not.
    pub(super) fn end_outside(&mut self, room: &RoomName, id: &ParticipantId) {
        if let Some(session) = self.outside.remove_at(room, id) {
            self.take_out(&session);
        }
    }

    /// The participant's media is over; if it has left, then so it is for those who watched it.
    pub(super) fn end_outside_of(&mut self, room: &RoomName, id: &ParticipantId) {
        self.outside.remove_at(room, id);
        if self.rooms.participants(room).iter().any(|who| who.id == *id) {
            return;
        }
        for session in self.outside.remove_viewers(room, id) {
            self.rooms.unwatch(now(), session.connection);
            self.bridge.forget(room, &session.participant);
        }
    }

    /// The room that was watched is closed.
    pub(super) fn end_watch(&mut self, connection: ConnectionId) {
        if let Some(session) = self.outside.remove_connection(connection) {
            self.bridge.forget(&session.room, &session.participant);
        }
    }

    /// Takes a session out of its room, and closes its peer connection.
    fn take_out(&mut self, session: &Session) {
        match session.kind {
            // Who is out already was removed, or watched until the last had left.
            Kind::Publisher => drop(self.rooms.leave(now(), session.connection)),
            Kind::Viewer { .. } => self.rooms.unwatch(now(), session.connection),
        }
        self.bridge.forget(&session.room, &session.participant);
        self.drain();
    }
}

async fn answered(answer: Pending) -> Result<String, wire::Error> {
    match answer.await {
        Ok(wire::Answer::Ok(connected)) => Ok(connected.sdp),
        Ok(wire::Answer::Error(error)) => Err(error),
        Err(_) => {
            let message = "the session has ended meanwhile; begin another one".into();
            Err(wire::Error { code: ErrorCode::OfferRefused, message })
        }
    }
}

/// A participant by its id, or by its name if nobody else has that.
fn find(whom: &str, participants: &[Participant]) -> Result<ParticipantId, wire::Error> {
    if let Some(who) = participants.iter().find(|who| who.id.0 == whom) {
        return Ok(who.id.clone());
    }
    let name = DisplayName::parse(whom).ok();
    let mut named = participants.iter().filter(|who| Some(&who.name) == name.as_ref());
    let message = match (named.next(), named.next()) {
        (Some(who), None) => return Ok(who.id.clone()),
        (None, _) => "nobody of this name or id is in the room; leave it out to watch whoever speaks",
        (Some(_), Some(_)) => "several in the room have this name; ask for one by id",
    };
    Err(wire::Error { code: ErrorCode::NoSuchParticipant, message: message.into() })
}

/// What a viewer sees and hears.
fn view(whom: Option<&ParticipantId>) -> View {
    let participant = whom.map(|whom| whom.0.clone());
    let follow = Follow { participant: participant.clone(), height: HEIGHT };
    View { follow: Some(follow), hears: participant, ..View::default() }
}

/// Our part of the credentials is another one in each ICE session.
fn tag_of(answer: &str) -> String {
    attribute(answer, "ice-ufrag").unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use kaigi_protocol::vocabulary::MediaState;

    use super::*;

    fn participant(id: &str, name: &str) -> Participant {
        Participant {
            id: ParticipantId(id.into()),
            name: DisplayName::parse(name).unwrap(),
            media: MediaState::default(),
            connected: true,
            incarnation: 0,
            joined_at: 0,
            host: false,
            hand: None,
            media_only: false,
            identity: None,
        }
    }

    #[test]
    fn a_participant_is_found_by_id_or_by_a_name_of_its_own() {
        let here = [
            participant("1", "Ann"),
            participant("2", "Bob"),
            participant("3", "Ann"),
            participant("4", "2"),
        ];
        let found = |whom| find(whom, &here).map(|id| id.0).map_err(|error| error.message);
        assert_eq!(found("3").unwrap(), "3");
        assert_eq!(found(" Bob ").unwrap(), "2");
        assert_eq!(found("2").unwrap(), "2", "an id comes before a name");
        assert!(found("Ann").unwrap_err().contains("several"));
        assert!(found("bob").unwrap_err().contains("nobody"));
        assert!(found("\n").unwrap_err().contains("nobody"));
    }
}
