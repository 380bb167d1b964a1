import { io } from 'socket.io-client';
import { ConnectionLost } from './errors';

/** How long the server may take to answer before the connection counts as dead. */
export const ANSWER_MS = 10_000;
/** How long connecting may take, namespace included. */
const OPEN_MS = 10_000;

export type Transport = 'websocket' | 'polling';

/** What a connection reports. `lost` comes at most once, and nothing after it. */
export interface ConnectionHandlers {
  opened(): void;
  event(name: string, data: unknown): void;
  transport(name: Transport): void;
  lost(why: string): void;
}

/** One connection to the server, used once: after `lost` or `close` a new one is made. */
export interface Connection {
  readonly transport: Transport;
  /** Resolves with the raw acknowledgement; rejects with `ConnectionLost`. */
  request(event: string, data: unknown, answerMs?: number): Promise<unknown>;
  /** A last word while the page goes away: no answer, and it leaves even if the page is gone right after. */
  sendLast(event: string, data: unknown): void;
  close(): void;
}

export interface ConnectOptions {
  serverUrl: string;
  transports: Transport[] | undefined;
}

/** Opens a connection at once; the result comes through the handlers. */
export type Connect = (options: ConnectOptions, handlers: ConnectionHandlers) => Connection;

/**
 * The real thing, over Socket.IO. A new socket per connection, because a socket that reconnects sends what
 * it had buffered before our `join` could go ahead of it.
 */
export const connectSocketIo: Connect = ({ serverUrl, transports }, handlers) => {
  const url = new URL(serverUrl);
  const path = `${url.pathname.replace(/\/+$/, '')}/socket.io/`;
  const socket = io(`${url.origin}/meet`, {
    path,
    forceNew: true,
    reconnection: false,
    timeout: OPEN_MS,
    ...(transports ? { transports } : {}),
  });
  let over = false;
  let overWhy = 'closed';
  const pending = new Set<(error: ConnectionLost) => void>();

  const finish = (why: string) => {
    if (over) return false;
    over = true;
    overWhy = why;
    clearTimeout(openTimer);
    socket.off();
    socket.offAny();
    socket.disconnect();
    // `disconnect` says goodbye politely, which a dead transport never finishes.
    socket.io.engine?.close();
    for (const reject of [...pending]) reject(new ConnectionLost(why));
    return true;
  };
  const lost = (why: string) => {
    if (finish(why)) handlers.lost(why);
  };
  // The manager's own timeout ends with the transport; a server that never answers in the namespace is dead too.
  const openTimer = setTimeout(() => lost('connect timeout'), OPEN_MS);
  const transport = (): Transport =>
    socket.io.engine?.transport.name === 'websocket' ? 'websocket' : 'polling';

  socket.on('connect', () => {
    clearTimeout(openTimer);
    handlers.opened();
    socket.io.engine.on('upgrade', () => {
      if (!over) handlers.transport(transport());
    });
  });
  socket.on('connect_error', (error) => lost(error.message));
  socket.on('disconnect', (reason) => lost(reason));
  socket.onAny((name: string, data: unknown) => handlers.event(name, data));

  return {
    get transport() {
      return transport();
    },
    request(event, data, answerMs = ANSWER_MS) {
      if (over) return Promise.reject(new ConnectionLost(overWhy));
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => lost('no answer'), answerMs);
        const settle = () => {
          clearTimeout(timer);
          pending.delete(fail);
        };
        const fail = (error: ConnectionLost) => {
          settle();
          reject(error);
        };
        pending.add(fail);
        socket.emit(event, data, (answer: unknown) => {
          settle();
          resolve(answer);
        });
      });
    },
    sendLast(event, data) {
      if (over || !socket.connected) return;
      const session = socket.io.engine?.id;
      if (transport() === 'websocket' || !session) {
        socket.emit(event, data);
        return;
      }
      // A page's running requests end with it; only a beacon outlives it. `42/meet,` is an EVENT packet of
      // the namespace in a MESSAGE packet of Engine.IO.
      const query = new URLSearchParams({ EIO: '4', transport: 'polling', sid: session });
      navigator.sendBeacon(`${url.origin}${path}?${query}`, `42/meet,${JSON.stringify([event, data])}`);
    },
    close() {
      finish('closed');
    },
  };
};
