//! The messages of the Socket.IO namespace `/meet`. Every request and event is one variant: its Socket.IO
//! event name is the variant in kebab-case, its one argument is the variant's content. `docs/protocol.md`
//! shows an example of each, which a test of the server replays.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::vocabulary::{ErrorCode, LeaveReason, MediaState, ParticipantId, ProtocolVersion};

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
    /// Write to all in the room; answered with [`ChatSent`].
    Chat(Chat),
    /// A fresh credential for the server's own TURN; answered with [`TurnCredential`].
    Turn(Empty),
}

impl Request {
    /// The Socket.IO event names of all requests.
    pub const EVENTS: [&str; 7] = ["join", "leave", "away", "signal", "media", "chat", "turn"];
}

/// The server's word to clients.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[serde(tag = "event", content = "data", rename_all = "kebab-case")]
pub enum Event {
    /// Someone came.
    ParticipantJoined(Participant),
    /// A participant's media, connection or incarnation changed.
    ParticipantUpdated(Participant),
    /// Someone is gone.
    ParticipantLeft(ParticipantLeft),
    /// An offer, answer or candidate of another participant.
    Signal(SignalFrom),
    /// A message or notice for the chat.
    Chat(ChatEntry),
    /// The server stops; the client comes back by itself.
    ServerClosing(ServerClosing),
    /// This participant went on in another connection (the page was opened again): stop here.
    Replaced(Empty),
    /// A request that asked for no acknowledgement was refused.
    RequestError(RequestError),
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

/// Write to the room.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct Chat {
    /// Plain text; line breaks are kept.
    pub text: String,
}

/// A chat message was taken.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct ChatSent {
    /// The entry's number.
    #[ts(type = "number")]
    pub id: u64,
}

/// One line of the chat.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct ChatEntry {
    /// Grows within a room, over restarts too.
    #[ts(type = "number")]
    pub id: u64,
    /// Milliseconds since the Unix epoch.
    #[ts(type = "number")]
    pub at: u64,
    /// Who wrote, came or left.
    pub from: ParticipantId,
    /// Their name at that time.
    pub name: String,
    /// What happened.
    pub body: ChatBody,
}

/// A message or a notice.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum ChatBody {
    /// Someone wrote.
    Message {
        /// Plain text.
        text: String,
    },
    /// Someone joined.
    Joined,
    /// Someone left.
    Left,
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
