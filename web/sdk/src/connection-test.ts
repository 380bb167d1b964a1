import { connectSocketIo } from './connection';
import type { Connect, Connection, Transport } from './connection';
import { Board } from './connection-test/board';
import type { EndReason } from './connection-test/board';
import { fetchCredential } from './connection-test/credential';
import { deadline } from './connection-test/deadline';
import { testDevices } from './connection-test/devices';
import type { DeviceSources } from './connection-test/devices';
import { advise, judgeAll, judgeCertificate, judgeReach, judgeRelay } from './connection-test/judge';
import type { Reach } from './connection-test/judge';
import { probe } from './connection-test/probe';
import { measureRelay } from './connection-test/relay';
import { openSignaling } from './connection-test/signaling';
import type {
  ConnectionTestOptions,
  ConnectionTestReport,
  RelayTransport,
  TestStepId,
} from './connection-test/types';
import { ownUrls } from './ice-servers';
import { resolveServerUrl } from './server-url';

/** The whole test ends by then, whatever is still missing. */
const TEST_MS = 24_000;
/** For a connection or an answer of the server, and for a candidate. A call that takes longer is no good. */
const ANSWER_MS = 5_000;
/** For a server that has just answered. */
const ALIVE_MS = 2_000;

const TRANSPORTS: readonly RelayTransport[] = ['udp', 'tcp', 'tls'];
const REACH = ['stun', 'turn-udp', 'turn-tcp', 'turn-tls'] as const;

/** Replaced in tests. */
export interface Surroundings extends DeviceSources {
  connect: Connect;
  fetch: typeof fetch;
  createConnection: ((configuration: RTCConfiguration) => RTCPeerConnection) | undefined;
  secure: boolean;
}

/**
 * Finds out what works from here: the page, signaling, STUN, TURN over each transport, and what passes through
 * the relay. Gives a report whenever something changes; the last one has a `verdict`. Takes less than 25 s
 * and never rejects because of what it finds. Leaving the loop ends the test.
 *
 * @param serverUrl where the Kaigi server is; relative to the page
 */
export async function* testConnection(
  serverUrl: string,
  { signal }: ConnectionTestOptions = {},
  surroundings: Surroundings = browser(),
): AsyncGenerator<ConnectionTestReport, void> {
  const test = new ConnectionTest(resolveServerUrl(serverUrl), surroundings);
  const stop = () => test.end('stopped');
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  void test.run();
  try {
    yield* test.board.reports();
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}

function browser(): Surroundings {
  return {
    connect: connectSocketIo,
    fetch: (...request) => fetch(...request),
    createConnection:
      typeof RTCPeerConnection === 'undefined'
        ? undefined
        : (configuration) => new RTCPeerConnection(configuration),
    secure: isSecureContext,
    // Missing where the page is not secure, whatever the types say.
    mediaDevices: navigator.mediaDevices as MediaDevices | undefined,
    permissions: navigator.permissions as Permissions | undefined,
  };
}

/** One run of the test. */
class ConnectionTest {
  readonly board: Board;
  readonly #serverUrl: string;
  readonly #surroundings: Surroundings;
  readonly #ending = new AbortController();
  readonly #connections: Connection[] = [];
  #ended: EndReason | undefined;
  readonly #servers = new Map<RelayTransport, RTCIceServer>();

  constructor(serverUrl: string, surroundings: Surroundings) {
    this.#serverUrl = serverUrl;
    this.#surroundings = surroundings;
    this.board = new Board(ownUrls(serverUrl));
  }

  /** Ends it early. */
  end(reason: EndReason): void {
    if (this.#ending.signal.aborted) return;
    this.#ended = reason;
    this.#ending.abort();
  }

  async run(): Promise<void> {
    const timer = setTimeout(() => this.end('out-of-time'), TEST_MS);
    this.#testPage();
    const signaling = this.#testSignaling();
    await Promise.all([this.#testDevices(), signaling, this.#testMedia()]);
    clearTimeout(timer);
    for (const connection of this.#connections) connection.close();
    this.board.cutShort(this.#ended ?? 'out-of-time');
    const outcome = (id: TestStepId) => this.board.outcome(id);
    this.board.close(judgeAll(outcome, this.#ended), advise(outcome));
    this.#ending.abort();
  }

  #testPage(): void {
    const { secure, createConnection } = this.#surroundings;
    const findings = { secure, certificate: 'unknown' } as const;
    if (!secure) this.board.finish('page', { state: 'failed', problem: 'insecure-page', findings });
    else if (!createConnection) this.board.finish('page', { state: 'failed', problem: 'no-webrtc', findings });
    else this.board.finish('page', { state: 'ok', findings });
  }

  async #testDevices(): Promise<void> {
    this.board.begin('devices');
    this.board.finish('devices', await testDevices(this.#surroundings));
  }

  /** Both transports a meeting can use. What opens stays open: a network may well cut it later. */
  async #testSignaling(): Promise<void> {
    const open = (transport: Transport) => {
      this.board.begin(transport);
      const { connect } = this.#surroundings;
      const options = { serverUrl: this.#serverUrl, transport };
      return openSignaling(connect, options, ANSWER_MS, this.#signal, () => void this.#handleCut(transport));
    };
    const opened = [open('websocket'), open('polling')] as const;
    const [websocket, polling] = await Promise.all(opened);
    for (const [transport, own, other] of [
      ['websocket', websocket, polling],
      ['polling', polling, websocket],
    ] as const) {
      if (own) {
        this.#connections.push(own.connection);
        this.board.finish(transport, { state: 'ok', findings: own.findings });
      } else if (!this.#signal.aborted) {
        // One of them is enough for a meeting.
        const problem = other ? (`${transport}-blocked` as const) : 'server-unreachable';
        this.board.finish(transport, { state: other ? 'warning' : 'failed', problem });
      }
    }
  }

  /** A connection that stood is gone: the network's doing, or the server's end? */
  async #handleCut(transport: Transport): Promise<void> {
    if (this.#signal.aborted) return;
    const { signal, release } = deadline(ALIVE_MS, this.#signal);
    const alive = await this.#surroundings
      .fetch(this.#endpoint('healthz'), { mode: 'no-cors', cache: 'no-store', signal })
      .then(({ ok, type }) => ok || type === 'opaque')
      .catch(() => false);
    release();
    if (!alive) this.end('server-gone');
    else if (transport === 'websocket') {
      this.board.finish('websocket', { state: 'warning', problem: 'websocket-cut' });
    }
  }

  async #testMedia(): Promise<void> {
    const { createConnection } = this.#surroundings;
    if (!createConnection) return;
    await this.#testReach(createConnection);
    const reached = TRANSPORTS.filter((transport) => this.board.outcome(`turn-${transport}`)?.state === 'ok');
    for (const transport of TRANSPORTS) {
      if (this.#signal.aborted) return;
      if (!reached.includes(transport)) this.board.finish(`relay-${transport}`, { state: 'skipped' });
    }
    // One after the other: they would take the bandwidth from each other.
    for (const transport of reached) {
      const step = `relay-${transport}` as const;
      const server = this.#servers.get(transport);
      if (!server || this.#signal.aborted) return;
      this.board.begin(step);
      const measured = await measureRelay(server, createConnection, this.#signal);
      if (this.#signal.aborted) return;
      this.board.finish(step, judgeRelay(measured));
    }
  }

  /** A candidate from the server over each transport. */
  async #testReach(create: NonNullable<Surroundings['createConnection']>): Promise<void> {
    for (const step of REACH) this.board.begin(step);
    const url = this.#endpoint('api/v1/connection-test');
    const answer = await fetchCredential(url, this.#surroundings.fetch, ANSWER_MS, this.#signal);
    const turn = 'turn' in answer ? answer.turn : undefined;
    const own = ownUrls(this.#serverUrl, turn?.port);
    this.board.target = own;
    for (const transport of TRANSPORTS) {
      const urls = own[transport];
      if (turn && urls !== undefined) {
        this.#servers.set(transport, { urls, username: turn.username, credential: turn.credential });
      }
    }
    const reach: Reach = {
      web: 'turn' in answer || answer.reached,
      ...('turn' in answer ? {} : { withoutTurn: answer.problem }),
      ...(turn && own.tls === undefined ? { tls: 'at-proxy' } : {}),
    };
    const gather = async (name: 'stun' | RelayTransport, server: RTCIceServer | undefined) => {
      if (!server) return;
      reach[name] = await probe(server, name === 'stun' ? 'srflx' : 'relay', create, ANSWER_MS, this.#signal);
      this.#showReach(reach, false);
    };
    await Promise.all([
      gather('stun', { urls: own.stun }),
      ...TRANSPORTS.map((transport) => gather(transport, this.#servers.get(transport))),
    ]);
    if (!this.#signal.aborted) this.#showReach(reach, true);
  }

  /** What works is shown at once; what does not is explained when it is known what else did. */
  #showReach(reach: Reach, complete: boolean): void {
    if (this.#signal.aborted) return;
    const outcomes = judgeReach(reach);
    for (const step of REACH) {
      const outcome = outcomes[step];
      if (complete || outcome.state === 'ok') this.board.finish(step, outcome);
    }
    const certificate = judgeCertificate(outcomes['turn-tls']);
    const page = this.board.outcome('page');
    if (!complete || certificate === 'unknown' || !page?.findings) return;
    const findings = { ...page.findings, certificate };
    this.board.finish(
      'page',
      certificate === 'not-trusted' && page.state === 'ok'
        ? { state: 'warning', problem: 'certificate-not-trusted', findings }
        : { ...page, findings },
    );
  }

  get #signal(): AbortSignal {
    return this.#ending.signal;
  }

  #endpoint(path: string): string {
    const { origin, pathname } = new URL(this.#serverUrl);
    return `${origin}${pathname.replace(/\/+$/, '')}/${path}`;
  }
}
