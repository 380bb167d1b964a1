//! Coming in: names, keys, tokens and passwords are looked at here, then the room core decides.

use std::net::IpAddr;

use kaigi_protocol::{
    vocabulary::{DisplayName, ErrorCode, ParticipantId, RoomName},
    wire,
};
use kaigi_room::{ConnectionId, GrantedRole, GuestId, Identity, Now, Rooms};
use metrics::counter;

use super::{Hub, now, short};
use crate::{
    access::{Claims, Keys, TokenError},
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
        let wish = self.wish(visitor, request, now).and_then(|wish| {
            let join = wish.settle(&state.rooms)?;
            self.check_phase(&state.rooms, &join.room)?;
            self.count_guess(state.rooms.weighs_password(&join), visitor)?;
            Ok(join)
        });
        let wish = match wish {
            Ok(wish) => wish,
            Err(error) => return reply(wire::Answer::Error(error)),
        };
        let room = wish.room.clone();
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
    pub(super) fn wish(&self, visitor: &Visitor, request: wire::Join, now: Now) -> Result<Wish, wire::Error> {
        let error = |code, message: String| wire::Error { code, message };
        let wire::Join { version: _, room, name, media, resume, create_key, password, token } = request;
        let room = RoomName::parse(&room)
            .map_err(|why| error(ErrorCode::InvalidRoomName, format!("room name: {why}")))?;
        let (claims, refused) = match self.claims(token.as_deref(), now) {
            Ok(claims) => (claims, None),
            Err(error) => (None, Some(error)),
        };
        let grant = claims.as_ref().map(|claims| claims.grant(&room)).transpose().map_err(bad_token)?;
        let name = claims.and_then(|claims| claims.name).unwrap_or(name);
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
        let sent_as_host = grant.as_ref().is_some_and(|grant| grant.role == GrantedRole::Host);
        let join = kaigi_room::Join {
            room: room.clone(),
            name,
            media,
            guest: session.map(|session| GuestId(session.guest.clone())),
            may_open: may_open || sent_as_host,
            fresh_id: ParticipantId(random_id()),
            resume,
            password: password
                .filter(|password| !password.is_empty())
                .map(|password| self.password_digest(&room, &password)),
            media_only: false,
            grant,
        };
        Ok(Wish { join, refused })
    }

    /// What an access token says. Where nobody comes in without one, having none is an error.
    pub(super) fn claims(&self, token: Option<&str>, now: Now) -> Result<Option<Claims>, wire::Error> {
        match token.filter(|token| !token.is_empty()) {
            Some(token) => self.keys.read(token, now.unix_ms / 1000).map(Some).map_err(bad_token),
            None if self.token_only => Err(wire::Error {
                code: ErrorCode::TokenRequired,
                message: "this server lets people in by invitation only: open the link that you were given"
                    .into(),
            }),
            None => Ok(None),
        }
    }

    /// Who may use the API by a token.
    pub(crate) fn is_operator(&self, token: &str) -> Result<bool, TokenError> {
        self.keys.read(token, now().unix_ms / 1000).map(|claims| claims.is_operator())
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
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

/// What a client asks for, and what keeps it out unless it is inside already.
pub(super) struct Wish {
    join: kaigi_room::Join,
    refused: Option<wire::Error>,
}

impl Wish {
    /// A token that has expired meanwhile, or is lost, puts nobody out.
    pub(super) fn settle<S>(self, rooms: &Rooms<S>) -> Result<kaigi_room::Join, wire::Error> {
        match self.refused {
            Some(error) if !rooms.is_inside(&self.join) => Err(error),
            _ => Ok(self.join),
        }
    }
}

pub(super) fn bad_token(error: TokenError) -> wire::Error {
    counter!("kaigi_tokens_refused_total").increment(1);
    tracing::info!(%error, "an access token was refused");
    wire::Error { code: ErrorCode::BadToken, message: error.to_string() }
}
