//! What goes into the core and what comes out of it.

use std::time::{Duration, Instant};

use kaigi_protocol::vocabulary::{
    DisplayName, ErrorCode, LeaveReason, MediaState, ParticipantId, RoomName, Topology,
};

use crate::chat::ChatLine;

/// One signaling connection, numbered by the caller; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// One browser (its cookie); several participants may share it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GuestId(pub String);

/// The time, as both clocks show it.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// For deadlines.
    pub instant: Instant,
    /// For people: milliseconds since the Unix epoch.
    pub unix_ms: u64,
}

/// Bounds of all rooms together and of each.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Rooms open at once.
    pub rooms: usize,
    /// Participants in all rooms, and those who watch.
    pub participants: usize,
    /// Participants in one room, and those who watch it.
    pub room_capacity: usize,
    /// How long a participant whose connection is lost is kept.
    pub resume_grace: Duration,
    /// The same, when its page said it was being closed or reloaded.
    pub away_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rooms: 10_000,
            participants: 10_000,
            room_capacity: 200,
            resume_grace: Duration::from_secs(30),
            away_grace: Duration::from_secs(5),
        }
    }
}

/// How a connection was lost, which decides how long its participant is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Nobody knows why: the network may come back.
    Unexplained,
    /// The page said that it is being closed or reloaded.
    Away,
}

/// The wish to enter a room.
#[derive(Clone, Debug)]
pub struct Join {
    /// Which room.
    pub room: RoomName,
    /// Under which name.
    pub name: DisplayName,
    /// Sending what.
    pub media: MediaState,
    /// From which browser.
    pub guest: Option<GuestId>,
    /// May this one open the room if it is not open?
    pub may_open: bool,
    /// A fresh random identifier, used if a new participant comes of it.
    pub fresh_id: ParticipantId,
    /// Who this was before, proven by its token.
    pub resume: Option<Identity>,
    /// The room's password, as this one knows it.
    pub password: Option<PasswordDigest>,
    /// It sends media and nothing else, and only to the server: no signal reaches it, its room is routed while
    /// it is there, and it is not the host as long as somebody else could be.
    pub media_only: bool,
}

/// The wish to watch a room from outside: nobody inside is told.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Which room.
    pub room: RoomName,
    /// The room's password, as this one knows it.
    pub password: Option<PasswordDigest>,
}

/// Stands for a password; the caller makes it with a key of its own, so that it tells nothing of the password.
#[derive(Clone, Copy)]
pub struct PasswordDigest(pub [u8; 32]);

/// Takes the same time wherever the difference is.
impl PartialEq for PasswordDigest {
    fn eq(&self, other: &Self) -> bool {
        let differ = self.0.iter().zip(&other.0).fold(0, |differ, (a, b)| differ | (a ^ b));
        std::hint::black_box(differ) == 0
    }
}

impl std::fmt::Debug for PasswordDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordDigest")
    }
}

/// A change of a room's settings; what is `None` stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoomChange {
    /// Nobody new may come in.
    pub locked: Option<bool>,
    /// Who comes in has to give this password; `Some(None)` takes it away.
    pub password: Option<Option<PasswordDigest>>,
    /// Media goes through the server even when two are here.
    pub routed: Option<bool>,
}

/// A room's settings as all in it see them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoomSettings {
    /// Nobody new may come in.
    pub locked: bool,
    /// Who comes in has to give a password.
    pub password: bool,
    /// Media goes through the server even when two are here.
    pub routed: bool,
}

/// Where a connection's participant is.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Its room.
    pub room: &'a RoomName,
    /// The participant.
    pub id: &'a ParticipantId,
    /// How media goes there.
    pub topology: Topology,
}

/// Who someone was before, read from an authentic token.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The participant.
    pub id: ParticipantId,
    /// Its incarnation when the token was made.
    pub incarnation: u32,
    /// The incarnation whose peer connections still live; `None` after a page reload.
    pub live: Option<u32>,
    /// When it first joined, milliseconds since the Unix epoch.
    pub joined_at: u64,
    /// The token is from before a restart of the server, and the restart was a moment ago: the participant
    /// is taken back even though this core has never seen it.
    pub restorable: bool,
}

/// How a join came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinOutcome {
    /// A new participant.
    New,
    /// The same as before, who never left.
    Resumed,
    /// The same as before, from before a restart.
    Restored,
}

/// The room as the newcomer finds it.
#[derive(Clone, Debug)]
pub struct Joined {
    /// New, resumed or restored.
    pub outcome: JoinOutcome,
    /// Oneself.
    pub participant: Participant,
    /// All others, in the order they came.
    pub others: Vec<Participant>,
    /// The chat so far, oldest first.
    pub chat: Vec<ChatLine>,
    /// Another participant is the same browser.
    pub same_device: bool,
    /// How media goes.
    pub topology: Topology,
    /// What the host has set.
    pub settings: RoomSettings,
}

/// A participant as all in the room see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Participant {
    /// Its name inside the room.
    pub id: ParticipantId,
    /// What it shows as its name.
    pub name: DisplayName,
    /// What it sends.
    pub media: MediaState,
    /// Its signaling connection lives.
    pub connected: bool,
    /// Raised when its peer connections have to be made anew.
    pub incarnation: u32,
    /// When it joined, milliseconds since the Unix epoch; no two of a room joined at the same time.
    pub joined_at: u64,
    /// It may change the room's settings and remove others: whoever of the room joined first.
    pub host: bool,
    /// See [`Join::media_only`].
    pub media_only: bool,
}

/// A message between two peers; what it says (`S`) is not the core's business.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal<S> {
    /// Who it is for.
    pub to: ParticipantId,
    /// The receiver's incarnation it is meant for.
    pub incarnation: u32,
    /// The sender's count.
    pub seq: u64,
    /// The content.
    pub payload: S,
    /// Bytes it takes while it waits.
    pub bytes: usize,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Output<S> {
    /// Tell these connections something.
    Tell {
        /// To whom; each exists and is in the room, or was until now.
        to: Vec<ConnectionId>,
        /// What.
        event: Event<S>,
    },
    /// A participant's peer connections are gone: it left, was removed, or its page was reloaded.
    MediaOver {
        /// Its room.
        room: RoomName,
        /// The participant.
        id: ParticipantId,
    },
    /// The room that this one watches is closed.
    WatchOver {
        /// Who watched it.
        connection: ConnectionId,
    },
    /// A room's media goes this way from now on; its participants are told as well.
    Topology {
        /// The room.
        room: RoomName,
        /// Which way.
        mode: Topology,
    },
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<S> {
    /// Someone came.
    Joined(Participant),
    /// A participant's media, connection or incarnation changed.
    Updated(Participant),
    /// Someone is gone.
    Left(ParticipantId, LeaveReason),
    /// A peer's message.
    Signal {
        /// Who sent it.
        from: ParticipantId,
        /// The sender's incarnation.
        incarnation: u32,
        /// The sender's count.
        seq: u64,
        /// The content.
        payload: S,
    },
    /// A line for the chat.
    Chat(ChatLine),
    /// This connection's participant goes on in another connection.
    Replaced,
    /// Media goes this way from now on.
    Topology(Topology),
    /// The host changed the room's settings.
    Settings(RoomSettings),
    /// The host removed this connection's participant; the connection is to be closed.
    Removed,
}

/// Why the next timeout exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// A lost participant is not waited for any longer.
    ResumeGraceOver,
    /// A room that needs the server no more goes back to direct media.
    BackToDirect,
}

/// Why a command was refused; nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is nobody to watch.
    #[error("nobody is in this room; try again when somebody is")]
    NobodyThere,
    /// Past [`Limits::room_capacity`].
    #[error(
        "this room already holds {capacity} people, as many as it may; ask one to leave or open another room"
    )]
    RoomFull {
        /// How many it holds.
        capacity: usize,
    },
    /// Only holders of the key open rooms.
    #[error("this room is not open yet; wait for the host, or give the key for opening rooms")]
    RoomNotOpen,
    /// Past [`Limits::rooms`] or [`Limits::participants`].
    #[error(
        "the server holds as many {what} as it may; try again later or ask its operator to raise the limit"
    )]
    ServerFull {
        /// "rooms" or "participants".
        what: &'static str,
    },
    /// The connection is in no room.
    #[error("join a room first")]
    NotJoined,
    /// The connection is in a room.
    #[error("this connection is in a room already; leave it first")]
    AlreadyJoined,
    /// No such participant in the room.
    #[error("the participant is not in this room any more")]
    NoSuchParticipant,
    /// The participant has started anew.
    #[error("the participant has reloaded since; negotiate with it anew")]
    StaleParticipant,
    /// Too much waits for this participant.
    #[error("the participant's connection is lost and too many messages wait for it already")]
    ParticipantUnreachable,
    /// The host has locked the room.
    #[error("the host has locked this room; ask somebody inside to unlock it")]
    RoomLocked,
    /// The room has a password.
    #[error("this room has a password; give it to come in")]
    PasswordRequired,
    /// Not this one.
    #[error("the room's password is another one")]
    WrongPassword,
    /// Only the host may do this.
    #[error("only the host of the room may do this")]
    NotHost,
    /// The host has removed this participant.
    #[error("the host has removed you from this room")]
    Removed,
    /// The host is nobody's to remove.
    #[error("you cannot remove yourself; leave the room")]
    RemovesSelf,
}

impl Refusal {
    /// The code the wire carries.
    pub fn code(&self) -> ErrorCode {
        match self {
            Refusal::NobodyThere => ErrorCode::RoomNotOpen,
            Refusal::RoomFull { .. } => ErrorCode::RoomFull,
            Refusal::RoomNotOpen => ErrorCode::RoomNotOpen,
            Refusal::ServerFull { .. } => ErrorCode::ServerFull,
            Refusal::NotJoined => ErrorCode::NotJoined,
            Refusal::AlreadyJoined => ErrorCode::AlreadyJoined,
            Refusal::NoSuchParticipant => ErrorCode::NoSuchParticipant,
            Refusal::StaleParticipant => ErrorCode::StaleParticipant,
            Refusal::ParticipantUnreachable => ErrorCode::ParticipantUnreachable,
            Refusal::RoomLocked => ErrorCode::RoomLocked,
            Refusal::PasswordRequired => ErrorCode::PasswordRequired,
            Refusal::WrongPassword => ErrorCode::WrongPassword,
            Refusal::NotHost => ErrorCode::NotHost,
            Refusal::Removed => ErrorCode::Removed,
            Refusal::RemovesSelf => ErrorCode::BadRequest,
        }
    }
}
