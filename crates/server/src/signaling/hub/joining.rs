//! Coming in: names, keys, tokens and passwords are looked at here, then the room core decides.

use std::net::IpAddr;

use kaigi_protocol::{
    vocabulary::{DisplayName, ErrorCode, ParticipantId, RoomName},
    wire,
};
use kaigi_room::{ConnectionId, GuestId, Identity, Now};
use metrics::counter;

use super::{Hub, now, short};
use crate::{
    secrets::{digest, equal, random_id},
    session::Session,
    signaling::convert,
    visitor::Visitor,
};

/// The minor version of the protocol that has the event `roster`.
const ROSTER_SINCE: u16 = 3;

impl Hub {
    /// Enters a room; `reply` is called before anyone hears of it.
    pub(crate) fn join(
        &self,
        connection: ConnectionId,
        visitor: &Visitor,
        request: wire::Join,
        reply: impl FnOnce(wire::Answer<wire::Joined>),
    ) {
        let now = now();
        let mut state = self.lock();
        let older = request.version.minor < ROSTER_SINCE;
        let (wish, room) = match self.wish(visitor, request, now) {
            Ok(wish) => wish,
            Err(error) => return reply(wire::Answer::Error(error)),
        };
        let checked = self.check_phase(&state.rooms, &room);
        let checked = checked.and_then(|()| self.count_guess(state.rooms.weighs_password(&wish), visitor));
        if let Err(error) = checked {
            return reply(wire::Answer::Error(error));
        }
        match state.rooms.join(now, connection, wish) {
            Ok(joined) => {
                if older {
                    state.older.insert(connection);
                }
                counter!("kaigi_joins_total").increment(1);
                tracing::info!(room = %short(&room), participant = %joined.participant.id,
                    outcome = ?joined.outcome, others = joined.others.len(), "joined");
                reply(wire::Answer::Ok(self.greeter.greet(&room, joined, now)));
            }
            Err(refusal) => reply(wire::Answer::Error(convert::refusal(refusal))),
        }
        state.drain();
        state.recall(connection);
        self.send_after(&state, connection);
        self.deadline.notify_one();
    }

    /// Checks what a client asks for against names, keys and tokens.
    pub(super) fn wish(
        &self,
        visitor: &Visitor,
        request: wire::Join,
        now: Now,
    ) -> Result<(kaigi_room::Join, RoomName), wire::Error> {
        let error = |code, message: String| wire::Error { code, message };
        let wire::Join { version: _, room, name, media, resume, create_key, password } = request;
        let room = RoomName::parse(&room)
            .map_err(|why| error(ErrorCode::InvalidRoomName, format!("room name: {why}")))?;
        let name = DisplayName::parse(&name)
            .map_err(|why| error(ErrorCode::InvalidDisplayName, format!("display name: {why}")))?;
        let session = visitor.session.as_ref();
        let may_open = match create_key.filter(|key| !key.is_empty() && self.asks_for_key()) {
            Some(key) => {
                self.check_key(&key, visitor.ip)?;
                true
            }
            None => self.may_open(session),
        };
        let resume = resume.and_then(|resume| {
            let was = self.greeter.tokens.read(&resume.token, &room, resume.incarnation, now.unix_ms)?;
            Some(Identity { routed: resume.routed.unwrap_or_default(), ..was })
        });
        let wish = kaigi_room::Join {
            room: room.clone(),
            name,
            media,
            guest: session.map(|session| GuestId(session.guest.clone())),
            may_open,
            fresh_id: ParticipantId(random_id()),
            resume,
            password: password
                .filter(|password| !password.is_empty())
                .map(|password| self.password_digest(&room, &password)),
            media_only: false,
        };
        Ok((wish, room))
    }

    /// Counts a password that will be looked at, by where it comes from; right ones as well.
    pub(super) fn count_guess(&self, is_one: bool, visitor: &Visitor) -> Result<(), wire::Error> {
        if is_one && !self.password_guesses.allow(visitor.ip) {
            let message = "too many passwords were tried from your network; wait a minute".into();
            return Err(wire::Error { code: ErrorCode::RateLimited, message });
        }
        Ok(())
    }

    /// Checks a key for opening rooms. Guesses are counted by where they come from, right ones as well.
    pub(crate) fn check_key(&self, key: &str, source: Option<IpAddr>) -> Result<(), wire::Error> {
        let error = |code, message: &str| Err(wire::Error { code, message: message.into() });
        if !self.guesses.allow(source) {
            return error(
                ErrorCode::RateLimited,
                "too many keys were tried from your network; wait a minute",
            );
        }
        if self.create_key.as_deref().is_some_and(|wanted| equal(wanted, key)) {
            return Ok(());
        }
        counter!("kaigi_wrong_keys_total").increment(1);
        tracing::warn!("a wrong key for opening rooms was given");
        error(ErrorCode::WrongKey, "the key for opening rooms is wrong")
    }

    fn asks_for_key(&self) -> bool {
        self.create_key.is_some()
    }

    /// May whoever has this session, or none, open rooms?
    pub(crate) fn may_open(&self, session: Option<&Session>) -> bool {
        match &self.create_key {
            None => true,
            Some(key) => session.and_then(|session| session.opener.as_ref()) == Some(&digest(key)),
        }
    }
}
