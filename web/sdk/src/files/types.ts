import type { KaigiError } from '../types';
import type { ChatEntry, ParticipantId } from '../wire.gen';

/**
 * `offered`: nobody fetches it just now. `waiting`: others come first. `paused`: nothing comes, the connection may be
 * lost; it goes on by itself. `done`: all is here, and verified; of one's own: everybody has it.
 */
export type TransferState = 'offered' | 'waiting' | 'running' | 'paused' | 'done' | 'failed' | 'cancelled';

/** A file somebody shares, as this client sees it. A new object whenever anything changes. */
export interface FileTransfer {
  /** Stands for it here: made of `from` and `key`. */
  readonly id: string;
  readonly key: string;
  readonly from: ParticipantId;
  readonly own: boolean;
  /** The only one who gets it; absent if it is for all. */
  readonly to?: ParticipantId;
  /** Without a path, safe to save under. */
  readonly name: string;
  readonly bytes: number;
  readonly mediaType: string;
  readonly state: TransferState;
  /** Bytes that are stored; of one's own, the mean over those who fetch it now. */
  readonly transferred: number;
  /** 0 while unknown; of one's own, to all who fetch it together. */
  readonly bytesPerSecond: number;
  readonly secondsLeft?: number;
  /** Why it `failed`. */
  readonly error?: KaigiError;
  /** The content: one's own, or what was fetched, unless it went straight into a file of the user's. */
  readonly content?: Blob;
  /** Of one's own: those who have fetched it or do. */
  readonly receivers: readonly FileReceiver[];
}

export interface FileReceiver {
  readonly id: ParticipantId;
  readonly state: 'waiting' | 'running' | 'paused' | 'done' | 'cancelled';
  readonly transferred: number;
}

export interface FilesEvents {
  /** One of them changed, or is new. Progress is told about twice a second. */
  transfer: FileTransfer;
  /** Any of `all` changed. */
  change: readonly FileTransfer[];
}

export interface ShareOptions {
  /** Only for this participant; absent: for all. */
  to?: ParticipantId | undefined;
  /** Default: the name of a `File`. */
  name?: string | undefined;
}

/**
 * Where the content goes. `ask`: into a file that the user chooses, where the browser can; call it from a click.
 * `keep`: into storage of the page's own, or memory, and then to be had as `content`.
 */
export type FileTarget = 'ask' | 'keep';

/** The files of a room. Their content goes from participant to participant, and only when somebody fetches it. */
export interface RoomFiles {
  readonly all: readonly FileTransfer[];
  on<K extends keyof FilesEvents>(event: K, listener: (argument: FilesEvents[K]) => void): () => void;
  /** The file of a line of the chat. */
  of(entry: Pick<ChatEntry, 'from' | 'body'>): FileTransfer | undefined;
  /** Puts a file into the chat. Rejects with `not-allowed`, `too-many-files`, or what else the server says. */
  share(file: Blob, options?: ShareOptions): Promise<FileTransfer>;
  /**
   * Fetches a file, or goes on where it failed; default target: `ask`. Resolves with whether it has begun: if not, the
   * user chose no place for it, or `error` says why.
   */
  fetch(id: string, target?: FileTarget): Promise<boolean>;
  /** Stops fetching; of one's own: takes the file back. */
  cancel(id: string): void;
}
