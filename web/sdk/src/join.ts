import { connectSocketIo } from './connection';
import type { Connect, Transport } from './connection';
import { aborted, insecureContext } from './errors';
import { createLocalMedia } from './local-media';
import { Page } from './page';
import { PreparedConnections } from './prepared';
import { pageStorage, ResumeStore } from './resume-store';
import { Meeting } from './room';
import { resolveServerUrl } from './server-url';
import { Signaling } from './signaling';
import type { JoinOptions, Room } from './types';

/** The longest a join waits for its first offers to leave. */
const OFFERS_MS = 250;

const prepared = new PreparedConnections(connectSocketIo);

/** Replaced in tests. */
export interface Surroundings {
  connect: Connect;
  createConnection?: (configuration: RTCConfiguration) => RTCPeerConnection;
}

/**
 * Enters a room. Resolves when the server has let us in; connections to the others follow by themselves.
 * Rejects with a `KaigiError`: what the server refused, `server-unreachable` after some tries, `aborted`.
 *
 * @param serverUrl where the Kaigi server is, e.g. `https://meet.example.org`; relative to the page
 */
export async function joinRoom(
  serverUrl: string,
  options: JoinOptions,
  surroundings: Surroundings = { connect: prepared.connect },
): Promise<Room> {
  const { signal, room, name, createKey, password, token, transports, onWaiting } = options;
  const url = resolveServerUrl(serverUrl);
  if (signal?.aborted) throw aborted();
  if (!surroundings.createConnection && typeof RTCPeerConnection === 'undefined') throw insecureContext();
  const media = options.media ?? createLocalMedia();
  const store =
    options.persist === false ? undefined : new ResumeStore({ serverUrl: url, room, ...pageStorage() });
  const identity = await store?.take();
  if (signal?.aborted) throw aborted();

  const signaling = new Signaling({
    serverUrl: url,
    transports,
    join: () => ({
      room,
      name,
      media: media.state,
      ...(createKey === undefined ? {} : { createKey }),
      ...(password === undefined ? {} : { password }),
      ...(token === undefined ? {} : { token }),
    }),
    resume: identity && { token: identity.token },
    connect: surroundings.connect,
  });
  const { createConnection } = surroundings;
  const meeting = new Meeting({
    serverUrl: url,
    options,
    media,
    signaling,
    store,
    page: new Page(),
    createConnection,
  });
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(aborted());
      void meeting.leave();
    };
    signal?.addEventListener('abort', abort, { once: true });
    const stop = [
      signaling.on('joined', () => {
        settle();
        // A page draws the meeting now, which keeps its thread busy: the offers leave first.
        void atMost(OFFERS_MS, meeting.offered()).then(() => resolve(meeting));
      }),
      signaling.on('state', (state) => {
        if (state.state === 'waiting') onWaiting?.();
        if (state.state !== 'closed') return;
        settle();
        reject(state.error ?? aborted());
      }),
    ];
    const settle = () => {
      signal?.removeEventListener('abort', abort);
      for (const listening of stop) listening();
    };
    meeting.start();
  });
}

/**
 * Opens the connection to a server ahead of `joinRoom`, which then takes one round trip instead of several:
 * call it when somebody is about to join. Returns how to say that nobody will.
 */
export function prepareJoin(serverUrl: string, options: { transports?: Transport[] } = {}): () => void {
  return prepared.prepare({ serverUrl: resolveServerUrl(serverUrl), transports: options.transports });
}

/** Resolves with the work, or when it takes too long. */
function atMost(milliseconds: number, work: Promise<void>): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, milliseconds);
    void work.then(() => {
      clearTimeout(timer);
      done();
    });
  });
}
