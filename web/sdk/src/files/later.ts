import { Emitter } from '../emitter';
import { KaigiError } from '../types';
import type { DataMessage } from '../types';
import type { ChatEntry, ParticipantId } from '../wire.gen';
import type { Files, FilesOptions } from './files';
import { FILE_TOPIC } from './topic';
import type { FilesEvents, FileTarget, FileTransfer, RoomFiles, ShareOptions } from './types';

/** Messages that may come while the code does. */
const MOST_EARLY = 20;

/** The files of a room, whose code comes when there are any. */
export class FilesLater implements RoomFiles {
  readonly #options: FilesOptions;
  readonly #events = new Emitter<FilesEvents>();
  /** Of the chat, in the order they came, until there is somebody to read them. */
  #lines: ChatEntry[] = [];
  #files: Files | undefined;
  #loading: Promise<Files> | undefined;
  #early = 0;
  #ownId: ParticipantId = '';
  #closed = false;
  readonly #stop: () => void;

  constructor(options: FilesOptions) {
    this.#options = options;
    this.#stop = options.paths.on('data', (message) => this.#handleEarly(message));
  }

  get all(): readonly FileTransfer[] {
    return this.#files?.all ?? [];
  }

  on<K extends keyof FilesEvents>(event: K, listener: (argument: FilesEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  of(entry: Pick<ChatEntry, 'from' | 'body'>): FileTransfer | undefined {
    return this.#files?.of(entry);
  }

  async share(file: Blob, options?: ShareOptions): Promise<FileTransfer> {
    return (await this.#load()).share(file, options);
  }

  fetch(id: string, target?: FileTarget): Promise<boolean> {
    // Within the click, if it is one: a place is only asked for there.
    return this.#files?.fetch(id, target) ?? this.#load().then((files) => files.fetch(id, target));
  }

  cancel(id: string): void {
    this.#files?.cancel(id);
  }

  handleJoined(ownId: ParticipantId): void {
    this.#ownId = ownId;
    this.#files?.handleJoined(ownId);
  }

  handleChat(entries: readonly ChatEntry[]): void {
    if (this.#files) return this.#files.handleChat(entries);
    this.#lines.push(...entries.filter(({ body }) => body.type === 'file' || body.type === 'deleted'));
    // Should it not come now, it is tried again when somebody wants to do something.
    if (entries.some(({ body }) => body.type === 'file')) this.#load().catch(() => undefined);
  }

  close(): void {
    this.#closed = true;
    this.#stop();
    this.#files?.close();
  }

  #handleEarly({ from, topic, payload }: DataMessage): void {
    if (this.#files || topic !== FILE_TOPIC || ++this.#early > MOST_EARLY) return;
    this.#load().then(
      (files) => files.handleMessage(from, payload),
      () => (this.#early = 0),
    );
  }

  #load(): Promise<Files> {
    this.#loading ??= import('./files').then(
      ({ Files }) => this.#begin(new Files(this.#options)),
      (cause: unknown) => {
        this.#loading = undefined;
        throw new KaigiError('server-unreachable', 'The server cannot be reached; try again.', { cause });
      },
    );
    return this.#loading;
  }

  #begin(files: Files): Files {
    if (this.#closed) {
      files.close();
      return files;
    }
    this.#files = files;
    files.on('transfer', (transfer) => this.#events.emit('transfer', transfer));
    files.on('change', (all) => this.#events.emit('change', all));
    files.handleJoined(this.#ownId);
    files.handleChat(this.#lines.splice(0));
    return files;
  }
}
