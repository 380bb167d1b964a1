import { Emitter } from '../emitter';
import { ConnectionLost } from '../errors';
import type { Delivery } from '../data-channels';
import { encodeFrame } from '../data-frame';
import type { Paths } from '../paths';
import type { Roster } from '../roster';
import type { Signaling } from '../signaling';
import type { ChatEntry, Participant, ParticipantId, SharedFile } from '../wire.gen';
import { fileErrors } from './errors';
import { safeFileName } from './file-name';
import { Incoming } from './incoming';
import { decode } from './messages';
import { Offer, transferId } from './offer';
import { MOST_OFFERS, Outgoing } from './outgoing';
import type { Pipe } from './pipe';
import { openSink } from './sinks';
import type { OpenSink } from './sinks';
import { FILE_TOPIC } from './topic';
import type { FilesEvents, FileTarget, FileTransfer, RoomFiles, ShareOptions } from './types';

const TICK_MS = 500;
/** RFC 6838 §4.2, without parameters. */
const MEDIA_TYPE = /^[\w!#$&^.+-]{1,64}\/[\w!#$&^.+-]{1,64}$/;

export interface FilesOptions {
  paths: Pick<Paths, 'on' | 'send' | 'hasRoom' | 'pathOf'>;
  roster: Pick<Roster, 'on' | 'get' | 'participants'>;
  signaling: Pick<Signaling, 'request' | 'whenJoined'>;
  ownId: () => ParticipantId;
  openSink?: OpenSink;
}

/** The files of a room: who offers what, in the chat, and what has come of it. */
export class Files implements RoomFiles {
  readonly #options: FilesOptions;
  readonly #events = new Emitter<FilesEvents>();
  readonly #outgoing: Outgoing;
  readonly #incoming: Incoming;
  readonly #views = new Map<string, FileTransfer>();
  /** By the line of the chat that offers it. */
  readonly #lines = new Map<number, string>();
  readonly #incarnations = new Map<ParticipantId, number>();
  readonly #ways = new Map<ParticipantId, string>();
  readonly #stop: (() => void)[];
  /** Keys of one's own files that the room has. */
  readonly #told = new Set<string>();
  #ownId: ParticipantId | undefined;
  #all: readonly FileTransfer[] | undefined;
  #announcing = false;

  constructor(options: FilesOptions) {
    this.#options = options;
    const { paths, roster } = options;
    const pipe: Pipe = {
      hasRoom: (to) => paths.hasRoom(to),
      send: (to, message, bulk) => {
        // Whoever has left would be waited for.
        if (!roster.get(to)) return;
        const delivery: Delivery = { ordered: true, ...(bulk ? { bulk } : {}) };
        paths.send([to], encodeFrame(FILE_TOPIC, message), delivery);
      },
    };
    this.#outgoing = new Outgoing({
      pipe,
      others: () => this.#audience(undefined),
      onChange: (offer) => this.#showOffer(offer),
    });
    this.#incoming = new Incoming({
      pipe,
      openSink: options.openSink ?? openSink,
      onChange: (download) =>
        this.#show(download.id, this.#incoming.get(download.id) === download ? download.view : undefined),
    });
    for (const { id, incarnation } of roster.participants) this.#incarnations.set(id, incarnation);
    const timer = setInterval(() => this.#tick(), TICK_MS);
    this.#stop = [
      () => clearInterval(timer),
      paths.on('data', ({ from, topic, payload }) => {
        if (topic === FILE_TOPIC) this.handleMessage(from, payload);
      }),
      paths.on('drained', (id) => this.#outgoing.handleDrained(id)),
      paths.on('change', (id) => this.#handlePath(id)),
      roster.on('connect', ({ participant }) => this.#handleConnect(participant)),
      roster.on('left', ({ participant }) => this.#handleLeft(participant.id)),
    ];
  }

  get all(): readonly FileTransfer[] {
    return (this.#all ??= [...this.#views.values()]);
  }

  on<K extends keyof FilesEvents>(event: K, listener: (argument: FilesEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  of({ from, body }: Pick<ChatEntry, 'from' | 'body'>): FileTransfer | undefined {
    return body.type === 'file' ? this.#views.get(transferId(from, body.key)) : undefined;
  }

  async share(content: Blob, { to, name }: ShareOptions = {}): Promise<FileTransfer> {
    if (this.#outgoing.full) throw fileErrors.tooMany(MOST_OFFERS);
    const file: SharedFile = {
      key: crypto.randomUUID(),
      name: safeFileName(name ?? (content instanceof File ? content.name : '')),
      bytes: content.size,
      mediaType: MEDIA_TYPE.test(content.type) ? content.type : '',
    };
    const offer = new Offer(this.#options.ownId(), file, to, content);
    // First of all: who is told may ask before we hear that they were.
    this.#outgoing.add(offer);
    try {
      await this.#tell(file, to);
    } catch (error) {
      this.#outgoing.remove(offer);
      this.#showOffer(offer);
      throw error;
    }
    return offer.view(this.#audience(offer));
  }

  async fetch(id: string, target: FileTarget = 'ask'): Promise<boolean> {
    const download = this.#incoming.get(id);
    if (!download) return false;
    return this.#incoming.fetch(download, target, this.#options.roster.get(download.from) !== undefined);
  }

  cancel(id: string): void {
    this.#incoming.get(id)?.cancel();
    const offer = this.#offerOf(id);
    if (offer) this.#outgoing.withdraw(offer);
  }

  /** In the room, as whom we are; comes before the chat. */
  handleJoined(ownId: ParticipantId): void {
    if (this.#ownId !== undefined && ownId !== this.#ownId) this.#outgoing.fail();
    this.#ownId = ownId;
  }

  /** Lines of the chat that are new, or have changed. */
  handleChat(entries: readonly ChatEntry[]): void {
    for (const { id, from, to, body } of entries) {
      if (body.type === 'file') this.#handleLine(id, from, to, body);
      else if (body.type === 'deleted') this.#handleDeleted(id);
    }
  }

  /** What a participant sent. */
  handleMessage(from: ParticipantId, payload: Uint8Array): void {
    const message = decode(payload);
    if (!message) return;
    const now = performance.now();
    if (['get', 'more', 'done', 'stop'].includes(message.kind)) {
      this.#outgoing.handleMessage(from, message, now);
    } else {
      this.#incoming.handleMessage(from, message, now);
    }
  }

  close(): void {
    for (const stop of this.#stop.splice(0)) stop();
    this.#outgoing.close();
    this.#incoming.close();
  }

  #handleLine(line: number, from: ParticipantId, to: ParticipantId | undefined, file: SharedFile): void {
    this.#lines.set(line, transferId(from, file.key));
    if (this.#outgoing.get(file.key)?.from === from) {
      this.#told.add(file.key);
      return;
    }
    // One's own of before a reload of the page: there is nothing left of it.
    if (from === this.#ownId || !Number.isSafeInteger(file.bytes) || file.bytes < 0) return;
    const { key, name, bytes, mediaType } = file;
    const facts = { from, to, key, bytes, mediaType, name: safeFileName(name) };
    this.#incoming.add(facts, this.#options.roster.get(from) !== undefined);
  }

  #handleDeleted(line: number): void {
    const id = this.#lines.get(line);
    if (id === undefined) return;
    this.#lines.delete(line);
    this.cancel(id);
  }

  /** Resolves once the file is in the chat, if need be after reconnecting. */
  async #tell(file: SharedFile, to: ParticipantId | undefined): Promise<void> {
    const { signaling } = this.#options;
    for (;;) {
      await signaling.whenJoined();
      // The connection may have died between its arrival and its acknowledgement.
      if (this.#told.has(file.key)) return;
      try {
        await signaling.request('file', { file, ...(to === undefined ? {} : { to }) });
        return;
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
      }
    }
  }

  #handlePath(id: ParticipantId): void {
    const way = this.#options.paths.pathOf(id);
    if (way === this.#ways.get(id)) return;
    this.#ways.set(id, way);
    this.#incoming.handlePathChange(id, performance.now());
    this.#outgoing.handleDrained(id);
  }

  #handleConnect({ id, incarnation }: Participant): void {
    const before = this.#incarnations.get(id);
    this.#incarnations.set(id, incarnation);
    if (before !== undefined && before < incarnation) this.#handleGone(id);
    this.#showOwn();
  }

  #handleLeft(id: ParticipantId): void {
    this.#incarnations.delete(id);
    this.#ways.delete(id);
    this.#handleGone(id);
    this.#showOwn();
  }

  #handleGone(id: ParticipantId): void {
    this.#incoming.handleGone(id);
    this.#outgoing.handleGone(id);
  }

  #tick(): void {
    const now = performance.now();
    this.#incoming.tick(now);
    this.#outgoing.tick(now);
  }

  /** Those who are here and may fetch it; without one: all. */
  #audience(offer: Offer | undefined): ParticipantId[] {
    return this.#options.roster.participants
      .filter(({ id, mediaOnly }) => !mediaOnly && (offer?.isFor(id) ?? true))
      .map(({ id }) => id);
  }

  #offerOf(id: string): Offer | undefined {
    return this.#outgoing.offers.find((offer) => transferId(offer.from, offer.file.key) === id);
  }

  #showOwn(): void {
    for (const offer of this.#outgoing.offers) if (offer.live) this.#showOffer(offer);
  }

  #showOffer(offer: Offer): void {
    const known = this.#outgoing.get(offer.file.key) === offer;
    const view = known ? offer.view(this.#audience(offer)) : undefined;
    this.#show(transferId(offer.from, offer.file.key), view);
  }

  #show(id: string, view: FileTransfer | undefined): void {
    if (view) this.#views.set(id, view);
    else this.#views.delete(id);
    this.#all = undefined;
    if (view) this.#events.emit('transfer', view);
    if (this.#announcing) return;
    // Several changes of one moment are one to the user.
    this.#announcing = true;
    queueMicrotask(() => {
      this.#announcing = false;
      this.#events.emit('change', this.all);
    });
  }
}
