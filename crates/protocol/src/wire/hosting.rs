//! What hosts do: settings, roles, who comes in, who speaks, breakout rooms.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::vocabulary::{ParticipantId, Permissions, Source};

/// A change of the room's settings; what is absent stays.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Serialize, TS)]
#[ts(optional_fields)]
pub struct RoomChange {
    /// Nobody new may come in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked: Option<bool>,
    /// Who comes in has to give this password; `null` takes it away.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[ts(type = "string | null")]
    pub password: Option<Option<String>>,
    /// Media goes through the server even when two are here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routed: Option<bool>,
    /// Who comes waits until a host lets them in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<bool>,
    /// What those who are not hosts may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Permissions>,
}

// The password must not get into a log line.
impl std::fmt::Debug for RoomChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let password = self.password.as_ref().map(|password| password.as_ref().map(|_| "…"));
        f.debug_struct("RoomChange")
            .field("locked", &self.locked)
            .field("password", &password)
            .field("routed", &self.routed)
            .field("waiting", &self.waiting)
            .field("allowed", &self.allowed)
            .finish()
    }
}

/// Tells `null` (`Some(None)`) from an absent field (`None`).
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// What the host has set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, TS)]
pub struct RoomSettings {
    /// Nobody new may come in.
    pub locked: bool,
    /// Who comes in has to give a password.
    pub password: bool,
    /// Media goes through the server even when two are here.
    pub routed: bool,
    /// Who comes waits until a host lets them in.
    pub waiting: bool,
    /// What those who are not hosts may do.
    pub allowed: Permissions,
}

/// Send a participant away.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct Remove {
    /// Whom.
    pub participant: ParticipantId,
    /// It may not come back while the room is open.
    #[serde(default)]
    pub ban: bool,
}

/// This participant was sent away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, TS)]
pub struct Removed {
    /// It may not come back while the room is open.
    pub ban: bool,
    /// The meeting was ended for all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub ended: bool,
}

/// Turn a source off.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[ts(optional_fields)]
pub struct Mute {
    /// Whose; that of all who are not hosts if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
    /// Which.
    pub source: Source,
}

/// A host has turned a source off.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[ts(optional_fields)]
pub struct Muted {
    /// Which.
    pub source: Source,
    /// Which host; absent when it was the application that the room belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ParticipantId>,
}

/// Who is a host.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct Role {
    /// Whom it is about; oneself to lay the role down, as long as another is a host.
    pub participant: ParticipantId,
    /// A host or not.
    pub host: bool,
}

/// Somebody who waits to be let in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, TS)]
pub struct WaitingOne {
    /// Stands for this one while it waits.
    #[ts(type = "number")]
    pub id: u64,
    /// The name it comes under.
    pub name: String,
}

/// Who waits.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct Waiting {
    /// In the order they came.
    pub waiting: Vec<WaitingOne>,
}

/// Let somebody in.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[ts(optional_fields)]
pub struct Admit {
    /// Whom; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "number")]
    pub id: Option<u64>,
}

/// Do not let somebody in.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct TurnAway {
    /// Whom.
    #[ts(type = "number")]
    pub id: u64,
}

/// This one is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, TS)]
pub struct TurnedAway {
    /// Nobody is in the room any more; otherwise a host has decided so.
    pub over: bool,
}

/// Open breakout rooms.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[ts(optional_fields)]
pub struct BreakoutsOpen {
    /// Their titles; each room is numbered by its place here.
    pub titles: Vec<String>,
    /// Who goes where at once: those who are not named stay and may be sent later.
    pub people: Vec<Assignment>,
    /// Everybody is called back after so many minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
}

/// Who goes where.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct Assignment {
    /// Who.
    pub participant: ParticipantId,
    /// To which breakout room.
    pub room: u16,
}

/// Go to a breakout room.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[ts(optional_fields)]
pub struct BreakoutMove {
    /// Who; oneself if absent. Hosts may send others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
    /// Which breakout room; the room itself if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<u16>,
}

/// The breakout rooms of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, TS)]
#[ts(optional_fields)]
pub struct Breakouts {
    /// None while there are none.
    pub rooms: Vec<BreakoutRoom>,
    /// In which of them one is; absent in the room itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<u16>,
    /// When everybody is called back, milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "number")]
    pub until: Option<u64>,
    /// Who is in the room itself.
    pub main: Vec<BreakoutPerson>,
}

/// A breakout room.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, TS)]
pub struct BreakoutRoom {
    /// What it is called.
    pub title: String,
    /// Who is in it.
    pub people: Vec<BreakoutPerson>,
}

/// Somebody in a breakout room, or in the room it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, TS)]
pub struct BreakoutPerson {
    /// Its name inside these rooms.
    pub id: ParticipantId,
    /// What it shows as its name.
    pub name: String,
}
