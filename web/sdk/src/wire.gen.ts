// Generated from crates/protocol by `make generate`; do not edit. A test keeps it current.

export type ProtocolVersion = { 
/**
 * Raised when older clients cannot go on.
 */
major: number, 
/**
 * Raised when something was added.
 */
minor: number, };
export type ErrorCode = "bad-request" | "unknown-request" | "version-mismatch" | "invalid-room-name" | "invalid-display-name" | "room-full" | "room-not-open" | "wrong-key" | "server-full" | "not-joined" | "already-joined" | "no-such-participant" | "stale-participant" | "participant-unreachable" | "too-large" | "rate-limited" | "shutting-down" | "room-locked" | "password-required" | "wrong-password" | "not-host" | "removed" | "offer-refused" | "not-routed";
export type ParticipantId = string;
export type MediaState = { 
/**
 * The microphone is on.
 */
mic: boolean, 
/**
 * The camera is on.
 */
camera: boolean, 
/**
 * A screen is shared.
 */
screen: boolean, 
/**
 * The shared screen has sound.
 */
screenAudio: boolean, };
export type LeaveReason = "left" | "connection-lost" | "removed";
export type Topology = "direct" | "routed";
export type Source = "microphone" | "camera" | "screen" | "screen-audio";
export type VideoSource = "camera" | "screen";
export type Receive = "everything" | "low" | "audio-only";
export type Error = { 
/**
 * For code.
 */
code: ErrorCode, 
/**
 * For people: what happened and what to do, in English.
 */
message: string, };
export type Empty = Record<symbol, never>;
export type Join = { 
/**
 * The protocol version the client speaks.
 */
version: ProtocolVersion, 
/**
 * The room's name as typed or linked.
 */
room: string, 
/**
 * The participant's display name.
 */
name: string, 
/**
 * What it sends from the start.
 */
media: MediaState, 
/**
 * Present to go on as the participant one was before.
 */
resume?: Resume, 
/**
 * The key for opening rooms, where the server asks for one.
 */
createKey?: string, 
/**
 * The room's password, where its host has set one.
 */
password?: string, };
export type Resume = { 
/**
 * The token of the last [`Joined`].
 */
token: string, 
/**
 * The incarnation whose peer connections still live; absent after a page reload.
 */
incarnation?: number, };
export type JoinOutcome = "new" | "resumed" | "restored";
export type Joined = { 
/**
 * New, resumed or restored.
 */
outcome: JoinOutcome, 
/**
 * The room's normalized name.
 */
room: string, 
/**
 * Oneself.
 */
participant: Participant, 
/**
 * The secret that lets this participant resume; never shown to others.
 */
resumeToken: string, 
/**
 * Seconds a lost participant is kept for.
 */
resumeSeconds: number, 
/**
 * All others.
 */
participants: Array<Participant>, 
/**
 * The last messages and notices, oldest first.
 */
chat: Array<ChatEntry>, 
/**
 * The credential for the server's own TURN, whose URLs are built from the server's.
 */
turn: TurnCredential, 
/**
 * Further STUN and TURN servers for `RTCPeerConnection`.
 */
iceServers: Array<IceServer>, 
/**
 * Another participant of this room is the same browser: join muted, or both will echo.
 */
sameDevice: boolean, 
/**
 * How media goes in this room.
 */
topology: Topology, 
/**
 * What the host has set.
 */
settings: RoomSettings, 
/**
 * What an offer for the server may hold.
 */
mediaLimits: MediaLimits, 
/**
 * The server's version.
 */
serverVersion: string, };
export type Participant = { 
/**
 * Its name inside the room.
 */
id: ParticipantId, 
/**
 * What it shows as its name.
 */
name: string, 
/**
 * What it sends.
 */
media: MediaState, 
/**
 * False while its signaling connection is lost; its media may well go on.
 */
connected: boolean, 
/**
 * Raised when its peer connections have to be made anew (its page was reloaded).
 */
incarnation: number, 
/**
 * When it joined, milliseconds since the Unix epoch.
 */
joinedAt: number, 
/**
 * It may change the room's settings and remove others: who opened the room; when that one leaves, who has
 * been here longest.
 */
host: boolean, 
/**
 * It sends media and takes part in nothing else (WHIP, RFC 9725): it reads no chat and takes no data messages.
 */
mediaOnly?: boolean, };
export type TurnCredential = { 
/**
 * TURN user name.
 */
username: string, 
/**
 * TURN password.
 */
credential: string, 
/**
 * Seconds for which it is good; ask for another before that.
 */
seconds: number, 
/**
 * The port of STUN and TURN, where it is not the URL's: a reverse proxy passes on the page only.
 */
port?: number, };
export type IceServer = { 
/**
 * `stun:`, `turn:` or `turns:` URLs.
 */
urls: Array<string>, 
/**
 * TURN user name.
 */
username?: string, 
/**
 * TURN password.
 */
credential?: string, };
export type Signal = { 
/**
 * The participant it is for.
 */
to: ParticipantId, 
/**
 * The receiver's incarnation it is meant for.
 */
incarnation: number, 
/**
 * Counts the sender's signals, so that one sent again after a lost connection is known.
 */
seq: number, 
/**
 * The offer, answer or candidate.
 */
payload: SignalPayload, };
export type SignalFrom = { 
/**
 * The participant that sent it.
 */
from: ParticipantId, 
/**
 * The sender's incarnation.
 */
incarnation: number, 
/**
 * Counts the sender's signals.
 */
seq: number, 
/**
 * The offer, answer or candidate.
 */
payload: SignalPayload, };
export type SignalPayload = { "type": "offer", 
/**
 * The session description.
 */
sdp: string, } | { "type": "answer", 
/**
 * The session description.
 */
sdp: string, } | { "type": "candidate" } & IceCandidate | { "type": "restart" };
export type IceCandidate = { 
/**
 * The `candidate:` line.
 */
candidate: string, 
/**
 * The m-line's MID.
 */
sdpMid: string | null, 
/**
 * The m-line's index.
 */
sdpMLineIndex: number | null, 
/**
 * The ICE user name fragment it belongs to.
 */
usernameFragment: string | null, };
export type Chat = { 
/**
 * Plain text; line breaks are kept.
 */
text: string, };
export type ChatSent = { 
/**
 * The entry's number.
 */
id: number, };
export type ChatEntry = { 
/**
 * Grows within a room, over restarts too.
 */
id: number, 
/**
 * Milliseconds since the Unix epoch.
 */
at: number, 
/**
 * Who wrote, came or left.
 */
from: ParticipantId, 
/**
 * Their name at that time.
 */
name: string, 
/**
 * What happened.
 */
body: ChatBody, };
export type ChatBody = { "type": "message", 
/**
 * Plain text.
 */
text: string, } | { "type": "joined" } | { "type": "left" };
export type ParticipantLeft = { 
/**
 * Who.
 */
id: ParticipantId, 
/**
 * Why.
 */
reason: LeaveReason, };
export type ServerClosing = { 
/**
 * Milliseconds after which to try again.
 */
retryAfterMs: number, };
export type RequestError = { 
/**
 * The request's Socket.IO event name, cut to 64 characters.
 */
request: string, 
/**
 * Why.
 */
error: Error, };
export type MediaLimits = { 
/**
 * Lines for receiving video that a first offer should have.
 */
videoSlots: number, 
/**
 * Lines for receiving audio that an offer should have.
 */
audioSlots: number, 
/**
 * Lines for receiving video that an offer may have at most.
 */
mostVideoSlots: number, };
export type MediaOffer = { 
/**
 * Numbers this participant's peer connections: the same number again is a new offer of the same one (an ICE
 * restart, more slots), a higher one replaces it.
 */
connection: number, 
/**
 * The offer (RFC 9429). Its candidates are not needed: the server is ICE-lite (RFC 8445 §2.5).
 */
sdp: string, };
export type MediaAnswer = { 
/**
 * The answer, with all of the server's candidates.
 */
sdp: string, };
export type View = { 
/**
 * How much it wants to receive.
 */
receive: Receive, 
/**
 * The videos it shows, most important first. What is not listed is not sent.
 */
wants: Array<Want>, };
export type Want = { 
/**
 * Whose.
 */
participant: ParticipantId, 
/**
 * Camera or screen.
 */
source: VideoSource, 
/**
 * The picture's height on the participant's screen, in device pixels.
 */
height: number, 
/**
 * It was pinned or is otherwise preferred to others.
 */
preferred: boolean, };
export type RoomChange = { 
/**
 * Nobody new may come in.
 */
locked?: boolean, 
/**
 * Who comes in has to give this password; `null` takes it away.
 */
password?: string | null, 
/**
 * Media goes through the server even when two are here.
 */
routed?: boolean, };
export type RoomSettings = { 
/**
 * Nobody new may come in.
 */
locked: boolean, 
/**
 * Who comes in has to give a password.
 */
password: boolean, 
/**
 * Media goes through the server even when two are here.
 */
routed: boolean, };
export type Remove = { 
/**
 * Whom.
 */
participant: ParticipantId, };
export type TopologyChange = { 
/**
 * Between the two participants, or through the server.
 */
mode: Topology, };
export type Slots = { 
/**
 * One for each receiving m-line.
 */
slots: Array<Slot>, };
export type Slot = { 
/**
 * The slot's m-line (RFC 9143).
 */
mid: string, 
/**
 * Whose track fills it; absent while the slot is empty.
 */
participant?: ParticipantId, 
/**
 * Which of its tracks; absent while the slot is empty.
 */
source?: Source, 
/**
 * The track is wanted but does not fit this client's network for now.
 */
paused: boolean, };
export type Layers = { 
/**
 * Camera or screen.
 */
source: VideoSource, 
/**
 * One for each layer, lowest first; a source without layers counts the first only.
 */
active: [boolean, boolean, boolean], };
export type Speakers = { 
/**
 * Loudest first; empty when nobody does.
 */
participants: Array<ParticipantId>, };
export type Request = { "event": "join", "data": Join } | { "event": "leave", "data": Empty } | { "event": "away", "data": Empty } | { "event": "signal", "data": Signal } | { "event": "media", "data": MediaState } | { "event": "chat", "data": Chat } | { "event": "turn", "data": Empty } | { "event": "media-offer", "data": MediaOffer } | { "event": "media-close", "data": Empty } | { "event": "view", "data": View } | { "event": "room", "data": RoomChange } | { "event": "remove", "data": Remove } | { "event": "route", "data": Empty };
export type Event = { "event": "participant-joined", "data": Participant } | { "event": "participant-updated", "data": Participant } | { "event": "participant-left", "data": ParticipantLeft } | { "event": "signal", "data": SignalFrom } | { "event": "chat", "data": ChatEntry } | { "event": "server-closing", "data": ServerClosing } | { "event": "replaced", "data": Empty } | { "event": "request-error", "data": RequestError } | { "event": "topology", "data": TopologyChange } | { "event": "slots", "data": Slots } | { "event": "layers", "data": Layers } | { "event": "speakers", "data": Speakers } | { "event": "room-updated", "data": RoomSettings } | { "event": "removed", "data": Empty } | { "event": "media-restart", "data": Empty };
export type Answer<T> = { "ok": T } | { "error": Error };

export const PROTOCOL_VERSION: ProtocolVersion = { major: 1, minor: 1 };
export const LIMITS = { displayNameGraphemes: 64, roomNameChars: 64, chatBytes: 8192, chatHistory: 200, sdpBytes: 131072, passwordBytes: 256, wants: 128 } as const;
