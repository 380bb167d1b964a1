/** Who this page was in a room. */
export interface Identity {
  id: string;
  token: string;
}

/** A reload hands the identity's lock over a moment late; a duplicated tab never gets it. */
const LOCK_MS = 300;
const PREFIX = 'kaigi';

export interface ResumeStoreOptions {
  serverUrl: string;
  room: string;
  storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | undefined;
  locks?: Pick<LockManager, 'request'> | undefined;
}

/**
 * Remembers in `sessionStorage`, per room and server, which participant this tab is, so that a reload goes
 * on as the same. A duplicated tab gets a copy of that storage: a lock held for the page's life tells the
 * two apart.
 */
export class ResumeStore {
  readonly #key: string;
  readonly #storage: ResumeStoreOptions['storage'];
  readonly #locks: ResumeStoreOptions['locks'];
  #held: { id: string; release: () => void } | undefined;
  #closed = false;

  constructor({ serverUrl, room, storage, locks }: ResumeStoreOptions) {
    this.#key = `${PREFIX} ${new URL(serverUrl).href} ${normalize(room)}`;
    this.#storage = storage;
    this.#locks = locks;
  }

  /** The identity to go on with, if this page may have it. */
  async take(): Promise<Identity | undefined> {
    const identity = this.#read();
    if (!identity) return undefined;
    if (await this.#lock(identity.id)) return identity;
    // The original tab lives. What we store from now on is our own.
    this.#write(undefined);
    return undefined;
  }

  /** Remembers who we are now. */
  keep(identity: Identity): void {
    if (this.#closed) return;
    this.#write(identity);
    if (this.#held?.id !== identity.id) {
      this.#release();
      void this.#lock(identity.id);
    }
  }

  /** We have left: a reload joins as somebody new. */
  forget(): void {
    this.#closed = true;
    this.#write(undefined);
    this.#release();
  }

  /** Resolves when the lock is held (or cannot exist), or with `false` when somebody else keeps it. */
  #lock(id: string): Promise<boolean> {
    const locks = this.#locks;
    if (!locks) return Promise.resolve(true); // an insecure context: better to resume than never to
    return new Promise((resolve) => {
      const giveUp = new AbortController();
      const timer = setTimeout(() => giveUp.abort(), LOCK_MS);
      locks
        .request(`${this.#key} ${id}`, { signal: giveUp.signal }, () => {
          clearTimeout(timer);
          resolve(!this.#closed);
          if (this.#closed) return undefined;
          // Held until released, or until the page is gone.
          return new Promise<void>((release) => {
            this.#held = { id, release };
          });
        })
        .catch(() => resolve(false));
    });
  }

  #release(): void {
    this.#held?.release();
    this.#held = undefined;
  }

  #read(): Identity | undefined {
    try {
      const stored: unknown = JSON.parse(this.#storage?.getItem(this.#key) ?? 'null');
      if (typeof stored !== 'object' || stored === null) return undefined;
      const { id, token } = stored as Partial<Identity>;
      return typeof id === 'string' && typeof token === 'string' ? { id, token } : undefined;
    } catch {
      return undefined; // blocked, or not ours
    }
  }

  #write(identity: Identity | undefined): void {
    try {
      if (identity) this.#storage?.setItem(this.#key, JSON.stringify(identity));
      else this.#storage?.removeItem(this.#key);
    } catch {
      // Full or blocked: the meeting goes on, only a reload joins as somebody new.
    }
  }
}

/** `sessionStorage` and `navigator.locks`, where the page may have them. */
export function pageStorage(): Pick<ResumeStoreOptions, 'storage' | 'locks'> {
  let storage: Storage | undefined;
  try {
    storage = globalThis.sessionStorage;
  } catch {
    // Blocked by a setting of the browser.
  }
  return { storage, locks: globalThis.navigator?.locks };
}

/** Near enough to the server's rule that the same link finds the same entry. */
function normalize(room: string): string {
  return room.trim().normalize('NFKC').toLowerCase().split(/\s+/).join('-');
}
