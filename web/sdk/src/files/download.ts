import type { KaigiError } from '../types';
import type { ParticipantId } from '../wire.gen';
import { fileErrors, fromReason } from './errors';
import type { FileMessage } from './messages';
import { transferId } from './offer';
import { CHUNK_BYTES } from './pipe';
import { Rate } from './rate';
import { Sha256 } from './sha256';
import type { Sink } from './sinks';
import type { FileTransfer, TransferState } from './types';

/** What may be under way: two seconds' worth, within these bounds. */
const LEAST_WINDOW_BYTES = 256 * 1024;
const MOST_WINDOW_BYTES = 2 * 1024 * 1024;
const WINDOW_SECONDS = 2;
/** Nothing for so long is worth saying, and asking again. */
const SILENT_MS = 4_000;
const ASK_AGAIN_MS = 4_000;
/** A sender that has others to serve is asked now and then whether it still knows. */
const ASK_WAITING_MS = 15_000;
/** A change of the path loses what was under way on the old one: this is how long it may still come. */
const AFTER_CHANGE_MS = 1_000;
const GIVE_UP_MS = 60_000;

export interface DownloadFacts {
  from: ParticipantId;
  key: string;
  name: string;
  bytes: number;
  mediaType: string;
  to: ParticipantId | undefined;
}

export interface DownloadOptions {
  send: (message: FileMessage) => void;
  onChange: () => void;
  /** It does not need its turn any more. */
  onOver: () => void;
}

/** One file of somebody else's: asks for it, and goes on where it was after whatever happened in between. */
export class Download {
  readonly bytes: number;
  readonly #facts: DownloadFacts;
  readonly #options: DownloadOptions;
  readonly #rate = new Rate();
  #state: TransferState = 'offered';
  #error: KaigiError | undefined;
  #content: Blob | undefined;
  #sink: Sink | undefined;
  #hash = new Sha256();
  /** In order and without a gap: what has come, and what of it is stored. */
  #received = 0;
  #stored = 0;
  #pending: Uint8Array[] = [];
  #writing: Promise<void> | undefined;
  #limit = 0;
  #told = 0;
  #begun = false;
  /** Never goes back, so that what is under way of an earlier time is known. */
  #round = 0;
  /** The sender does not give it to us yet. */
  #queued = false;
  #movedAt = 0;
  #askedAt = 0;
  #heardAt = 0;
  #changedAt: number | undefined;

  constructor(facts: DownloadFacts, options: DownloadOptions) {
    this.#facts = facts;
    this.#options = options;
    this.bytes = facts.bytes;
  }

  get id(): string {
    return transferId(this.#facts.from, this.#facts.key);
  }

  get from(): ParticipantId {
    return this.#facts.from;
  }

  get facts(): Readonly<DownloadFacts> {
    return this.#facts;
  }

  get state(): TransferState {
    return this.#state;
  }

  /** It can go on where it was. */
  get resumable(): boolean {
    return this.#sink !== undefined;
  }

  get view(): FileTransfer {
    const { key, from, to, name, bytes, mediaType } = this.#facts;
    const running = this.#state === 'running';
    const perSecond = running ? this.#rate.perSecond : 0;
    return {
      id: this.id,
      key,
      from,
      own: false,
      ...(to === undefined ? {} : { to }),
      name,
      bytes,
      mediaType,
      state: this.#state,
      transferred: this.#stored,
      bytesPerSecond: perSecond,
      ...(perSecond > 0 ? { secondsLeft: (bytes - this.#stored) / perSecond } : {}),
      ...(this.#error ? { error: this.#error } : {}),
      ...(this.#content ? { content: this.#content } : {}),
      receivers: [],
    };
  }

  /** It is wanted: into this sink, if it does not go on where it was. */
  wait(sink: Sink | undefined): void {
    if (sink) {
      this.#reset();
      this.#sink = sink;
    }
    this.#error = undefined;
    this.#set('waiting');
  }

  /** Its turn has come. */
  begin(now: number): void {
    this.#heardAt = now;
    this.#queued = false;
    this.#rate.restart(this.#stored, now);
    this.#ask(now);
    this.#set('running');
  }

  handleMessage(message: FileMessage, now: number): void {
    if (this.#state !== 'running' && this.#state !== 'paused' && this.#state !== 'waiting') {
      if (message.kind === 'none' && this.#state === 'offered') this.fail(fromReason(message.reason));
      return;
    }
    // Not begun yet: what comes is of an earlier time.
    if (!this.#begun && message.kind !== 'none') return;
    switch (message.kind) {
      case 'chunk':
        return this.#take(message, now);
      case 'end':
        return void this.#finish(message.digest);
      case 'wait':
        this.#heardAt = now;
        this.#queued = true;
        return this.#set('waiting');
      case 'none':
        return this.fail(fromReason(message.reason));
      default:
    }
  }

  /** The way to the sender is another one. */
  handlePathChange(now: number): void {
    this.#changedAt = now;
  }

  tick(now: number): void {
    if (this.#state === 'running') this.#rate.sample(this.#stored, now);
    const begun = this.#begun && (this.#state !== 'waiting' || this.#queued);
    if (!begun || !['running', 'paused', 'waiting'].includes(this.#state)) return;
    // What we do not get written ourselves is nobody else's silence.
    if (this.#writing) this.#movedAt = this.#heardAt = now;
    else if (this.#stored > this.#told) this.#tell();
    if (now - this.#heardAt >= GIVE_UP_MS) return this.fail(fileErrors.stalled(), true);
    const asked = now - this.#askedAt;
    if (this.#queued) {
      if (asked >= ASK_WAITING_MS) this.#ask(now);
      return;
    }
    const still = now - this.#movedAt;
    if (still >= SILENT_MS) this.#set('paused');
    const lost = this.#changedAt !== undefined && now - this.#changedAt >= AFTER_CHANGE_MS;
    if (lost) this.#changedAt = undefined;
    const waits = now - Math.max(this.#movedAt, this.#askedAt);
    if (waits >= ASK_AGAIN_MS || (lost && still >= AFTER_CHANGE_MS)) this.#ask(now);
    if (this.#state === 'running') this.#options.onChange();
  }

  cancel(): void {
    if (this.#state === 'done' || this.#state === 'cancelled') return;
    this.#stop();
    this.#discard();
    this.#set('cancelled');
    this.#options.onOver();
  }

  /** `keeps`: what has come so far, so that it can go on. */
  fail(error: KaigiError, keeps = false): void {
    if (this.#state === 'done' || this.#state === 'failed') return;
    this.#stop();
    if (!keeps) this.#discard();
    this.#error = error;
    this.#set('failed');
    this.#options.onOver();
  }

  /** Its sender is here after all. */
  revive(): void {
    if (this.#state !== 'failed' || this.#error?.code !== 'file-gone') return;
    this.#error = undefined;
    this.#set('offered');
  }

  /** It will not be looked at any more. */
  close(): void {
    if (this.#state !== 'done') this.#discard();
  }

  #take({ round, offset, bytes }: FileMessage & { kind: 'chunk' }, now: number): void {
    this.#heardAt = now;
    this.#queued = false;
    const end = offset + bytes.length;
    if (offset > this.#received) {
      // Something was lost in between, with a path; what else is under way of this round is void.
      if (round === this.#round) this.#ask(now);
      return;
    }
    const beyond = end > this.bytes || this.#received > this.#limit + CHUNK_BYTES;
    if (end <= this.#received || beyond) return;
    const fresh = bytes.subarray(this.#received - offset);
    this.#received = end;
    this.#movedAt = now;
    this.#changedAt = undefined;
    this.#hash.update(fresh);
    this.#pending.push(fresh);
    this.#set('running');
    this.#writing ??= this.#write();
  }

  /** Writes what has come, in as large pieces as have gathered meanwhile. */
  async #write(): Promise<void> {
    const sink = this.#sink;
    try {
      while (sink && sink === this.#sink && this.#pending.length > 0) {
        const bytes = joined(this.#pending.splice(0));
        await sink.write(bytes);
        if (sink !== this.#sink) return;
        this.#stored += bytes.length;
        const [next, limit] = [this.#nextLimit(), this.#limit];
        // A quarter of what may be under way is free again, or all that is left may come.
        if (next - limit >= this.#window() / 4 || (next === this.bytes && limit < next)) this.#tell();
      }
    } catch (cause) {
      if (sink === this.#sink) this.fail(fileErrors.notStored(cause));
    } finally {
      if (sink === this.#sink) this.#writing = undefined;
    }
  }

  async #finish(digest: Uint8Array): Promise<void> {
    // Some is missing: it is asked for again when nothing more comes.
    if (this.#received < this.bytes) return;
    await this.#writing;
    const sink = this.#sink;
    if (!sink || this.#state === 'failed' || this.#stored < this.bytes) return;
    const own = this.#hash;
    this.#hash = new Sha256();
    this.#sink = undefined;
    if (!own.digest().every((byte, index) => byte === digest[index])) {
      void sink.discard();
      return this.fail(fileErrors.corrupt());
    }
    try {
      this.#content = await sink.finish();
    } catch (cause) {
      void sink.discard();
      return this.fail(fileErrors.notStored(cause));
    }
    this.#options.send({ kind: 'done', key: this.#facts.key });
    this.#set('done');
    this.#options.onOver();
  }

  #ask(now: number): void {
    this.#begun = true;
    this.#round++;
    this.#askedAt = now;
    this.#movedAt = now;
    this.#told = this.#stored;
    this.#limit = Math.max(this.#limit, this.#nextLimit());
    const { key } = this.#facts;
    this.#options.send({ kind: 'get', key, round: this.#round, offset: this.#received, limit: this.#limit });
  }

  #tell(): void {
    this.#told = this.#stored;
    this.#limit = Math.max(this.#limit, this.#nextLimit());
    this.#options.send({ kind: 'more', key: this.#facts.key, stored: this.#stored, limit: this.#limit });
  }

  #stop(): void {
    if (this.#begun) this.#options.send({ kind: 'stop', key: this.#facts.key });
    this.#begun = false;
  }

  #window(): number {
    const wanted = this.#rate.perSecond * WINDOW_SECONDS;
    return Math.min(Math.max(wanted, LEAST_WINDOW_BYTES), MOST_WINDOW_BYTES);
  }

  #nextLimit(): number {
    return Math.min(Math.floor(this.#stored + this.#window()), this.bytes);
  }

  #discard(): void {
    void this.#sink?.discard();
    this.#reset();
  }

  #reset(): void {
    this.#sink = undefined;
    this.#hash = new Sha256();
    this.#pending = [];
    this.#writing = undefined;
    this.#received = this.#stored = this.#told = this.#limit = 0;
    this.#queued = this.#begun = false;
    this.#content = undefined;
    this.#changedAt = undefined;
  }

  #set(state: TransferState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#options.onChange();
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
