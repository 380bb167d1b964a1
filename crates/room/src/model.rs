//! What goes into the core and what comes out of it.

use std::time::{Duration, Instant};

use kaigi_protocol::vocabulary::{
    DisplayName, ErrorCode, LeaveReason, MediaState, ParticipantId, Permissions, Reaction, RoomName, Source,
    Topology, limits,
};

use crate::{
    breakouts::Breakouts,
    chat::ChatLine,
    grants::{Grant, Sees},
    operating::Happening,
};

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
    /// How long the role of a host who is gone without a word is kept for it.
    pub host_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rooms: 10_000,
            participants: 10_000,
            room_capacity: 200,
            resume_grace: Duration::from_secs(30),
            away_grace: Duration::from_secs(5),
            host_grace: Duration::from_secs(60),
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
    /// What an application has granted it; `None`: it comes as anybody does, or as who it was before.
    pub grant: Option<Grant>,
}

/// The wish to watch a room from outside: nobody inside is told.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Which room.
    pub room: RoomName,
    /// The room's password, as this one knows it.
    pub password: Option<PasswordDigest>,
    /// What an application has granted it.
    pub grant: Option<Grant>,
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
    /// Who comes waits until a host lets them in.
    pub waiting: Option<bool>,
    /// What those who are not hosts may do.
    pub allowed: Option<Permissions>,
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
    /// Who comes waits until a host lets them in.
    pub waiting: bool,
    /// What those who are not hosts may do.
    pub allowed: Permissions,
}

/// Somebody who waits in front of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiter {
    /// Whose connection it is, which stands for it.
    pub connection: ConnectionId,
    /// The name it comes under.
    pub name: DisplayName,
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
    /// What it may send.
    pub sources: MediaState,
    /// What it may see and hear.
    pub sees: Sees,
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
    /// Its room was routed: one that is restored begins so, rather than when the third is back.
    pub routed: bool,
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
#[derive(Clone, Debug, PartialEq)]
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
    /// How one has voted in the polls of the chat.
    pub votes: Vec<(u64, Vec<u16>)>,
    /// Who waits, if one is a host.
    pub waiting: Vec<Waiter>,
    /// The breakout rooms, and whether this is one.
    pub breakouts: Breakouts,
    /// What an application lets one do at most, whatever the hosts allow.
    pub publish: Permissions,
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
    /// It may change the room's settings and what others may do.
    pub host: bool,
    /// When it raised its hand, milliseconds since the Unix epoch; no two of a room at the same time.
    pub hand: Option<u64>,
    /// See [`Join::media_only`].
    pub media_only: bool,
    /// Who it is in the words of the application that sent it.
    pub identity: Option<String>,
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
    /// This is all a participant may send from now on: what it says it sends, as far as it is allowed.
    Sources {
        /// Its room.
        room: RoomName,
        /// The participant.
        id: ParticipantId,
        /// What it may send.
        sources: MediaState,
    },
    /// The room that this one watches is closed.
    WatchOver {
        /// Who watched it.
        connection: ConnectionId,
    },
    /// For whoever keeps a record of the rooms.
    Happened(Happening),
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
    /// A participant's media, connection, incarnation, role or hand changed.
    Updated(Participant),
    /// Someone is gone.
    Left(ParticipantId, LeaveReason),
    /// What was gathered of the three above and of the chat's notices, in a large room; told to everybody.
    Roster(Box<Roster>),
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
    /// A line of the chat is another one now.
    ChatChanged(ChatLine),
    /// Somebody shows a sign.
    Reaction(ParticipantId, Reaction),
    /// A host has turned a source of this connection's participant off.
    Muted {
        /// Which.
        source: Source,
        /// Which host; `None`: the application that the room belongs to.
        by: Option<ParticipantId>,
    },
    /// Who waits to be let in; to hosts only.
    Waiting(Vec<Waiter>),
    /// Who waited may join now.
    Admitted,
    /// Who waited is not let in; the connection is to be closed.
    TurnedAway {
        /// Nobody is in the room any more; otherwise a host has decided so.
        over: bool,
    },
    /// The breakout rooms as they are now.
    Breakouts(Breakouts),
    /// This connection's participant is in another room now.
    Moved(Box<Joined>),
    /// This connection's participant goes on in another connection.
    Replaced,
    /// Media goes this way from now on.
    Topology(Topology),
    /// The host changed the room's settings.
    Settings(RoomSettings),
    /// A host removed this connection's participant; the connection is to be closed.
    Removed {
        /// It may not come back while the room is open.
        ban: bool,
        /// The application has ended the meeting for all.
        ended: bool,
    },
}

/// What has changed about the people of a large room within a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Roster {
    /// Those who have come or changed, as they are now.
    pub participants: Vec<Participant>,
    /// Those who are gone.
    pub left: Vec<(ParticipantId, LeaveReason)>,
    /// Notices of both.
    pub chat: Vec<ChatLine>,
}

/// Why the next timeout exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// A lost participant is not waited for any longer.
    ResumeGraceOver,
    /// A room that needs the server no more goes back to direct media.
    BackToDirect,
    /// A host who is gone is not waited for any longer.
    HostGraceOver,
    /// The votes of a poll are told.
    PollStands,
    /// Everybody is called back from the breakout rooms.
    BreakoutsOver,
    /// A room that was kept open has been empty for long enough.
    ReservationOver,
    /// What was gathered in a large room is told.
    NewsGathered,
}

/// Why a command was refused; nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A room of this name is open.
    #[error("a room of this name is open already; change its settings, or end it first")]
    RoomExists,
    /// No room of this name is open.
    #[error("no room of this name is open")]
    NoSuchRoom,
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
    /// Only hosts may do this.
    #[error("only a host of the room may do this")]
    NotHost,
    /// There has to be a host.
    #[error("you are the only host; make somebody else a host first")]
    LastHost,
    /// It cannot be a host, nor go to another room.
    #[error("this participant only sends media and takes part in nothing else")]
    MediaOnly,
    /// Hosts let people in one by one.
    #[error("the host lets people in one by one; wait to be let in")]
    Waiting,
    /// As above, and this one cannot wait.
    #[error(
        "the host lets people in one by one, which this kind of client cannot wait for; ask the host to switch the waiting room off"
    )]
    CannotWait,
    /// Past [`limits::WAITING`].
    #[error("{} people wait to be let in already, as many as may; try again later", limits::WAITING)]
    TooManyWait,
    /// Nobody waits under this number.
    #[error("nobody waits here under this number any more")]
    NobodyWaits,
    /// The hosts do not allow it to those who are not hosts.
    #[error("the host does not allow {what} to participants now; ask the host")]
    NotAllowed {
        /// In the plural, or without an article.
        what: &'static str,
    },
    /// A hand that is not one's own.
    #[error("only a host may lower another's hand, and nobody raises it")]
    NotYourHand,
    /// No such line, or not for this one, or a notice.
    #[error("this message is not in the chat any more")]
    NoSuchMessage,
    /// Somebody else wrote it.
    #[error("only who wrote a message may change it")]
    NotYours,
    /// Not as many options as a poll has.
    #[error("a poll has 2 to {} options; you gave {given}", limits::POLL_OPTIONS)]
    PollOptions {
        /// How many were given.
        given: usize,
    },
    /// The question or an option is empty.
    #[error("the question or an option of the poll is empty; write something there")]
    PollEmpty,
    /// Past [`limits::OPEN_POLLS`].
    #[error("{} polls are open in this room, as many as may; close one first", limits::OPEN_POLLS)]
    TooManyPolls,
    /// No such poll in the chat.
    #[error("this poll is not in the chat any more")]
    NoSuchPoll,
    /// It takes no more votes.
    #[error("this poll is closed")]
    PollClosed,
    /// Past its options.
    #[error("the poll has {options} options, counted from 0")]
    NoSuchOption {
        /// How many it has.
        options: usize,
    },
    /// Several chosen where one may be.
    #[error("only one option of this poll may be chosen")]
    OneOption,
    /// No breakout rooms are open, or not so many.
    #[error("there is no such breakout room")]
    NoSuchBreakout,
    /// Not as many breakout rooms as there may be.
    #[error("there can be 1 to {} breakout rooms; you gave {given}", limits::BREAKOUTS)]
    BreakoutCount {
        /// How many were given.
        given: usize,
    },
    /// A breakout room's title is empty or too long.
    #[error("a breakout room's title has 1 to {} bytes", limits::BREAKOUT_TITLE_BYTES)]
    BreakoutTitle,
    /// Too short or too long.
    #[error("breakout rooms stay open for 1 to {} minutes", limits::BREAKOUT_MINUTES)]
    BreakoutMinutes,
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
            Refusal::NobodyThere | Refusal::NoSuchRoom => ErrorCode::RoomNotOpen,
            Refusal::RoomExists => ErrorCode::RoomExists,
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
            Refusal::NotHost | Refusal::LastHost | Refusal::NotYourHand => ErrorCode::NotHost,
            Refusal::Waiting | Refusal::CannotWait => ErrorCode::Waiting,
            Refusal::TooManyWait => ErrorCode::RoomFull,
            Refusal::NotAllowed { .. } | Refusal::PollClosed | Refusal::NotYours => ErrorCode::NotAllowed,
            Refusal::TooManyPolls => ErrorCode::TooLarge,
            Refusal::NobodyWaits
            | Refusal::NoSuchMessage
            | Refusal::NoSuchPoll
            | Refusal::NoSuchOption { .. }
            | Refusal::NoSuchBreakout => ErrorCode::NotFound,
            Refusal::PollOptions { .. }
            | Refusal::PollEmpty
            | Refusal::OneOption
            | Refusal::MediaOnly
            | Refusal::BreakoutCount { .. }
            | Refusal::BreakoutTitle
            | Refusal::BreakoutMinutes => ErrorCode::BadRequest,
            Refusal::Removed => ErrorCode::Removed,
            Refusal::RemovesSelf => ErrorCode::BadRequest,
        }
    }
}
