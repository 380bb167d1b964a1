//! The messages of the Socket.IO namespace `/meet`. Every request and event is one variant: its Socket.IO
//! event name is the variant in kebab-case, its one argument is the variant's content. `docs/protocol.md`
//! shows an example of each, which a test of the server replays.

mod chat;
mod hosting;
mod media;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use chat::*;
pub use hosting::*;
pub use media::*;

use crate::vocabulary::{
    ErrorCode, LeaveReason, MediaState, ParticipantId, Permissions, ProtocolVersion, Topology,
};

/// What a client asks; answered by an acknowledgement holding an [`Answer`].
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[serde(tag = "event", content = "data", rename_all = "kebab-case")]
pub enum Request {
    /// Enter a room; answered with [`Joined`].
    Join(Box<Join>),
    /// Leave the room for good.
    Leave(Empty),
    /// The page is being closed or reloaded: do not wait the full time for it to come back.
    Away(Empty),
    /// Pass an offer, answer or candidate to another participant.
    Signal(Signal),
    /// What is sent has changed.
    Media(MediaState),
    /// Write to all in the room or to one; answered with [`ChatSent`].
    Chat(Chat),
    /// Change one's own message.
    ChatEdit(ChatEdit),
    /// Take one's own message back, or as a host anybody's.
    ChatDelete(ChatDelete),
    /// Ask all in the room; answered with [`ChatSent`].
    Poll(NewPoll),
    /// Choose, or choose otherwise.
    Vote(Vote),
    /// End one's own poll, or as a host anybody's.
    PollClose(PollClose),
    /// Offer a file to all or to one; answered with [`ChatSent`]. Its content goes over the data channels.
    File(FileOffer),
    /// Raise one's hand or lower it; hosts lower anybody's.
    Hand(Hand),
    /// Show a sign to all.
    React(React),
    /// A fresh credential for the server's own TURN; answered with [`TurnCredential`].
    Turn(Empty),
    /// An offer for the server, which forwards media in routed rooms; answered with [`MediaAnswer`].
    MediaOffer(MediaOffer),
    /// Close the peer connection to the server.
    MediaClose(Empty),
    /// What is shown, so that the server sends that and no more.
    View(View),
    /// The room's settings; for hosts only.
    Room(RoomChange),
    /// Send a participant away; for hosts only.
    Remove(Remove),
    /// Turn a source of one participant or of all others off; for hosts only. Nobody's is ever turned on.
    Mute(Mute),
    /// Make a participant a host, or no host; for hosts only.
    Role(Role),
    /// Let somebody in who waits; for hosts only.
    Admit(Admit),
    /// Do not let somebody in who waits; for hosts only.
    TurnAway(TurnAway),
    /// Open breakout rooms, or change who is meant for which; for hosts only.
    BreakoutsOpen(BreakoutsOpen),
    /// Call everybody back; for hosts only.
    BreakoutsClose(Empty),
    /// Go to a breakout room or back to the room itself, or as a host send somebody; answered before the event
    /// `moved`.
    BreakoutMove(BreakoutMove),
    /// The two participants cannot reach each other: route this room's media while it is these two.
    Route(Empty),
}

impl Request {
    /// The Socket.IO event names of all requests.
    pub const EVENTS: [&str; 28] = [
        "join",
        "leave",
        "away",
        "signal",
        "media",
        "chat",
        "chat-edit",
        "chat-delete",
        "poll",
        "vote",
        "poll-close",
        "file",
        "hand",
        "react",
        "turn",
        "media-offer",
        "media-close",
        "view",
        "room",
        "remove",
        "mute",
        "role",
        "admit",
        "turn-away",
        "breakouts-open",
        "breakouts-close",
        "breakout-move",
        "route",
    ];
}

/// The server's word to clients.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[serde(tag = "event", content = "data", rename_all = "kebab-case")]
pub enum Event {
    /// Someone came.
    ParticipantJoined(Participant),
    /// A participant's media, connection, incarnation, role or hand changed.
    ParticipantUpdated(Participant),
    /// Someone is gone.
    ParticipantLeft(ParticipantLeft),
    /// The three above together, and the chat's notices, in a large room.
    Roster(Roster),
    /// An offer, answer or candidate of another participant.
    Signal(SignalFrom),
    /// A message or notice for the chat.
    Chat(ChatEntry),
    /// An entry of the chat is another one now: edited, deleted, voted on or closed.
    ChatChanged(ChatEntry),
    /// Somebody shows a sign.
    Reaction(ReactionFrom),
    /// The server stops; the client comes back by itself.
    ServerClosing(ServerClosing),
    /// This participant went on in another connection (the page was opened again): stop here.
    Replaced(Empty),
    /// A request that asked for no acknowledgement was refused.
    RequestError(RequestError),
    /// How media goes from now on.
    Topology(TopologyChange),
    /// What all slots of this client's peer connection carry; sent whenever one changes.
    Slots(Slots),
    /// Which simulcast layers of a source of this client anybody watches; the others may be paused.
    Layers(Layers),
    /// Who speaks, loudest first.
    Speakers(Speakers),
    /// The host changed the room's settings.
    RoomUpdated(RoomSettings),
    /// A host has turned this participant's source off.
    Muted(Muted),
    /// Who waits to be let in; to hosts only.
    Waiting(Waiting),
    /// A host has let this one in: join again.
    Admitted(Empty),
    /// This one is not let in; its connection is closed.
    TurnedAway(TurnedAway),
    /// The breakout rooms as they are now.
    Breakouts(Breakouts),
    /// This participant is in another room now: everything is as after a `join` as somebody new.
    Moved(Box<Joined>),
    /// A host has sent this participant away; its connection is closed.
    Removed(Removed),
    /// The server lost its end of this client's peer connection: make a new one and offer with a higher number.
    MediaRestart(Empty),
}

/// The acknowledgement of a request: `{"ok": …}` or `{"error": {"code", "message"}}`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Answer<T> {
    /// The request was carried out.
    Ok(T),
    /// The request was refused and changed nothing.
    Error(Error),
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, TS, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// For code.
    pub code: ErrorCode,
    /// For people: what happened and what to do, in English.
    pub message: String,
}

/// No content: `{}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, TS)]
pub struct Empty {}

/// Enter a room.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields)]
pub struct Join {
    /// The protocol version the client speaks.
    pub version: ProtocolVersion,
    /// The room's name as typed or linked.
    pub room: String,
    /// The participant's display name.
    pub name: String,
    /// What it sends from the start.
    pub media: MediaState,
    /// Present to go on as the participant one was before.
    pub resume: Option<Resume>,
    /// The key for opening rooms, where the server asks for one.
    pub create_key: Option<String>,
    /// The room's password, where its host has set one.
    pub password: Option<String>,
    /// An access token (JWT) of the application that sends this participant here.
    pub token: Option<String>,
}

/// Proof of having been a participant.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields)]
pub struct Resume {
    /// The token of the last [`Joined`].
    pub token: String,
    /// The incarnation whose peer connections still live; absent after a page reload.
    pub incarnation: Option<u32>,
    /// The room's media went through the server. One that has restarted since lets the room begin that way.
    pub routed: Option<bool>,
}

/// How a join came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum JoinOutcome {
    /// A new participant.
    New,
    /// The same participant as before, who never left.
    Resumed,
    /// The same participant as before, on a server that has restarted since: others may still be on their way back.
    Restored,
}

/// The room as the newcomer finds it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Joined {
    /// New, resumed or restored.
    pub outcome: JoinOutcome,
    /// The room's normalized name.
    pub room: String,
    /// Oneself.
    pub participant: Participant,
    /// The secret that lets this participant resume; never shown to others.
    pub resume_token: String,
    /// Seconds a lost participant is kept for.
    pub resume_seconds: u32,
    /// All others.
    pub participants: Vec<Participant>,
    /// The last messages and notices, oldest first.
    pub chat: Vec<ChatEntry>,
    /// The credential for the server's own TURN, whose URLs are built from the server's.
    pub turn: TurnCredential,
    /// Further STUN and TURN servers for `RTCPeerConnection`.
    pub ice_servers: Vec<IceServer>,
    /// Another participant of this room is the same browser: join muted, or both will echo.
    pub same_device: bool,
    /// How media goes in this room.
    pub topology: Topology,
    /// What the host has set.
    pub settings: RoomSettings,
    /// How one has voted in the polls of the chat.
    pub votes: Vec<Vote>,
    /// Who waits to be let in; empty for those who are not hosts.
    pub waiting: Vec<WaitingOne>,
    /// The breakout rooms, and whether this is one.
    pub breakouts: Breakouts,
    /// What one's access token allows at most, whatever the hosts allow; absent: everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub publish: Option<Permissions>,
    /// What an offer for the server may hold.
    pub media_limits: MediaLimits,
    /// The server's version.
    pub server_version: String,
}

/// A participant as all in the room see it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    /// Its name inside the room.
    pub id: ParticipantId,
    /// What it shows as its name.
    pub name: String,
    /// What it sends.
    pub media: MediaState,
    /// False while its signaling connection is lost; its media may well go on.
    pub connected: bool,
    /// Raised when its peer connections have to be made anew (its page was reloaded).
    pub incarnation: u32,
    /// When it joined, milliseconds since the Unix epoch.
    #[ts(type = "number")]
    pub joined_at: u64,
    /// It may change the room's settings and what others may do: who opened the room and whom hosts have made one;
    /// when the last of them has left or was gone for a minute, who has been here longest.
    pub host: bool,
    /// When it raised its hand, milliseconds since the Unix epoch; no two of a room at the same time. Absent while it is
    /// down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub hand: Option<u64>,
    /// It sends media and takes part in nothing else (WHIP, RFC 9725): it reads no chat and takes no data messages.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub media_only: bool,
    /// Who it is in the words of the application that sent it here: the `sub` of its access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub identity: Option<String>,
}

/// A credential for the server's own TURN (RFC 8656), which is at the host of the server's URL: UDP, TCP and
/// TLS on the same port.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[ts(optional_fields)]
pub struct TurnCredential {
    /// TURN user name.
    pub username: String,
    /// TURN password.
    pub credential: String,
    /// Seconds for which it is good; ask for another before that.
    pub seconds: u32,
    /// The port of STUN and TURN, where it is not the URL's: a reverse proxy passes on the page only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// An RTCIceServer (W3C webrtc §4.2.4).
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[ts(optional_fields)]
pub struct IceServer {
    /// `stun:`, `turn:` or `turns:` URLs.
    pub urls: Vec<String>,
    /// TURN user name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// TURN password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// For another participant.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Signal {
    /// The participant it is for.
    pub to: ParticipantId,
    /// The receiver's incarnation it is meant for.
    pub incarnation: u32,
    /// Counts the sender's signals, so that one sent again after a lost connection is known.
    #[ts(type = "number")]
    pub seq: u64,
    /// The offer, answer or candidate.
    pub payload: SignalPayload,
}

/// From another participant.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SignalFrom {
    /// The participant that sent it.
    pub from: ParticipantId,
    /// The sender's incarnation.
    pub incarnation: u32,
    /// Counts the sender's signals.
    #[ts(type = "number")]
    pub seq: u64,
    /// The offer, answer or candidate.
    pub payload: SignalPayload,
}

/// What two peers tell each other (RFC 9429 offers and answers, RFC 8838 trickled candidates).
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum SignalPayload {
    /// An SDP offer.
    Offer {
        /// The session description.
        sdp: String,
    },
    /// An SDP answer.
    Answer {
        /// The session description.
        sdp: String,
    },
    /// An ICE candidate; an empty `candidate` ends the gathering.
    Candidate(IceCandidate),
    /// Please offer with an ICE restart: this side cannot reach you any more.
    Restart,
}

/// An RTCIceCandidateInit (W3C webrtc §4.8.1.1).
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct IceCandidate {
    /// The `candidate:` line.
    pub candidate: String,
    /// The m-line's MID.
    pub sdp_mid: Option<String>,
    /// The m-line's index.
    pub sdp_m_line_index: Option<u16>,
    /// The ICE user name fragment it belongs to.
    pub username_fragment: Option<String>,
}

/// What has changed about the people of a large room within a moment.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct Roster {
    /// Those who have come or changed, as they are now; the receiver may be among them.
    pub participants: Vec<Participant>,
    /// Those who are gone.
    pub left: Vec<ParticipantLeft>,
    /// The chat's notices of both.
    pub chat: Vec<ChatEntry>,
}

/// Someone is gone.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct ParticipantLeft {
    /// Who.
    pub id: ParticipantId,
    /// Why.
    pub reason: LeaveReason,
}

/// The server stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ServerClosing {
    /// Milliseconds after which to try again.
    pub retry_after_ms: u32,
}

/// A request without acknowledgement was refused.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, TS)]
pub struct RequestError {
    /// The request's Socket.IO event name, cut to 64 characters.
    pub request: String,
    /// Why.
    pub error: Error,
}

#[cfg(test)]
#[path = "wire/tests.rs"]
mod tests;
