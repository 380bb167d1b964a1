//! What an application grants somebody whom it sends to a room.

use kaigi_protocol::vocabulary::Permissions;

/// What an application says of somebody it sends to a room, proven by its token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// Who it is, in the application's words.
    pub identity: Option<String>,
    /// Whether it is a host.
    pub role: GrantedRole,
    /// What it may do at most; hosts forbid more.
    pub publish: Permissions,
    /// What it may see and hear.
    pub sees: Sees,
}

/// Whether somebody is a host by an application's word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GrantedRole {
    /// As the room has it: who has been here longest, or whom hosts choose.
    #[default]
    AsItComes,
    /// A host from the start, whom neither a lock, a password nor the waiting room keeps out.
    Host,
    /// No host, unless one makes it one.
    Guest,
}

/// What somebody may see and hear of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sees {
    /// Hear their microphones, and what their screens play.
    pub audio: bool,
    /// See their cameras.
    pub camera: bool,
    /// See their screens.
    pub screen: bool,
}

impl Sees {
    /// Everything.
    pub const ALL: Self = Self { audio: true, camera: true, screen: true };
}

impl Default for Sees {
    fn default() -> Self {
        Self::ALL
    }
}

impl Grant {
    /// Has media to go through the server, which alone can enforce this?
    pub(crate) fn needs_server(&self) -> bool {
        let Permissions { mic, camera, screen, chat: _, files: _ } = self.publish;
        !(mic && camera && screen) || self.sees != Sees::ALL
    }

    /// Is it trusted to come in whatever is closed to others?
    pub(crate) fn opens(&self) -> bool {
        self.role == GrantedRole::Host
    }
}
