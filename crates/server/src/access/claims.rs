//! What an access token says.

use kaigi_protocol::vocabulary::{DisplayName, Permissions, RoomName};
use kaigi_room::{Grant, GrantedRole, Sees};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::TokenError;

/// Any room, in [`Claims::room`].
const ANY: &str = "*";

/// Characters of an identity.
const IDENTITY: usize = 128;

/// What somebody is who comes with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A host from the start; neither a lock, the password nor the waiting room keeps it out.
    Host,
    /// No host, unless a host makes it one.
    Guest,
    /// May use the API and the page `/admin`; it joins no room with this token.
    Operator,
}

/// What may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Publish {
    /// The microphone.
    Mic,
    /// The camera.
    Camera,
    /// A screen, with its sound.
    Screen,
    /// Messages, polls and reactions.
    Chat,
    /// Files.
    Files,
}

/// What may be received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum See {
    /// Microphones, and what screens play.
    Audio,
    /// Cameras.
    Camera,
    /// Shared screens.
    Screen,
}

/// The claims of an access token. Others than these are ignored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Claims {
    /// Which room; `*`: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// Who it is, in the application's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// Its display name, which it then cannot choose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is; absent: a host or none as the room has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What it may send; absent: everything that the hosts allow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish: Option<Vec<Publish>>,
    /// What it may receive; absent: everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub see: Option<Vec<See>>,
    /// Not before, seconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<u64>,
    /// Until when, seconds since the Unix epoch.
    pub exp: u64,
}

impl Claims {
    /// May its bearer use the API?
    pub(crate) fn is_operator(&self) -> bool {
        self.role == Some(Role::Operator)
    }

    /// Could anybody do anything with it?
    pub fn check(&self) -> Result<(), TokenError> {
        if let Some(name) = &self.name {
            DisplayName::parse(name).map_err(|why| TokenError::Name(why.to_string()))?;
        }
        if self.sub.as_ref().is_some_and(|identity| identity.chars().count() > IDENTITY) {
            return Err(TokenError::LongIdentity);
        }
        match self.room.as_deref() {
            Some(ANY) => Ok(()),
            Some(name) => RoomName::parse(name).map(drop).map_err(|why| TokenError::Room(why.to_string())),
            None if self.is_operator() => Ok(()),
            None => Err(TokenError::NoRoom),
        }
    }

    /// What it grants in this room.
    pub(crate) fn grant(&self, room: &RoomName) -> Result<Grant, TokenError> {
        if self.is_operator() {
            return Err(TokenError::NoParticipant);
        }
        self.check()?;
        let wanted = self.room.as_deref().ok_or(TokenError::NoRoom)?;
        if wanted != ANY && RoomName::parse(wanted).ok().as_ref() != Some(room) {
            return Err(TokenError::OtherRoom);
        }
        let identity = self.sub.clone().filter(|identity| !identity.is_empty());
        let role = match self.role {
            Some(Role::Host) => GrantedRole::Host,
            Some(Role::Guest) => GrantedRole::Guest,
            Some(Role::Operator) | None => GrantedRole::AsItComes,
        };
        let publish = self.publish.as_deref().map_or(Permissions::ALL, |allowed| {
            let may = |one| allowed.contains(&one);
            Permissions {
                mic: may(Publish::Mic),
                camera: may(Publish::Camera),
                screen: may(Publish::Screen),
                chat: may(Publish::Chat),
                files: may(Publish::Files),
            }
        });
        let sees = self.see.as_deref().map_or(Sees::ALL, |allowed| {
            let may = |one| allowed.contains(&one);
            Sees { audio: may(See::Audio), camera: may(See::Camera), screen: may(See::Screen) }
        });
        Ok(Grant { identity, role, publish, sees })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(json: &str) -> Claims {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_token_grants_what_it_says_in_its_room_only() {
        let room = RoomName::parse("Team Room").unwrap();
        let all = claims(r#"{"room":"team-room","sub":"u1","exp":1,"iss":"app"}"#).grant(&room).unwrap();
        assert_eq!(all, Grant { identity: Some("u1".into()), ..Grant::default() });
        let some = r#"{"room":"*","role":"guest","publish":["mic","chat"],"see":["audio"],"exp":1}"#;
        let some = claims(some).grant(&room).unwrap();
        assert_eq!(some.role, GrantedRole::Guest);
        assert!(some.publish.mic && some.publish.chat && !some.publish.camera && !some.publish.files);
        assert_eq!(some.sees, Sees { audio: true, camera: false, screen: false });
        let other = claims(r#"{"room":"other","exp":1}"#).grant(&room);
        assert_eq!(other, Err(TokenError::OtherRoom));
        assert_eq!(claims(r#"{"exp":1}"#).grant(&room), Err(TokenError::NoRoom));
        let operator = claims(r#"{"room":"*","role":"operator","exp":1}"#).grant(&room);
        assert_eq!(operator, Err(TokenError::NoParticipant));
        let long = Claims { sub: Some("x".repeat(129)), room: Some("*".into()), ..Claims::default() };
        assert_eq!(long.grant(&room), Err(TokenError::LongIdentity));
        assert!(serde_json::from_str::<Claims>(r#"{"room":"*","role":"king","exp":1}"#).is_err());
    }
}
