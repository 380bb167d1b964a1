/**
 * What a page and the meeting in its `<iframe>` say to each other by `postMessage`: `docs/embedding.md` for those who
 * write it by hand.
 */

/** The version of the envelope; a meeting answers those of another version with `version-mismatch`. */
export const EMBED_VERSION = 1;

/** Everything that is posted, in both directions. */
export interface Envelope {
  kaigi: typeof EMBED_VERSION;
  type: string;
  /** Of a command: comes back in its answer. */
  id?: string | number;
  data?: unknown;
}

/** What the page may ask for, each with its one argument. */
export interface EmbedCommands {
  leave: undefined;
  'set-mic': { on: boolean };
  'set-camera': { on: boolean };
  /** Without `on` the other way round. */
  'toggle-screen': { on?: boolean } | undefined;
  'set-layout': { layout: EmbedLayout };
  'send-chat': { text: string };
  'raise-hand': { raised: boolean };
  'get-state': undefined;
}

export type EmbedLayout = 'grid' | 'speaker';

/** What the meeting tells the page, each with its one argument. */
export interface EmbedEvents {
  /** The meeting's page runs and takes commands; again after a reload of the frame. */
  ready: { room: string };
  joined: { room: string; id: string; name: string };
  left: { reason: EmbedLeaveReason };
  participants: { count: number; participants: readonly EmbedParticipant[] };
  mic: { on: boolean };
  camera: { on: boolean };
  screen: { on: boolean };
  /** Messages that are new; what was said before one came is not told. */
  chat: { messages: readonly EmbedChatMessage[] };
  /** Who speaks now, by id. */
  speaking: { ids: readonly string[] };
  /** One's own hand. */
  hand: { raised: boolean };
  /** The meeting could not be entered, or a command without an `id` was refused. */
  error: EmbedFailure;
}

/**
 * `left` by the button or the command; `replaced`: went on in another tab; `removed` by a host; `refused`: the server
 * does not let the participant back in.
 */
export type EmbedLeaveReason = 'left' | 'replaced' | 'removed' | 'ended' | 'refused';

export interface EmbedParticipant {
  id: string;
  name: string;
  /** It is the one in this frame. */
  own: boolean;
  host: boolean;
  mic: boolean;
  camera: boolean;
  screen: boolean;
  hand: boolean;
}

export interface EmbedChatMessage {
  id: number;
  /** The participant's id. */
  from: string;
  name: string;
  text: string;
  /** Milliseconds since 1970. */
  at: number;
  own: boolean;
  /** Only two read it. */
  direct: boolean;
}

/** How far one is on the way in, and how one came out. */
export type EmbedPhase =
  | 'prejoin'
  | 'joining'
  /** In front of the room, until a host lets one in. */
  | 'waiting'
  /** Nobody has opened the room yet, and only holders of the key may. */
  | 'not-open'
  | 'password'
  | 'meeting'
  | 'left'
  | 'failed';

/** The answer to `get-state`. */
export interface EmbedState {
  phase: EmbedPhase;
  room: string;
  mic: boolean;
  camera: boolean;
  screen: boolean;
  layout: EmbedLayout;
  hand: boolean;
  /** Empty outside of the meeting. */
  participants: readonly EmbedParticipant[];
}

/** `code` is for programs, `message` for people. */
export interface EmbedFailure {
  code: string;
  message: string;
}

/** `data` of the message of type `answer`. */
export type EmbedAnswer = { ok: true; result?: unknown } | { ok: false; error: EmbedFailure };
