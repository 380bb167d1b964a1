import type { ParticipantId } from '../wire.gen';
import { Download } from './download';
import type { DownloadFacts } from './download';
import { fileErrors } from './errors';
import { encode } from './messages';
import type { FileMessage } from './messages';
import { transferId } from './offer';
import type { Pipe } from './pipe';
import type { OpenSink } from './sinks';
import { Turns } from './turns';
import type { FileTarget } from './types';

/** Files of others that are known; the chat's history holds as many lines. */
const KNOWN = 200;

export interface IncomingOptions {
  pipe: Pipe;
  openSink: OpenSink;
  onChange: (download: Download) => void;
}

/** The files of the others. */
export class Incoming {
  readonly #options: IncomingOptions;
  readonly #downloads = new Map<string, Download>();
  /** Those for which the user is being asked for a place. */
  readonly #opening = new Set<Download>();
  readonly #turns = new Turns<Download>((download) => download.begin(performance.now()));

  constructor(options: IncomingOptions) {
    this.#options = options;
  }

  get(id: string): Download | undefined {
    return this.#downloads.get(id);
  }

  /** A file is offered. `here`: by somebody who still is. */
  add(facts: DownloadFacts, here: boolean): void {
    const id = transferId(facts.from, facts.key);
    const known = this.#downloads.get(id);
    // We were in another room meanwhile, and are in the one of this file again.
    if (known && here) known.revive();
    if (known) return;
    const download: Download = new Download(facts, {
      send: (message) => {
        // Content is the only thing others overtake.
        this.#options.pipe.send(facts.from, encode(message), false);
      },
      onChange: () => this.#options.onChange(download),
      onOver: () => this.#turns.leave(download),
    });
    this.#downloads.set(id, download);
    this.#forgetOldest();
    if (here) this.#options.onChange(download);
    else download.fail(fileErrors.gone());
  }

  async fetch(download: Download, target: FileTarget, isHere: boolean): Promise<boolean> {
    if (['waiting', 'running', 'paused', 'done'].includes(download.state)) return true;
    if (this.#opening.has(download)) return false;
    if (!isHere) {
      download.fail(fileErrors.gone());
      return false;
    }
    if (download.resumable) {
      download.wait(undefined);
      this.#turns.enter(download);
      return true;
    }
    this.#opening.add(download);
    try {
      const { name, bytes, mediaType } = download.facts;
      const sink = await this.#options.openSink({ name, bytes, mediaType }, target);
      if (!sink) return false;
      if (this.#downloads.get(download.id) !== download) {
        void sink.discard();
        return false;
      }
      download.wait(sink);
      this.#turns.enter(download);
      return true;
    } catch (error) {
      download.fail(
        error instanceof Error && 'code' in error ? (error as never) : fileErrors.notStored(error),
      );
      return false;
    } finally {
      this.#opening.delete(download);
    }
  }

  handleMessage(from: ParticipantId, message: FileMessage, now: number): void {
    // By who sends it: nobody can say anything about another's file.
    this.#downloads.get(transferId(from, message.key))?.handleMessage(message, now);
  }

  handlePathChange(from: ParticipantId, now: number): void {
    for (const download of this.#from(from)) download.handlePathChange(now);
  }

  /** It has left, or its page has begun anew: its files are gone. */
  handleGone(from: ParticipantId): void {
    for (const download of this.#from(from)) {
      if (!['done', 'cancelled'].includes(download.state)) download.fail(fileErrors.gone());
    }
  }

  tick(now: number): void {
    for (const download of this.#downloads.values()) download.tick(now);
  }

  close(): void {
    for (const download of this.#downloads.values()) download.close();
    this.#downloads.clear();
  }

  #from(from: ParticipantId): Download[] {
    return [...this.#downloads.values()].filter((download) => download.from === from);
  }

  #forgetOldest(): void {
    if (this.#downloads.size <= KNOWN) return;
    for (const [id, download] of this.#downloads) {
      if (['waiting', 'running', 'paused'].includes(download.state) || this.#opening.has(download)) continue;
      this.#downloads.delete(id);
      download.close();
      return this.#options.onChange(download);
    }
  }
}
