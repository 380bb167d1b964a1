import type { ParticipantId } from '../wire.gen';
import { CHUNK_BYTES } from './pipe';
import { Rate } from './rate';
import type { Source } from './source';
import type { FileReceiver } from './types';

/** Who fetches says how far it is several times a second. */
const SILENT_MS = 5_000;

/** What is to be sent next. */
export type Parcel = { kind: 'chunk'; round: number; offset: number; bytes: Uint8Array } | { kind: 'end' };

export interface UploadOptions {
  to: ParticipantId;
  source: Source;
  /** Something can be sent. */
  onReady: () => void;
  /** The file cannot be read any more. */
  onUnreadable: () => void;
}

/** One participant fetches one file of ours. */
export class Upload {
  readonly to: ParticipantId;
  readonly bytes: number;
  readonly rate = new Rate();
  state: FileReceiver['state'] = 'waiting';
  /** What the receiver has stored. */
  stored = 0;
  readonly #options: UploadOptions;
  #round = 0;
  #at = 0;
  #limit = 0;
  #ended = false;
  #heardAt: number;
  /** What was read and is not sent yet, beginning at `#at`. */
  #blocks: Uint8Array[] = [];
  /** Counts the streams: what was read for an older one is void. */
  #stream = 0;
  #reading = false;

  constructor(options: UploadOptions, now: number) {
    this.#options = options;
    this.to = options.to;
    this.bytes = options.source.file.size;
    this.#heardAt = now;
  }

  get view(): FileReceiver {
    return { id: this.to, state: this.state, transferred: this.stored };
  }

  /** It asks for the content from an offset on. */
  handleGet(round: number, offset: number, limit: number, now: number): void {
    this.#heardAt = now;
    this.#round = round;
    this.#at = Math.min(offset, this.bytes);
    this.stored = this.#at;
    this.#limit = limit;
    this.#blocks = [];
    this.#stream++;
    this.#reading = false;
    this.#ended = false;
    this.rate.restart(this.stored, now);
    if (this.state === 'running') this.#fill();
  }

  handleMore(stored: number, limit: number, now: number): void {
    this.#heardAt = now;
    this.stored = Math.min(Math.max(stored, this.stored), this.#at);
    this.#limit = Math.max(limit, this.#limit);
    if (this.state === 'running') this.#fill();
  }

  /** Its turn has come. */
  begin(now: number): void {
    this.state = 'running';
    this.#heardAt = now;
    this.rate.restart(this.stored, now);
    this.#fill();
  }

  handleDone(): void {
    this.state = 'done';
    this.stored = this.bytes;
    this.#drop();
  }

  /** Whatever ends it early. */
  end(state: 'paused' | 'cancelled'): void {
    this.state = state;
    this.#drop();
  }

  /** Something can be sent now. */
  get ready(): boolean {
    if (this.state !== 'running' || this.#ended) return false;
    return this.#at === this.bytes || (this.#blocks.length > 0 && this.#at < this.#limit);
  }

  take(): Parcel | undefined {
    if (!this.ready) return undefined;
    const [block] = this.#blocks;
    if (!block) {
      this.#ended = true;
      return { kind: 'end' };
    }
    const bytes = block.subarray(0, CHUNK_BYTES);
    const offset = this.#at;
    this.#at += bytes.length;
    if (bytes.length < block.length) this.#blocks[0] = block.subarray(bytes.length);
    else this.#blocks.shift();
    this.#fill();
    return { kind: 'chunk', round: this.#round, offset, bytes };
  }

  /** Returns whether nothing was heard for too long. */
  tick(now: number): boolean {
    this.rate.sample(this.stored, now);
    return this.state === 'running' && now - this.#heardAt >= SILENT_MS;
  }

  /** Nothing was heard for so long. */
  silence(now: number): number {
    return now - this.#heardAt;
  }

  /** Reads one block ahead of what is being sent. */
  #fill(): void {
    if (this.#reading || this.#blocks.length > 1) return;
    const from = this.#at + this.#blocks.reduce((sum, block) => sum + block.length, 0);
    if (from >= Math.min(this.#limit, this.bytes)) {
      if (this.ready) this.#options.onReady();
      return;
    }
    const stream = this.#stream;
    this.#reading = true;
    this.#options.source.read(from).then(
      (block) => {
        if (stream !== this.#stream) return;
        this.#reading = false;
        this.#blocks.push(block);
        this.#options.onReady();
        this.#fill();
      },
      () => {
        if (stream === this.#stream) this.#options.onUnreadable();
      },
    );
  }

  #drop(): void {
    this.#blocks = [];
    this.#stream++;
    this.#reading = false;
  }
}
