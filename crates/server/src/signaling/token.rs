//! Resume tokens: who a participant is, signed, so that it can go on after a lost connection, a page reload
//! or a restart of the server.

use std::sync::Arc;

use kaigi_protocol::vocabulary::{ParticipantId, RoomName};
use kaigi_room::Identity;
use serde::{Deserialize, Serialize};

use crate::secrets::{Secrets, random_id};

const PURPOSE: &str = "resume";

/// How long after its start a server takes back participants of the server before it.
const RESTORE_WINDOW_MS: u64 = 60_000;

/// How long a token is worth anything.
const LIFETIME_MS: u64 = 24 * 3600 * 1000;

#[derive(Serialize, Deserialize)]
struct Claims {
    room: String,
    id: String,
    incarnation: u32,
    joined_at: u64,
    /// The run of the server that made it.
    run: String,
    issued_at: u64,
}

/// Makes and reads resume tokens.
#[derive(Debug)]
pub(crate) struct Tokens {
    secrets: Arc<Secrets>,
    run: String,
    started_at: u64,
}

impl Tokens {
    /// `now` in milliseconds since the Unix epoch, here and below.
    pub(crate) fn new(secrets: Arc<Secrets>, now: u64) -> Self {
        Self { secrets, run: random_id(), started_at: now }
    }

    pub(crate) fn make(&self, room: &RoomName, participant: &kaigi_room::Participant, now: u64) -> String {
        let claims = Claims {
            room: room.as_str().to_owned(),
            id: participant.id.0.clone(),
            incarnation: participant.incarnation,
            joined_at: participant.joined_at,
            run: self.run.clone(),
            issued_at: now,
        };
        // Strings and numbers always serialize.
        self.secrets.sign(PURPOSE, &serde_json::to_vec(&claims).unwrap_or_default())
    }

    /// Who the bearer was; `None` for a forged, old or other room's token: it then joins as somebody new.
    pub(crate) fn read(&self, token: &str, room: &RoomName, live: Option<u32>, now: u64) -> Option<Identity> {
        let claims: Claims = serde_json::from_slice(&self.secrets.verify(PURPOSE, token)?).ok()?;
        if claims.room != room.as_str() || now.saturating_sub(claims.issued_at) > LIFETIME_MS {
            return None;
        }
        let just_started = now.saturating_sub(self.started_at) < RESTORE_WINDOW_MS;
        Some(Identity {
            id: ParticipantId(claims.id),
            incarnation: claims.incarnation,
            // Every join brings a new token, so a client whose peer connections live has that incarnation's.
            live: live.filter(|live| *live == claims.incarnation),
            joined_at: claims.joined_at,
            restorable: claims.run != self.run && just_started,
            routed: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use kaigi_protocol::vocabulary::{DisplayName, MediaState};
    use kaigi_room::Participant;

    use super::*;

    fn ann() -> Participant {
        Participant {
            id: ParticipantId("ann".into()),
            name: DisplayName::parse("Ann").unwrap(),
            media: MediaState::default(),
            connected: true,
            incarnation: 3,
            joined_at: 1_000,
            host: false,
            hand: None,
            media_only: false,
            identity: None,
        }
    }

    #[test]
    fn a_token_is_worth_something_in_its_room_for_a_day_and_restores_just_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = Arc::new(Secrets::open(dir.path()).unwrap());
        let room = RoomName::parse("room").unwrap();
        let first = Tokens::new(secrets.clone(), 0);
        let token = first.make(&room, &ann(), 2_000);

        let identity = first.read(&token, &room, Some(3), 3_000).unwrap();
        assert_eq!((identity.id.0.as_str(), identity.incarnation, identity.live), ("ann", 3, Some(3)));
        assert_eq!(first.read(&token, &room, Some(77), 3_000).unwrap().live, None);
        assert!(!identity.restorable, "this run knows itself who is there");
        assert!(first.read(&token, &RoomName::parse("other").unwrap(), None, 3_000).is_none());
        assert!(first.read(&token, &room, None, 2_000 + LIFETIME_MS + 1).is_none());

        let second = Tokens::new(secrets, 10_000);
        assert!(second.read(&token, &room, None, 11_000).unwrap().restorable);
        assert!(!second.read(&token, &room, None, 10_000 + RESTORE_WINDOW_MS).unwrap().restorable);
        assert!(!token.contains("Ann"));
    }
}
