import type { KaigiError } from '../types';
import type { ParticipantId, SharedFile } from '../wire.gen';
import { Source } from './source';
import type { FileTransfer, TransferState } from './types';
import type { Upload } from './upload';

/** A file of one's own, and those who fetch it. */
export class Offer {
  readonly source: Source;
  readonly uploads = new Map<ParticipantId, Upload>();
  /** Why nobody can fetch it any more. */
  error: KaigiError | undefined;
  withdrawn = false;

  constructor(
    readonly from: ParticipantId,
    readonly file: SharedFile,
    readonly to: ParticipantId | undefined,
    content: Blob,
  ) {
    this.source = new Source(content);
  }

  get live(): boolean {
    return !this.withdrawn && this.error === undefined;
  }

  isFor(participant: ParticipantId): boolean {
    return this.to === undefined || this.to === participant;
  }

  /** As the user sees it. `audience`: those who are here and may fetch it. */
  view(audience: readonly ParticipantId[]): FileTransfer {
    const { key, name, bytes, mediaType } = this.file;
    const uploads = [...this.uploads.values()];
    const active = uploads.filter(({ state }) => state === 'running' || state === 'paused');
    const perSecond = active.reduce((sum, { rate }) => sum + rate.perSecond, 0);
    const missing = active.reduce((sum, { stored }) => sum + bytes - stored, 0);
    const state = this.#state(uploads, audience);
    const stored = active.reduce((sum, upload) => sum + upload.stored, 0);
    return {
      id: transferId(this.from, key),
      key,
      from: this.from,
      own: true,
      ...(this.to === undefined ? {} : { to: this.to }),
      name,
      bytes,
      mediaType,
      state,
      transferred: active.length > 0 ? Math.round(stored / active.length) : state === 'done' ? bytes : 0,
      bytesPerSecond: perSecond,
      ...(perSecond > 0 ? { secondsLeft: missing / perSecond } : {}),
      ...(this.error ? { error: this.error } : {}),
      content: this.source.file,
      receivers: uploads.map(({ view }) => view),
    };
  }

  #state(uploads: readonly Upload[], audience: readonly ParticipantId[]): TransferState {
    if (this.error) return 'failed';
    if (this.withdrawn) return 'cancelled';
    for (const state of ['running', 'waiting', 'paused'] as const) {
      if (uploads.some((upload) => upload.state === state)) return state;
    }
    const all = audience.length > 0 && audience.every((id) => this.uploads.get(id)?.state === 'done');
    return all ? 'done' : 'offered';
  }
}

export function transferId(from: ParticipantId, key: string): string {
  return `${from}/${key}`;
}
