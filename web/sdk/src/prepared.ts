import type { Connect, Connection, ConnectionHandlers, ConnectOptions } from './connection';

/** A connection that waits for somebody to join over it. */
interface Waiting {
  connection: Connection;
  opened: boolean;
  handlers: ConnectionHandlers | undefined;
}

/**
 * Connections opened before they are needed: while somebody chooses a camera, TLS, Socket.IO and its upgrade
 * to WebSocket happen, so that joining is one round trip. At most one waits for each server.
 */
export class PreparedConnections {
  readonly #open: Connect;
  readonly #waiting = new Map<string, Waiting>();

  constructor(open: Connect) {
    this.#open = open;
  }

  /** Opens a connection if none waits yet. Returns how to say that it is not needed any more. */
  prepare(options: ConnectOptions): () => void {
    const key = keyOf(options);
    if (!this.#waiting.has(key)) this.#waiting.set(key, this.#start(key, options));
    const prepared = this.#waiting.get(key);
    return () => {
      if (this.#waiting.get(key) === prepared) this.#discard(key);
    };
  }

  /** Takes the connection that waits, or opens one. */
  readonly connect: Connect = (options, handlers) => {
    const key = keyOf(options);
    const waiting = this.#waiting.get(key);
    if (!waiting) return this.#open(options, handlers);
    this.#waiting.delete(key);
    waiting.handlers = handlers;
    // Handlers hear of it after we have returned, as with a connection that is opened now.
    if (waiting.opened) queueMicrotask(() => handlers.opened());
    return waiting.connection;
  };

  #start(key: string, options: ConnectOptions): Waiting {
    const waiting: Waiting = {
      opened: false,
      handlers: undefined,
      connection: this.#open(options, {
        opened: () => {
          waiting.opened = true;
          waiting.handlers?.opened();
        },
        event: (name, data) => {
          if (waiting.handlers) waiting.handlers.event(name, data);
          else if (name === 'server-closing') this.#discard(key);
        },
        transport: (transport) => waiting.handlers?.transport(transport),
        lost: (why) => {
          if (waiting.handlers) waiting.handlers.lost(why);
          else this.#waiting.delete(key);
        },
      }),
    };
    return waiting;
  }

  #discard(key: string): void {
    this.#waiting.get(key)?.connection.close();
    this.#waiting.delete(key);
  }
}

function keyOf({ serverUrl, transports }: ConnectOptions): string {
  return JSON.stringify([serverUrl, transports ?? null]);
}
