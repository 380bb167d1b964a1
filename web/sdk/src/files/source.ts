import { Sha256 } from './sha256';

/** Read and digested at a time. */
export const BLOCK_BYTES = 256 * 1024;

/** A file's content, read in blocks as it is sent, so that no more of it is ever in memory. */
export class Source {
  readonly #file: Blob;
  readonly #hash = new Sha256();
  /** Everything before this is in the hash. */
  #hashed = 0;
  #digest: Promise<Uint8Array> | undefined;

  constructor(file: Blob) {
    this.#file = file;
  }

  get file(): Blob {
    return this.#file;
  }

  /** Rejects when the file has changed or is gone since it was chosen. */
  async read(offset: number): Promise<Uint8Array> {
    const end = Math.min(offset + BLOCK_BYTES, this.#file.size);
    const block = new Uint8Array(await this.#file.slice(offset, end).arrayBuffer());
    if (block.length !== end - offset) throw new Error('the file is shorter than it was');
    // Whoever is ahead of all others takes the hash along: the file is read once, however many fetch it.
    if (offset <= this.#hashed && end > this.#hashed) {
      this.#hash.update(block.subarray(this.#hashed - offset));
      this.#hashed = end;
    }
    return block;
  }

  /** The SHA-256 of all of it. */
  digest(): Promise<Uint8Array> {
    return (this.#digest ??= this.#finish());
  }

  async #finish(): Promise<Uint8Array> {
    while (this.#hashed < this.#file.size) await this.read(this.#hashed);
    return this.#hash.digest();
  }
}
