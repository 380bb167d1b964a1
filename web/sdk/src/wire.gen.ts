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
export type ErrorCode = "bad-request" | "unknown-request" | "version-mismatch" | "invalid-room-name" | "invalid-display-name" | "room-full" | "room-not-open" | "wrong-key" | "server-full" | "not-joined" | "already-joined" | "no-such-participant" | "stale-participant" | "participant-unreachable" | "too-large" | "rate-limited" | "shutting-down" | "room-locked" | "password-required" | "wrong-password" | "not-host" | "removed" | "offer-refused" | "not-routed" | "waiting" | "not-allowed" | "not-found" | "room-exists" | "token-required" | "bad-token";
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
export type Permissions = { 
/**
 * Turn the microphone on.
 */
mic: boolean, 
/**
 * Turn the camera on.
 */
camera: boolean, 
/**
 * Share a screen, with its sound.
 */
screen: boolean, 
/**
 * Write, react and ask polls.
 */
chat: boolean, 
/**
 * Share files.
 */
files: boolean, };
export type Reaction = "thumbs-up" | "clap" | "heart" | "laugh" | "surprise" | "party";
export type LeaveReason = "left" | "connection-lost" | "removed" | "moved";
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
password?: string, 
/**
 * An access token (JWT) of the application that sends this participant here.
 */
token?: string, };
export type Resume = { 
/**
 * The token of the last [`Joined`].
 */
token: string, 
/**
 * The incarnation whose peer connections still live; absent after a page reload.
 */
incarnation?: number, 
/**
 * The room's media went through the server. One that has restarted since lets the room begin that way.
 */
routed?: boolean, };
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
 * How one has voted in the polls of the chat.
 */
votes: Array<Vote>, 
/**
 * Who waits to be let in; empty for those who are not hosts.
 */
waiting: Array<WaitingOne>, 
/**
 * The breakout rooms, and whether this is one.
 */
breakouts: Breakouts, 
/**
 * What one's access token allows at most, whatever the hosts allow; absent: everything.
 */
publish?: Permissions, 
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
 * It may change the room's settings and what others may do: who opened the room and whom hosts have made one;
 * when the last of them has left or was gone for a minute, who has been here longest.
 */
host: boolean, 
/**
 * When it raised its hand, milliseconds since the Unix epoch; no two of a room at the same time. Absent while it is
 * down.
 */
hand?: number, 
/**
 * It sends media and takes part in nothing else (WHIP, RFC 9725): it reads no chat and takes no data messages.
 */
mediaOnly?: boolean, 
/**
 * Who it is in the words of the application that sent it here: the `sub` of its access token.
 */
identity?: string, };
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
text: string, 
/**
 * For this one only.
 */
to?: ParticipantId, 
/**
 * The entry it answers.
 */
replyTo?: number, };
export type ChatEdit = { 
/**
 * The entry.
 */
id: number, 
/**
 * Its new text.
 */
text: string, };
export type ChatDelete = { 
/**
 * The entry.
 */
id: number, };
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
 * The only one beside `from` who gets it; absent if it is for all.
 */
to?: ParticipantId, 
/**
 * The entry it answers.
 */
replyTo?: number, 
/**
 * When it was last edited, milliseconds since the Unix epoch.
 */
edited?: number, 
/**
 * What happened.
 */
body: ChatBody, };
export type ChatBody = { "type": "message", 
/**
 * Plain text.
 */
text: string, } | { "type": "poll" } & Poll | { "type": "file" } & SharedFile | { "type": "deleted" } | { "type": "joined" } | { "type": "left" };
export type NewPoll = { 
/**
 * What is asked.
 */
question: string, 
/**
 * What can be chosen: at least two.
 */
options: Array<string>, 
/**
 * Several may be chosen.
 */
multiple: boolean, 
/**
 * Nobody is told who has chosen what.
 */
anonymous: boolean, };
export type Poll = { 
/**
 * What is asked.
 */
question: string, 
/**
 * What can be chosen.
 */
options: Array<PollOption>, 
/**
 * Several may be chosen.
 */
multiple: boolean, 
/**
 * Nobody is told who has chosen what.
 */
anonymous: boolean, 
/**
 * How many have voted.
 */
voters: number, 
/**
 * No more votes are taken.
 */
closed: boolean, };
export type PollOption = { 
/**
 * Its text.
 */
text: string, 
/**
 * How many have chosen it.
 */
votes: number, 
/**
 * The names of those who have, in the order they did and not all of many; none in an anonymous poll.
 */
names: Array<string>, };
export type Vote = { 
/**
 * The poll's entry in the chat.
 */
poll: number, 
/**
 * Which options, counted from 0; none takes the vote back.
 */
options: Array<number>, };
export type PollClose = { 
/**
 * The poll's entry in the chat.
 */
poll: number, };
export type FileOffer = { 
/**
 * The file.
 */
file: SharedFile, 
/**
 * For this one only.
 */
to?: ParticipantId, };
export type SharedFile = { 
/**
 * The sender's name for this transfer.
 */
key: string, 
/**
 * The file's name, without a path.
 */
name: string, 
/**
 * Its length in bytes.
 */
bytes: number, 
/**
 * Its media type (RFC 6838), empty if unknown.
 */
mediaType: string, };
export type Hand = { 
/**
 * Up or down.
 */
raised: boolean, 
/**
 * Whose; oneself if absent. Hosts may lower another's.
 */
participant?: ParticipantId, };
export type React = { 
/**
 * Which.
 */
reaction: Reaction, };
export type ReactionFrom = { 
/**
 * Who.
 */
from: ParticipantId, 
/**
 * Which.
 */
reaction: Reaction, };
export type ParticipantLeft = { 
/**
 * Who.
 */
id: ParticipantId, 
/**
 * Why.
 */
reason: LeaveReason, };
export type Roster = { 
/**
 * Those who have come or changed, as they are now; the receiver may be among them.
 */
participants: Array<Participant>, 
/**
 * Those who are gone.
 */
left: Array<ParticipantLeft>, 
/**
 * The chat's notices of both.
 */
chat: Array<ChatEntry>, };
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
routed?: boolean, 
/**
 * Who comes waits until a host lets them in.
 */
waiting?: boolean, 
/**
 * What those who are not hosts may do.
 */
allowed?: Permissions, };
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
routed: boolean, 
/**
 * Who comes waits until a host lets them in.
 */
waiting: boolean, 
/**
 * What those who are not hosts may do.
 */
allowed: Permissions, };
export type Remove = { 
/**
 * Whom.
 */
participant: ParticipantId, 
/**
 * It may not come back while the room is open.
 */
ban: boolean, };
export type Removed = { 
/**
 * It may not come back while the room is open.
 */
ban: boolean, 
/**
 * The meeting was ended for all.
 */
ended?: boolean, };
export type Mute = { 
/**
 * Whose; that of all who are not hosts if absent.
 */
participant?: ParticipantId, 
/**
 * Which.
 */
source: Source, };
export type Muted = { 
/**
 * Which.
 */
source: Source, 
/**
 * Which host; absent when it was the application that the room belongs to.
 */
by?: ParticipantId, };
export type Role = { 
/**
 * Whom it is about; oneself to lay the role down, as long as another is a host.
 */
participant: ParticipantId, 
/**
 * A host or not.
 */
host: boolean, };
export type WaitingOne = { 
/**
 * Stands for this one while it waits.
 */
id: number, 
/**
 * The name it comes under.
 */
name: string, };
export type Waiting = { 
/**
 * In the order they came.
 */
waiting: Array<WaitingOne>, };
export type Admit = { 
/**
 * Whom; all if absent.
 */
id?: number, };
export type TurnAway = { 
/**
 * Whom.
 */
id: number, };
export type TurnedAway = { 
/**
 * Nobody is in the room any more; otherwise a host has decided so.
 */
over: boolean, };
export type BreakoutsOpen = { 
/**
 * Their titles; each room is numbered by its place here.
 */
titles: Array<string>, 
/**
 * Who goes where at once: those who are not named stay and may be sent later.
 */
people: Array<Assignment>, 
/**
 * Everybody is called back after so many minutes.
 */
minutes?: number, };
export type Assignment = { 
/**
 * Who.
 */
participant: ParticipantId, 
/**
 * To which breakout room.
 */
room: number, };
export type BreakoutMove = { 
/**
 * Who; oneself if absent. Hosts may send others.
 */
participant?: ParticipantId, 
/**
 * Which breakout room; the room itself if absent.
 */
room?: number, };
export type Breakouts = { 
/**
 * None while there are none.
 */
rooms: Array<BreakoutRoom>, 
/**
 * In which of them one is; absent in the room itself.
 */
own?: number, 
/**
 * When everybody is called back, milliseconds since the Unix epoch.
 */
until?: number, 
/**
 * Who is in the room itself.
 */
main: Array<BreakoutPerson>, };
export type BreakoutRoom = { 
/**
 * What it is called.
 */
title: string, 
/**
 * Who is in it.
 */
people: Array<BreakoutPerson>, };
export type BreakoutPerson = { 
/**
 * Its name inside these rooms.
 */
id: ParticipantId, 
/**
 * What it shows as its name.
 */
name: string, };
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
export type Request = { "event": "join", "data": Join } | { "event": "leave", "data": Empty } | { "event": "away", "data": Empty } | { "event": "signal", "data": Signal } | { "event": "media", "data": MediaState } | { "event": "chat", "data": Chat } | { "event": "chat-edit", "data": ChatEdit } | { "event": "chat-delete", "data": ChatDelete } | { "event": "poll", "data": NewPoll } | { "event": "vote", "data": Vote } | { "event": "poll-close", "data": PollClose } | { "event": "file", "data": FileOffer } | { "event": "hand", "data": Hand } | { "event": "react", "data": React } | { "event": "turn", "data": Empty } | { "event": "media-offer", "data": MediaOffer } | { "event": "media-close", "data": Empty } | { "event": "view", "data": View } | { "event": "room", "data": RoomChange } | { "event": "remove", "data": Remove } | { "event": "mute", "data": Mute } | { "event": "role", "data": Role } | { "event": "admit", "data": Admit } | { "event": "turn-away", "data": TurnAway } | { "event": "breakouts-open", "data": BreakoutsOpen } | { "event": "breakouts-close", "data": Empty } | { "event": "breakout-move", "data": BreakoutMove } | { "event": "route", "data": Empty };
export type Event = { "event": "participant-joined", "data": Participant } | { "event": "participant-updated", "data": Participant } | { "event": "participant-left", "data": ParticipantLeft } | { "event": "roster", "data": Roster } | { "event": "signal", "data": SignalFrom } | { "event": "chat", "data": ChatEntry } | { "event": "chat-changed", "data": ChatEntry } | { "event": "reaction", "data": ReactionFrom } | { "event": "server-closing", "data": ServerClosing } | { "event": "replaced", "data": Empty } | { "event": "request-error", "data": RequestError } | { "event": "topology", "data": TopologyChange } | { "event": "slots", "data": Slots } | { "event": "layers", "data": Layers } | { "event": "speakers", "data": Speakers } | { "event": "room-updated", "data": RoomSettings } | { "event": "muted", "data": Muted } | { "event": "waiting", "data": Waiting } | { "event": "admitted", "data": Empty } | { "event": "turned-away", "data": TurnedAway } | { "event": "breakouts", "data": Breakouts } | { "event": "moved", "data": Joined } | { "event": "removed", "data": Removed } | { "event": "media-restart", "data": Empty };
export type Answer<T> = { "ok": T } | { "error": Error };

export const PROTOCOL_VERSION: ProtocolVersion = { major: 1, minor: 3 };
export const LIMITS = { displayNameGraphemes: 64, roomNameChars: 64, chatBytes: 8192, chatHistory: 200, sdpBytes: 131072, passwordBytes: 256, wants: 128, pollOptions: 20, pollTextBytes: 512, fileNameBytes: 512, breakouts: 50, breakoutTitleBytes: 128, breakoutMinutes: 1440 } as const;
