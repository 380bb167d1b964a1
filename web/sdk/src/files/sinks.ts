import { fileErrors } from './errors';
import { hasPrivateFolder, privateFolder } from './private-folder';
import type { FileTarget } from './types';

/** What a page may hold of one file where the browser offers no other place. */
export const MEMORY_BYTES = 512_000_000;
/** Pieces in memory are put together in blobs of so many bytes, which browsers keep outside the page. */
const BLOB_BYTES = 4 * 1024 * 1024;

type Bytes = Uint8Array<ArrayBuffer>;

/** Where a file's content goes, in order. */
export interface Sink {
  /** Resolves when more may come. */
  write(bytes: Bytes): Promise<void>;
  /** All was written. Returns the content, unless it is in a file of the user's. */
  finish(): Promise<Blob | undefined>;
  /** Nothing of it is kept. */
  discard(): Promise<void>;
}

export interface SinkOptions {
  name: string;
  bytes: number;
  /** Of the content that `finish` gives. */
  mediaType: string;
}

export type OpenSink = (options: SinkOptions, target: FileTarget) => Promise<Sink | undefined>;

/** Opens the place where a file goes; `undefined` when the user chose none. */
export const openSink: OpenSink = async (options, target) => {
  if (target === 'ask') {
    const chosen = await askForFile(options.name);
    if (chosen === 'none') return undefined;
    if (chosen) return fileSink(chosen, undefined, () => chosen.remove?.());
  }
  if (hasPrivateFolder()) {
    const sink = await privateSink(options);
    if (sink) return sink;
  }
  if (options.bytes > MEMORY_BYTES) throw fileErrors.tooLarge(options.bytes, MEMORY_BYTES);
  return memorySink(options.mediaType);
};

export function memorySink(mediaType: string): Sink {
  let blobs: Blob[] = [];
  let parts: Bytes[] = [];
  let bytes = 0;
  const fold = () => {
    blobs.push(new Blob(parts));
    parts = [];
    bytes = 0;
  };
  return {
    async write(part) {
      parts.push(part);
      bytes += part.length;
      if (bytes >= BLOB_BYTES) fold();
    },
    async finish() {
      fold();
      return new Blob(blobs, { type: mediaType });
    },
    async discard() {
      [blobs, parts] = [[], []];
    },
  };
}

/** A handle of Chromium's, which can also be removed. */
type FileHandle = FileSystemFileHandle & { remove?: () => Promise<void> };
type Picker = (options: { suggestedName: string }) => Promise<FileHandle>;

async function askForFile(suggestedName: string): Promise<FileHandle | 'none' | undefined> {
  const { showSaveFilePicker } = globalThis as { showSaveFilePicker?: Picker };
  if (!showSaveFilePicker) return undefined;
  try {
    return await showSaveFilePicker.call(globalThis, { suggestedName });
  } catch (error) {
    // Anything but the user's own no (without a click, in a frame of another site): then without asking.
    return error instanceof DOMException && error.name === 'AbortError' ? 'none' : undefined;
  }
}

async function privateSink({ bytes, mediaType }: SinkOptions): Promise<Sink | undefined> {
  const { quota = Infinity, usage = 0 } = await navigator.storage.estimate();
  if (quota - usage < bytes) {
    if (bytes > MEMORY_BYTES) throw fileErrors.notStored(undefined);
    return undefined;
  }
  try {
    const folder = await privateFolder();
    const name = crypto.randomUUID();
    const handle = await folder.getFileHandle(name, { create: true });
    return await fileSink(handle, mediaType, () => folder.removeEntry(name));
  } catch {
    return undefined; // a private window, or a full disk: memory may do
  }
}

async function fileSink(
  handle: FileSystemFileHandle,
  mediaType: string | undefined,
  remove: () => Promise<void> | undefined,
): Promise<Sink> {
  const stream = await handle.createWritable();
  let closed = false;
  return {
    write: (bytes) => stream.write(bytes),
    async finish() {
      await stream.close();
      closed = true;
      return mediaType === undefined ? undefined : new Blob([await handle.getFile()], { type: mediaType });
    },
    async discard() {
      try {
        if (!closed) await stream.abort();
        await remove();
      } catch {
        // It is gone already, or the browser keeps it: there is nothing to be done about it.
      }
    },
  };
}
