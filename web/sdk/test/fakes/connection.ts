import type { Connect, Connection, ConnectionHandlers } from '../../src/connection';
import { ConnectionLost } from '../../src/errors';

interface Pending {
  event: string;
  data: unknown;
  resolve: (answer: unknown) => void;
  reject: (error: Error) => void;
}

/** One connection as the test's server sees it. */
export class FakeConnection implements Connection {
  readonly transport = 'polling';
  readonly requests: Pending[] = [];
  readonly lastWords: string[] = [];
  closed = false;

  constructor(readonly handlers: ConnectionHandlers) {}

  request(event: string, data: unknown): Promise<unknown> {
    if (this.closed) return Promise.reject(new ConnectionLost('closed'));
    return new Promise((resolve, reject) => this.requests.push({ event, data, resolve, reject }));
  }

  sendLast(event: string): void {
    this.lastWords.push(event);
  }

  close(): void {
    this.closed = true;
    for (const { reject } of this.requests.splice(0)) reject(new ConnectionLost('closed'));
  }

  /** Takes the oldest unanswered request, which must be this one. */
  take<T>(event: string): {
    data: T;
    ok: (value?: unknown) => Promise<void>;
    refuse: (code: string) => Promise<void>;
  } {
    const request = this.requests.shift();
    if (request?.event !== event) throw new Error(`expected ${event}, found ${request?.event ?? 'nothing'}`);
    const answer = async (value: unknown) => {
      request.resolve(value);
      await settle();
    };
    return {
      data: request.data as T,
      ok: (value = {}) => answer({ ok: value }),
      refuse: (code) => answer({ error: { code, message: code } }),
    };
  }

  /** The network or the server dies. */
  async lose(): Promise<void> {
    this.close();
    this.handlers.lost('test');
    await settle();
  }
}

/** A network whose far end the test plays. */
export class FakeNetwork {
  readonly connections: FakeConnection[] = [];

  readonly connect: Connect = (_options, handlers) => {
    const connection = new FakeConnection(handlers);
    this.connections.push(connection);
    return connection;
  };

  get last(): FakeConnection {
    const connection = this.connections.at(-1);
    if (!connection) throw new Error('nobody has connected');
    return connection;
  }
}

/** Lets everything that is only waiting for microtasks happen. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}
