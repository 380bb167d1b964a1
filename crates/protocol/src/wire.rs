//! The messages of the Socket.IO namespace `/meet`. Every request and event is one variant: its Socket.IO
//! event name is the variant in kebab-case, its one argument is the variant's content. `docs/protocol.md`
//! shows an example of each, which a test of the server replays.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::vocabulary::{
    ErrorCode, LeaveReason, MediaState, ParticipantId, ProtocolVersion, Receive, Source, Topology,
    VideoSource, limits,
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
    /// Write to all in the room; answered with [`ChatSent`].
    Chat(Chat),
    /// A fresh credential for the server's own TURN; answered with [`TurnCredential`].
    Turn(Empty),
    /// An offer for the server, which forwards media in routed rooms; answered with [`MediaAnswer`].
    MediaOffer(MediaOffer),
    /// Close the peer connection to the server.
    MediaClose(Empty),
    /// What is shown, so that the server sends that and no more.
    View(View),
    /// The room's settings; for the host only.
    Room(RoomChange),
    /// Send a participant away for good; for the host only.
    Remove(Remove),
    /// The two participants cannot reach each other: route this room's media while it is these two.
    Route(Empty),
}

impl Request {
    /// The Socket.IO event names of all requests.
    pub const EVENTS: [&str; 13] = [
        "join",
        "leave",
        "away",
        "signal",
        "media",
        "chat",
        "turn",
        "media-offer",
        "media-close",
        "view",
        "room",
        "remove",
        "route",
    ];
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
    /// The host has sent this participant away; its connection is closed, and it may not come back.
    Removed(Empty),
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
    /// How media goes in this room.
    pub topology: Topology,
    /// What the host has set.
    pub settings: RoomSettings,
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
    /// It may change the room's settings and remove others: who opened the room; when that one leaves, who has
    /// been here longest.
    pub host: bool,
    /// It sends media and takes part in nothing else (WHIP, RFC 9725): it reads no chat and takes no data messages.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub media_only: bool,
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

/// What an offer for the server may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MediaLimits {
    /// Lines for receiving video that a first offer should have.
    pub video_slots: u16,
    /// Lines for receiving audio that an offer should have.
    pub audio_slots: u16,
    /// Lines for receiving video that an offer may have at most.
    pub most_video_slots: u16,
}

impl Default for MediaLimits {
    fn default() -> Self {
        Self {
            video_slots: limits::VIDEO_SLOTS,
            audio_slots: limits::AUDIO_SLOTS,
            most_video_slots: limits::MOST_VIDEO_SLOTS,
        }
    }
}

/// An offer for the server.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct MediaOffer {
    /// Numbers this participant's peer connections: the same number again is a new offer of the same one (an ICE
    /// restart, more slots), a higher one replaces it.
    pub connection: u32,
    /// The offer (RFC 9429). Its candidates are not needed: the server is ICE-lite (RFC 8445 §2.5).
    pub sdp: String,
}

/// The server's answer to [`MediaOffer`].
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct MediaAnswer {
    /// The answer, with all of the server's candidates.
    pub sdp: String,
}

/// What a participant shows.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct View {
    /// How much it wants to receive.
    pub receive: Receive,
    /// The videos it shows, most important first. What is not listed is not sent.
    pub wants: Vec<Want>,
}

/// One video a participant shows.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct Want {
    /// Whose.
    pub participant: ParticipantId,
    /// Camera or screen.
    pub source: VideoSource,
    /// The picture's height on the participant's screen, in device pixels.
    pub height: u16,
    /// It was pinned or is otherwise preferred to others.
    pub preferred: bool,
}

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
}

// The password must not get into a log line.
impl std::fmt::Debug for RoomChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let password = self.password.as_ref().map(|password| password.as_ref().map(|_| "…"));
        f.debug_struct("RoomChange")
            .field("locked", &self.locked)
            .field("password", &password)
            .field("routed", &self.routed)
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
}

/// Send a participant away.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct Remove {
    /// Whom.
    pub participant: ParticipantId,
}

/// How media goes from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, TS)]
pub struct TopologyChange {
    /// Between the two participants, or through the server.
    pub mode: Topology,
}

/// What all slots of a client's peer connection carry.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct Slots {
    /// One for each receiving m-line.
    pub slots: Vec<Slot>,
}

/// What a slot carries.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[ts(optional_fields)]
pub struct Slot {
    /// The slot's m-line (RFC 9143).
    pub mid: String,
    /// Whose track fills it; absent while the slot is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
    /// Which of its tracks; absent while the slot is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The track is wanted but does not fit this client's network for now.
    pub paused: bool,
}

/// Which simulcast layers of one of this client's sources anybody watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, TS)]
pub struct Layers {
    /// Camera or screen.
    pub source: VideoSource,
    /// One for each layer, lowest first; a source without layers counts the first only.
    pub active: [bool; 3],
}

/// Who speaks.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct Speakers {
    /// Loudest first; empty when nobody does.
    pub participants: Vec<ParticipantId>,
}

#[cfg(test)]
#[path = "wire/tests.rs"]
mod tests;
