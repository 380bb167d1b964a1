import type { ParticipantId } from '../wire.gen';
import { fileErrors } from './errors';
import { encode } from './messages';
import type { FileMessage, Reason } from './messages';
import type { Offer } from './offer';
import type { Pipe } from './pipe';
import { Turns } from './turns';
import { Upload } from './upload';

/** Files one may have shared at a time. */
export const MOST_OFFERS = 20;
/** Of those that are over, as many are still shown. */
const KEPT_OVER = 50;
/** One who has said nothing for so long does not come back to it, or begins anew. */
const FORGOTTEN_MS = 120_000;

export interface OutgoingOptions {
  pipe: Pipe;
  /** Something about this offer changed. */
  onChange: (offer: Offer) => void;
  /** Who is here to be told. */
  others: () => readonly ParticipantId[];
}

interface Job {
  readonly bytes: number;
  offer: Offer;
  upload: Upload;
}

/** One's own files: gives their content to those who ask, all at the same pace. */
export class Outgoing {
  readonly #options: OutgoingOptions;
  readonly #offers = new Map<string, Offer>();
  readonly #jobs = new Map<Upload, Job>();
  readonly #turns = new Turns<Job>(({ offer, upload }) => {
    upload.begin(performance.now());
    this.#options.onChange(offer);
  });
  /** By receiver, whose turn comes next first. */
  readonly #queues = new Map<ParticipantId, Upload[]>();
  readonly #pumping = new Set<ParticipantId>();

  constructor(options: OutgoingOptions) {
    this.#options = options;
  }

  get offers(): readonly Offer[] {
    return [...this.#offers.values()];
  }

  get active(): boolean {
    return this.#jobs.size > 0;
  }

  get full(): boolean {
    return this.offers.filter(({ live }) => live).length >= MOST_OFFERS;
  }

  add(offer: Offer): void {
    this.#offers.set(offer.file.key, offer);
    const over = this.offers.filter(({ live }) => !live);
    for (const { file } of over.slice(0, Math.max(0, over.length - KEPT_OVER))) this.#offers.delete(file.key);
    this.#options.onChange(offer);
  }

  /** The server did not take it. */
  remove(offer: Offer): void {
    this.#offers.delete(offer.file.key);
  }

  get(key: string): Offer | undefined {
    return this.#offers.get(key);
  }

  withdraw(offer: Offer): void {
    if (!offer.live) return;
    offer.withdrawn = true;
    this.#close(offer, 'withdrawn');
  }

  /** We are somebody else to the others now, and they cannot ask us for these. */
  fail(): void {
    for (const offer of this.offers) {
      if (!offer.live) continue;
      offer.error = fileErrors.gone();
      this.#close(offer, 'gone');
    }
  }

  handleMessage(from: ParticipantId, message: FileMessage, now: number): void {
    const { kind, key } = message;
    const offer = this.#offers.get(key);
    // To somebody it is not for it does not exist.
    if (!offer?.live || !offer.isFor(from)) {
      const reason = offer?.isFor(from) ? (offer.withdrawn ? 'withdrawn' : 'changed') : 'gone';
      if (kind === 'get') this.#send(from, { kind: 'none', key, reason });
      return;
    }
    const upload = offer.uploads.get(from);
    if (kind === 'get') return this.#get(from, offer, message, now);
    if (!upload || upload.state === 'done' || upload.state === 'cancelled') return;
    if (kind === 'more') {
      upload.handleMore(message.stored, message.limit, now);
      if (upload.state === 'paused') this.#enter(offer, upload);
      this.#pump(from);
    } else if (kind === 'done' || kind === 'stop') {
      if (kind === 'done') upload.handleDone();
      else upload.end('cancelled');
      this.#leave(upload);
      this.#options.onChange(offer);
    }
  }

  /** There is room again on the way to this participant. */
  handleDrained(to: ParticipantId): void {
    this.#pump(to);
  }

  /** It has left, or its page has begun anew: what it had of our files is gone. */
  handleGone(id: ParticipantId): void {
    for (const offer of this.offers) {
      const upload = offer.uploads.get(id);
      if (!upload || upload.state === 'done') continue;
      this.#leave(upload);
      offer.uploads.delete(id);
      this.#options.onChange(offer);
    }
  }

  tick(now: number): void {
    for (const { offer, upload } of [...this.#jobs.values()]) {
      const silent = upload.tick(now);
      if (silent) {
        // Whoever takes nothing in takes no place from others.
        upload.end('paused');
        this.#leave(upload, true);
      }
      if (upload.state !== 'running' && upload.silence(now) >= FORGOTTEN_MS) {
        upload.end('cancelled');
        this.#leave(upload);
      }
      this.#options.onChange(offer);
      // Should it ever not be told that there is room.
      this.#pump(upload.to);
    }
  }

  close(): void {
    for (const { upload } of [...this.#jobs.values()]) this.#leave(upload);
    this.#offers.clear();
  }

  #get(from: ParticipantId, offer: Offer, get: FileMessage & { kind: 'get' }, now: number): void {
    let upload = offer.uploads.get(from);
    if (!upload || upload.state === 'done' || upload.state === 'cancelled') {
      upload = new Upload(
        {
          to: from,
          source: offer.source,
          onReady: () => this.#pump(from),
          onUnreadable: () => this.#handleUnreadable(offer),
        },
        now,
      );
      offer.uploads.set(from, upload);
    }
    upload.handleGet(get.round, get.offset, get.limit, now);
    if (!this.#enter(offer, upload)) this.#send(from, { kind: 'wait', key: get.key });
    this.#pump(from);
    this.#options.onChange(offer);
  }

  #enter(offer: Offer, upload: Upload): boolean {
    let job = this.#jobs.get(upload);
    if (!job) {
      job = { offer, upload, bytes: offer.file.bytes };
      this.#jobs.set(upload, job);
    }
    const queue = this.#queues.get(upload.to) ?? [];
    if (!queue.includes(upload)) queue.push(upload);
    this.#queues.set(upload.to, queue);
    if (upload.state === 'paused') upload.state = 'waiting';
    return this.#turns.enter(job);
  }

  /** `stays`: it may go on. */
  #leave(upload: Upload, stays = false): void {
    const job = this.#jobs.get(upload);
    if (!job) return;
    this.#turns.leave(job);
    if (stays) return;
    this.#jobs.delete(upload);
    const queue = (this.#queues.get(upload.to) ?? []).filter((other) => other !== upload);
    if (queue.length > 0) this.#queues.set(upload.to, queue);
    else this.#queues.delete(upload.to);
  }

  /** Hands over what there is room for, a piece of each file in turn. */
  #pump(to: ParticipantId): void {
    // A file that has something to send says so from within.
    if (this.#pumping.has(to)) return;
    this.#pumping.add(to);
    for (;;) {
      const queue = this.#queues.get(to) ?? [];
      const next = queue.findIndex(({ ready }) => ready);
      const upload = queue[next];
      if (!upload || !this.#options.pipe.hasRoom(to)) break;
      queue.push(...queue.splice(0, next + 1));
      this.#sendNext(upload);
    }
    this.#pumping.delete(to);
  }

  #sendNext(upload: Upload): void {
    const offer = this.#jobs.get(upload)?.offer;
    const parcel = upload.take();
    if (!offer || !parcel) return;
    const { key } = offer.file;
    if (parcel.kind === 'chunk') {
      this.#options.pipe.send(upload.to, encode({ key, ...parcel }), true);
      return;
    }
    offer.source.digest().then(
      (digest) => {
        if (offer.live) this.#options.pipe.send(upload.to, encode({ kind: 'end', key, digest }), true);
      },
      () => this.#handleUnreadable(offer),
    );
  }

  #handleUnreadable(offer: Offer): void {
    if (!offer.live) return;
    offer.error = fileErrors.changed();
    this.#close(offer, 'changed');
  }

  /** Nobody can have it any more, and all are told. */
  #close(offer: Offer, reason: Reason): void {
    for (const upload of offer.uploads.values()) {
      if (upload.state === 'done') continue;
      upload.end('cancelled');
      this.#leave(upload);
    }
    for (const id of this.#options.others()) {
      if (offer.isFor(id)) this.#send(id, { kind: 'none', key: offer.file.key, reason });
    }
    this.#options.onChange(offer);
  }

  #send(to: ParticipantId, message: FileMessage): void {
    this.#options.pipe.send(to, encode(message), false);
  }
}
