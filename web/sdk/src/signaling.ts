import { Backoff } from './backoff';
import type { Connect, Connection, Transport } from './connection';
import { ANSWER_MS } from './connection';
import { Emitter } from './emitter';
import { ConnectionLost, isPassing, readAnswer } from './errors';
import { KaigiError } from './types';
import type { SignalingState } from './types';
import { PROTOCOL_VERSION } from './wire.gen';
import type {
  MediaAnswer,
  Event,
  Join,
  Joined,
  Request,
  Resume,
  ServerClosing,
  TurnCredential,
} from './wire.gen';

/** Tries before the first join gives up, and the time for all of them. */
const FIRST_JOIN_ATTEMPTS = 4;
const FIRST_JOIN_MS = 15_000;
/** A connection that held this long was a good one: the next loss starts with a fast try again. */
const GOOD_CONNECTION_MS = 5_000;
/** A live server answers a probe well within this. */
const PROBE_MS = 3_000;

/** What each request is answered with. */
export interface Answers {
  leave: unknown;
  away: unknown;
  signal: unknown;
  media: unknown;
  chat: { id: number };
  'chat-edit': unknown;
  'chat-delete': unknown;
  poll: { id: number };
  vote: unknown;
  'poll-close': unknown;
  file: { id: number };
  hand: unknown;
  react: unknown;
  mute: unknown;
  role: unknown;
  admit: unknown;
  'turn-away': unknown;
  'breakouts-open': unknown;
  'breakouts-close': unknown;
  'breakout-move': unknown;
  turn: TurnCredential;
  'media-offer': MediaAnswer;
  'media-close': unknown;
  view: unknown;
  room: unknown;
  remove: unknown;
  route: unknown;
}
export type RequestData<E extends Request['event']> = Extract<Request, { event: E }>['data'];
/** The events that are the room's business. */
export type RoomEvent = Exclude<
  Event,
  { event: 'server-closing' | 'replaced' | 'removed' | 'admitted' | 'turned-away' }
>;

type CloseReason = Extract<SignalingState, { state: 'closed' }>['reason'];

export interface SignalingEvents {
  /** The state for the user; the first one comes with the first `joined`. */
  state: SignalingState;
  /** In the room, for the first time or again. Comes before `state` says `connected`. */
  joined: Joined;
  event: RoomEvent;
}

export interface SignalingOptions {
  serverUrl: string;
  transports?: Transport[] | undefined;
  /** What to join with, asked at each join: the media state changes. */
  join: () => Omit<Join, 'version' | 'resume'>;
  /** Who we were before a reload of the page. */
  resume?: Resume | undefined;
  connect: Connect;
  backoff?: Backoff;
}

type Phase =
  | { phase: 'idle' }
  | { phase: 'waiting'; timer: ReturnType<typeof setTimeout> }
  | { phase: 'joining'; connection: Connection; early: RoomEvent[] }
  | { phase: 'joined'; connection: Connection; since: number }
  | { phase: 'closed'; error: KaigiError | undefined };

/** Keeps us in the room: connects, joins, joins again after each loss, and carries requests and events. */
export class Signaling extends Emitter<SignalingEvents> {
  readonly #options: SignalingOptions;
  readonly #backoff: Backoff;
  #phase: Phase = { phase: 'idle' };
  #resume: Resume | undefined;
  /** The room's media goes through the server, for all we know. */
  #routed = false;
  #hasJoined = false;
  #startedAt = 0;
  /** The server answers, and lets us in when a host does. */
  #letInLater = false;
  #serverClosing = false;
  /** Why the server refused the last join, if it did: better to report than "unreachable". */
  #lastRefusal: KaigiError | undefined;
  /** Those who wait to be in the room again. */
  #waiting: { resolve: () => void; reject: (error: KaigiError) => void }[] = [];

  constructor(options: SignalingOptions) {
    super();
    this.#options = options;
    this.#backoff = options.backoff ?? new Backoff();
    this.#resume = options.resume;
  }

  get isJoined(): boolean {
    return this.#phase.phase === 'joined';
  }

  /** Resolves when in the room: at once, or after the next join. */
  whenJoined(): Promise<void> {
    if (this.#phase.phase === 'closed') return Promise.reject(this.#phase.error ?? notJoined());
    if (this.isJoined) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  start(): void {
    this.#startedAt = Date.now();
    this.#open();
  }

  /** Asks the server; rejects with `ConnectionLost` when not joined or when the connection ends first. */
  async request<E extends keyof Answers>(
    event: E,
    data: RequestData<E>,
    answerMs = ANSWER_MS,
  ): Promise<Answers[E]> {
    const phase = this.#phase;
    if (phase.phase === 'closed') throw phase.error ?? notJoined();
    if (phase.phase !== 'joined') throw new ConnectionLost('not connected');
    try {
      return readAnswer<Answers[E]>(await phase.connection.request(event, data, answerMs));
    } catch (error) {
      // The server has forgotten us while the connection lived: only a new join helps.
      if (error instanceof KaigiError && error.code === 'not-joined' && this.#phase === phase) {
        phase.connection.close();
        this.#handleLost();
        throw new ConnectionLost('the server forgot us');
      }
      throw error;
    }
  }

  /** Finds out soon whether the connection still lives: after a change of network it often does not. */
  probe(answerMs = PROBE_MS): void {
    if (this.#phase.phase !== 'joined') return this.reconnectNow();
    // Not after the usual pause: that spares a server whose clients are all lost at the same moment.
    this.request('media', this.#options.join().media, answerMs).catch(() => this.reconnectNow());
  }

  reconnectNow(): void {
    if (this.#phase.phase !== 'waiting') return;
    clearTimeout(this.#phase.timer);
    this.#open();
  }

  /** Our peer connections died (the page was frozen): join again as after a reload. */
  startAnew(): void {
    if (this.#phase.phase === 'closed' || !this.#hasJoined) return;
    if (this.#resume) this.#resume = { token: this.#resume.token };
    this.#drop();
    this.#open();
  }

  /** The page is going away, perhaps to come back. */
  away(): void {
    if (this.#phase.phase === 'joined') this.#phase.connection.sendLast('away', {});
  }

  /** Leaves for good: tells the server if it can be told within a moment, and stops either way. */
  async leave(): Promise<void> {
    const phase = this.#phase;
    if (phase.phase === 'closed') return;
    if (phase.phase === 'waiting') clearTimeout(phase.timer);
    this.#end('left', undefined);
    if (phase.phase !== 'joined' && phase.phase !== 'joining') return;
    await phase.connection.request('leave', {}, PROBE_MS).catch(() => undefined);
    phase.connection.close();
  }

  /** Stops without telling the server. */
  close(reason: CloseReason, error?: KaigiError, banned?: boolean): void {
    if (this.#phase.phase === 'closed') return;
    this.#drop();
    this.#end(reason, error, banned);
  }

  #end(reason: CloseReason, error: KaigiError | undefined, banned?: boolean): void {
    this.#phase = { phase: 'closed', error };
    this.emit('state', {
      state: 'closed',
      reason,
      ...(error ? { error } : {}),
      ...(banned === undefined ? {} : { banned }),
    });
    for (const { reject } of this.#waiting.splice(0)) reject(error ?? notJoined());
  }

  #open(): void {
    const early: RoomEvent[] = [];
    const { serverUrl, transports, connect } = this.#options;
    const current = () => 'connection' in this.#phase && this.#phase.connection === connection;
    const connection = connect(
      { serverUrl, transports },
      {
        opened: () => {
          if (current()) void this.#join(connection);
        },
        event: (name, data) => {
          if (current()) this.#handleEvent({ event: name, data } as Event);
        },
        transport: (transport) => {
          if (current() && this.isJoined) this.emit('state', { state: 'connected', transport });
        },
        lost: () => {
          if (current()) this.#handleLost();
        },
      },
    );
    this.#phase = { phase: 'joining', connection, early };
  }

  async #join(connection: Connection): Promise<void> {
    const request: Join = {
      version: PROTOCOL_VERSION,
      ...this.#options.join(),
      ...(this.#resume ? { resume: { ...this.#resume, ...(this.#routed && { routed: true }) } } : {}),
    };
    let joined: Joined;
    try {
      joined = readAnswer<Joined>(await connection.request('join', request));
    } catch (error) {
      if (error instanceof KaigiError) this.#handleRefusal(connection, error);
      return; // a lost connection is reported through `lost`
    }
    const phase = this.#phase;
    if (phase.phase !== 'joining' || phase.connection !== connection) return;
    this.#phase = { phase: 'joined', connection, since: Date.now() };
    this.#resume = { token: joined.resumeToken, incarnation: joined.participant.incarnation };
    this.#routed = joined.topology === 'routed';
    this.#hasJoined = true;
    this.#serverClosing = false;
    this.#lastRefusal = undefined;
    this.emit('joined', joined);
    for (const { resolve } of this.#waiting.splice(0)) resolve();
    for (const event of phase.early) this.emit('event', event);
    if (this.#phase.phase === 'joined') {
      this.emit('state', { state: 'connected', transport: connection.transport });
    }
  }

  #handleRefusal(connection: Connection, error: KaigiError): void {
    if (this.#phase.phase !== 'joining' || this.#phase.connection !== connection) return;
    if (error.code === 'waiting') return this.#waitToBeLetIn();
    // Sent away while our connection was lost.
    if (error.code === 'removed' && this.#hasJoined) return this.close('removed', undefined, true);
    if (!isPassing(error.code)) return this.close('refused', error);
    this.#lastRefusal = error;
    connection.close();
    this.#handleLost();
  }

  /** The server remembers that we wait as long as this connection lives. */
  #waitToBeLetIn(): void {
    this.#letInLater = true;
    this.#backoff.reset();
    this.emit('state', { state: 'waiting' });
  }

  #handleEvent(event: Event): void {
    switch (event.event) {
      case 'admitted':
        if (this.#phase.phase === 'joining') void this.#join(this.#phase.connection);
        return;
      case 'turned-away':
        return this.close('refused', turnedAway(event.data.over));
      case 'topology':
        this.#routed = event.data.mode === 'routed';
        return this.#pass(event);
      case 'moved':
        // Another room, another token; what comes of it is the room's business.
        this.#resume = {
          token: event.data.resumeToken,
          incarnation: event.data.participant.incarnation,
        };
        this.#routed = event.data.topology === 'routed';
        if (this.#phase.phase === 'joined') this.emit('event', event);
        return;
      case 'replaced':
        return this.close('replaced');
      case 'removed':
        return event.data.ended ? this.close('ended') : this.close('removed', undefined, event.data.ban);
      case 'server-closing':
        return this.#handleServerClosing(event.data);
      default:
        return this.#pass(event);
    }
  }

  #pass(event: RoomEvent): void {
        // What arrives before the answer to `join` belongs after it.
        if (this.#phase.phase === 'joining') this.#phase.early.push(event);
        else if (this.#phase.phase === 'joined') this.emit('event', event);
    }

  #handleServerClosing({ retryAfterMs }: ServerClosing): void {
    if (!('connection' in this.#phase)) return;
    this.#serverClosing = true;
    this.#phase.connection.close();
    // All clients hear this at the same moment; they must not come back at the same moment.
    this.#wait(retryAfterMs + this.#backoff.next());
  }

  #handleLost(): void {
    const phase = this.#phase;
    if (phase.phase === 'joined' && Date.now() - phase.since >= GOOD_CONNECTION_MS) this.#backoff.reset();
    // Waiting may have taken long; what counts from now on is whether the server can be reached.
    if (this.#letInLater) this.#startedAt = Date.now();
    this.#letInLater = false;
    const delay = this.#backoff.next();
    if (!this.#hasJoined) {
      const outOfTime = Date.now() + delay - this.#startedAt > FIRST_JOIN_MS;
      if (outOfTime || this.#backoff.attempt >= FIRST_JOIN_ATTEMPTS) {
        return this.close('refused', this.#lastRefusal ?? unreachable(this.#options.serverUrl));
      }
    }
    this.#wait(delay);
  }

  #wait(delay: number): void {
    this.#phase = {
      phase: 'waiting',
      timer: setTimeout(() => this.#open(), delay),
    };
    if (!this.#hasJoined) return;
    this.emit('state', {
      state: 'reconnecting',
      attempt: this.#backoff.attempt,
      retryAt: Date.now() + delay,
      serverClosing: this.#serverClosing,
    });
  }

  #drop(): void {
    if (this.#phase.phase === 'waiting') clearTimeout(this.#phase.timer);
    if ('connection' in this.#phase) this.#phase.connection.close();
    this.#phase = { phase: 'idle' };
  }
}

export function notJoined(): KaigiError {
  return new KaigiError('not-joined', 'You have left the room.');
}

function turnedAway(over: boolean): KaigiError {
  return over
    ? new KaigiError('room-over', 'The meeting ended before somebody let you in.')
    : new KaigiError('turned-away', 'The host has not let you in.');
}

function unreachable(serverUrl: string): KaigiError {
  return new KaigiError(
    'server-unreachable',
    `The server at ${serverUrl} does not answer; check your network connection and the address.`,
  );
}
