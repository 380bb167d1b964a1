import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { testConnection } from '../src/connection-test';
import type { Surroundings } from '../src/connection-test';
import type { ConnectionTestReport, TestStep, TestStepId } from '../src/connection-test/types';
import type { Connect } from '../src/connection';
import type { Outcome } from '../src/connection-test/board';
import { judgeAll, judgeRelay } from '../src/connection-test/judge';
import { Pace, PACKET_BYTES, readPacket, writePacket } from '../src/connection-test/traffic';
import { FakeConnection, settle } from './fakes/connection';
import { iceOn } from './fakes/ice-network';
import type { IceNetwork } from './fakes/ice-network';
import { must } from './fakes/must';

const SERVER = 'https://meet.example:8443/';
const GOOD: IceNetwork = {
  udp: { answersAfter: 30 },
  tcp: { answersAfter: 60 },
  tls: { answersAfter: 90 },
  reflexive: '198.51.100.7',
};
const TURN = { username: '1:x', credential: 'c', seconds: 120 };

interface Situation {
  network?: Partial<IceNetwork>;
  /** Which signaling transports open. */
  signaling?: ('websocket' | 'polling')[];
  /** What `connection-test` is answered with; undefined: nothing, ever. */
  credential?: { status: number; body?: unknown; afterMs?: number } | undefined;
  alive?: boolean;
  more?: Partial<Surroundings>;
}

/** Runs the test in a situation, in virtual time. */
function begin(situation: Situation = {}) {
  const { signaling = ['websocket', 'polling'], alive = true } = situation;
  const credential = 'credential' in situation ? situation.credential : { status: 200, body: { turn: TURN } };
  const ice = iceOn({ ...GOOD, ...situation.network });
  const connections: FakeConnection[] = [];
  const connect: Connect = ({ transports }, handlers) => {
    const connection = new FakeConnection(handlers);
    connections.push(connection);
    if (signaling.includes(must(transports?.[0]))) {
      setTimeout(() => {
        handlers.opened();
        setTimeout(() => void connection.requests.shift()?.resolve({ error: { code: 'not-joined' } }), 25);
      }, 50);
    }
    return connection;
  };
  const fetch = (async (url: string, init?: RequestInit) => {
    const answer = url.endsWith('/healthz') ? (alive ? { status: 200 } : undefined) : credential;
    if (answer && 'afterMs' in answer) await new Promise((resolve) => setTimeout(resolve, answer.afterMs));
    if (answer) return new Response(JSON.stringify('body' in answer ? answer.body : {}), { status: answer.status });
    return new Promise((_, reject) => {
      init?.signal?.addEventListener('abort', () => reject(new DOMException('', 'AbortError')));
    });
  }) as typeof globalThis.fetch;
  const controller = new AbortController();
  const startedAt = performance.now();
  const seen: ConnectionTestReport[] = [];
  const run = (async () => {
    const reports = testConnection(SERVER, { signal: controller.signal }, {
      connect,
      fetch,
      createConnection: ice.create,
      secure: true,
      mediaDevices: { enumerateDevices: async () => DEVICES },
      permissions: { query: async () => ({ state: 'prompt' }) as PermissionStatus },
      ...situation.more,
    });
    for await (const report of reports) seen.push(report);
    return performance.now() - startedAt;
  })();
  const last = () => must(seen.at(-1));
  return {
    ice,
    connections,
    seen,
    last,
    stop: () => controller.abort(),
    step: <Id extends TestStepId>(id: Id) =>
      must(last().steps.find((step) => step.id === id)) as TestStep<Id>,
    /** Goes on until the verdict; how long the test took. */
    async end() {
      let took: number | undefined;
      void run.then((milliseconds) => (took = milliseconds));
      for (let waited = 0; took === undefined && waited < 60_000; waited += 100) {
        await vi.advanceTimersByTimeAsync(100);
      }
      return must(took);
    },
  };
}

/** Without a credential nothing is measured: for what does not depend on it. */
const QUICK = { credential: { status: 429 } };
const DEVICES = [{ kind: 'audioinput' }, { kind: 'videoinput' }] as MediaDeviceInfo[];

/** `turn-udp: failed (udp-blocked)` */
function words(report: ConnectionTestReport): string[] {
  return report.steps.map(({ id, state, problem }) => `${id}: ${state}${problem ? ` (${problem})` : ''}`);
}

const notOk = (report: ConnectionTestReport) => words(report).filter((line) => !line.endsWith(': ok'));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the connection test', () => {
  it('finds that all works', async () => {
    const test = begin();
    const took = await test.end();
    expect([test.last().verdict, test.last().advice, notOk(test.last())]).toEqual(['udp', [], []]);
    expect(test.step('page').findings?.certificate).toBe('trusted');
    expect(test.step('stun').findings?.addresses).toEqual(['198.51.100.7']);
    expect(test.step('turn-tls').findings?.relays).toEqual(['203.0.113.1:50000']);
    expect(test.step('websocket').findings).toEqual({ openMs: 50, roundTripMs: 25 });
    expect(test.step('relay-udp').findings).toMatchObject({ loss: 0, bitrateCapped: true });
    expect(Math.round(must(test.step('relay-udp').findings).roundTripMs)).toBe(10);
    expect(took).toBeLessThan(16_000);
  });

  it('says how far it is, and never goes back', async () => {
    const test = begin();
    await test.end();
    const progress = test.seen.map((report) => report.progress);
    expect(progress.every((now, index) => now >= (progress[index - 1] ?? 0))).toBe(true);
    expect(progress.filter((now) => now > 0.2 && now < 0.8).length).toBeGreaterThan(10);
    expect(test.seen.filter(({ verdict }) => verdict !== undefined)).toHaveLength(1);
  });

  it('lets nothing open behind', async () => {
    const test = begin();
    await test.end();
    expect([test.ice.open, test.connections.filter(({ closed }) => !closed)]).toEqual([0, []]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('explains a network that blocks UDP', async () => {
    const test = begin({ network: { udp: {} } });
    await test.end();
    expect(notOk(test.last())).toEqual([
      'stun: failed (udp-blocked)',
      'turn-udp: failed (udp-blocked)',
      'relay-udp: skipped',
    ]);
    expect([test.last().verdict, test.last().advice]).toEqual(['tcp', ['open-udp']]);
  });

  it('tells a browser that forbids UDP from a network that blocks it', async () => {
    const test = begin({ network: { udpForbidden: true } });
    await test.end();
    expect(test.step('stun').problem).toBe('udp-forbidden');
    expect(test.step('turn-udp').problem).toBe('udp-forbidden');
    expect([test.last().verdict, test.last().advice]).toEqual(['tcp', ['allow-udp-in-browser']]);
  });

  it('tells a browser that forbids WebRTC as well', async () => {
    const test = begin({ network: { allForbidden: true } });
    await test.end();
    for (const id of ['stun', 'turn-udp', 'turn-tcp', 'turn-tls'] as const) {
      expect(test.step(id)).toMatchObject({ state: 'failed', problem: 'webrtc-forbidden' });
    }
    expect([test.last().verdict, test.last().advice]).toEqual(['forbidden', ['allow-udp-in-browser']]);
  });

  it('knows that STUN works where no NAT is between, though the browser offers nothing new', async () => {
    for (const [hidesAddresses, addresses] of [
      [false, ['192.168.7.20']],
      [true, []],
    ] as const) {
      const test = begin({ network: { reflexive: undefined, hidesAddresses } as Partial<IceNetwork> });
      await test.end();
      expect([test.step('stun').state, test.last().verdict]).toEqual(['ok', 'udp']);
      expect(test.step('stun').findings?.addresses).toEqual(addresses);
    }
  });

  it('concludes from TCP that works and TLS that does not that the certificate is not trusted', async () => {
    const test = begin({ network: { tls: { fails: true } } });
    await test.end();
    expect(notOk(test.last())).toEqual([
      'page: warning (certificate-not-trusted)',
      'turn-tls: warning (tls-not-trusted)',
      'relay-tls: skipped',
    ]);
    expect([test.last().verdict, test.last().advice]).toEqual(['udp', ['trusted-certificate']]);
  });

  it('concludes nothing about the certificate where TCP fails as well', async () => {
    const test = begin({ network: { udp: {}, tcp: { fails: true }, tls: { fails: true } } });
    await test.end();
    expect(test.step('page').findings?.certificate).toBe('unknown');
    expect([test.step('turn-tcp').problem, test.step('turn-tls').problem]).toEqual(['tcp-blocked', 'tls-blocked']);
    expect([test.last().verdict, test.last().advice]).toEqual(['none', ['open-udp', 'allow-tcp', 'exempt-tls']]);
  });

  it('names TLS when nothing else passes', async () => {
    const test = begin({ network: { udp: {}, tcp: { fails: true } } });
    await test.end();
    expect([test.last().verdict, test.step('relay-tls').state]).toEqual(['tls', 'ok']);
  });

  it('tells a refusal of TURN from a network that blocks it', async () => {
    const refused = { answersAfter: 30, refusal: 486 };
    const test = begin({ network: { udp: refused, tcp: refused, tls: refused } });
    await test.end();
    expect(test.step('turn-udp').problem).toBe('turn-refused');
    expect([test.step('stun').state, test.last().verdict]).toEqual(['ok', 'direct-only']);
  });

  it('with a reverse proxy in front uses the port that the server names, without TLS', async () => {
    const test = begin({ credential: { status: 200, body: { turn: { ...TURN, port: 3478 } } } });
    await test.end();
    expect([test.last().host, test.last().port]).toEqual(['meet.example', 3478]);
    expect(notOk(test.last())).toEqual(['turn-tls: skipped (tls-at-proxy)', 'relay-tls: skipped']);
  });
});

describe('signaling', () => {
  it('over polling alone is a warning', async () => {
    const test = begin({ ...QUICK, signaling: ['polling'] });
    await test.end();
    expect(test.step('websocket')).toMatchObject({ state: 'warning', problem: 'websocket-blocked' });
    expect([test.last().verdict, test.last().advice]).toEqual(['untested', ['allow-websocket']]);
  });

  it('that opens and is cut is a warning, as long as the server answers', async () => {
    const test = begin();
    await vi.advanceTimersByTimeAsync(2_000);
    await must(test.connections[0]).lose();
    await test.end();
    expect(notOk(test.last())).toEqual(['websocket: warning (websocket-cut)']);
  });

  it('that is cut because the server is gone ends the test', async () => {
    const test = begin({ alive: false });
    await vi.advanceTimersByTimeAsync(2_000);
    await must(test.connections[0]).lose();
    const took = await test.end();
    expect(test.last().verdict).toBe('server-gone');
    expect(test.step('relay-udp')).toMatchObject({ state: 'failed', problem: 'server-gone' });
    expect(test.step('relay-tcp').state).toBe('skipped');
    expect(took).toBeLessThan(4_500);
    expect(test.ice.open).toBe(0);
  });

  it('and everything else that never answers is a server out of reach', async () => {
    const dead: IceNetwork = { udp: {}, tcp: {}, tls: {} };
    for (const credential of [undefined, { status: 502 }]) {
      const test = begin({ network: dead, signaling: [], credential });
      const took = await test.end();
      expect(test.last().verdict).toBe('server-unreachable');
      expect(test.step('websocket').problem).toBe('server-unreachable');
      expect(took).toBeLessThan(11_000);
    }
  });
});

describe('the credential', () => {
  it.each([
    [429, 'too-many-tests'],
    [403, 'cookies-blocked'],
    [404, 'no-credential'],
  ])('refused with %i leaves TURN untested (%s), but not STUN', async (status, problem) => {
    const test = begin({ credential: { status } });
    await test.end();
    expect(test.step('stun').state).toBe('ok');
    for (const id of ['turn-udp', 'turn-tcp', 'turn-tls'] as const) {
      expect(test.step(id)).toMatchObject({ state: 'skipped', problem });
    }
    expect(test.last().verdict).toBe('untested');
  });
});

describe('the way through the relay', () => {
  it.each([
    ['lossy', { loseEvery: 10 }],
    ['slow', { bitsPerSecond: 1_000_000 }],
    ['delayed', { delayMs: 350 }],
  ])('may be %s', async (problem, quality) => {
    const test = begin({ network: { udp: { answersAfter: 30, ...quality } } });
    await test.end();
    expect(test.step('relay-udp')).toMatchObject({ state: 'warning', problem });
    expect([test.last().verdict, test.step('relay-tcp').state]).toEqual(['poor', 'ok']);
  });

  it('is measured, not guessed', async () => {
    const others = { tcp: {}, tls: {} };
    const lossy = begin({ network: { udp: { answersAfter: 30, loseEvery: 10 }, ...others } });
    await lossy.end();
    expect(lossy.step('relay-udp').findings?.loss).toBeCloseTo(0.1, 2);
    const slow = begin({
      network: { udp: { answersAfter: 30, bitsPerSecond: 8_000_000, delayMs: 40 }, ...others },
    });
    await slow.end();
    const { bitrate, loss, roundTripMs } = must(slow.step('relay-udp').findings);
    expect([loss, Math.round(bitrate / 1e6)]).toEqual([0, 8]);
    expect(roundTripMs).toBeGreaterThan(40);
    expect(roundTripMs).toBeLessThan(50);
  });

  it.each([
    [0.05, 'slow', 'poor'],
    [0.5, 'device-busy', 'udp'],
  ])('over a page that stands still for %d of the time is %s', (heldUpShare, problem, verdict) => {
    const findings = { roundTripMs: 30, jitterMs: 900, loss: 0, bitrate: 1e6, bitrateCapped: false };
    const judged = judgeRelay({ findings, refusedShare: 0, heldUpShare });
    expect(judged.problem).toBe(problem);
    const outcomes: Partial<Record<TestStepId, Outcome>> = { 'turn-udp': { state: 'ok' }, 'relay-udp': judged };
    expect(judgeAll((id) => outcomes[id], undefined)).toBe(verdict);
  });

  it.each([
    ['relay-silent', { silent: true }],
    ['relay-silent', { connectsAfter: 60_000 }],
    ['interrupted', { deadAfterMs: 1_000 }],
  ])('that fails (%s) is not counted on', async (problem, quality) => {
    const test = begin({ network: { udp: { answersAfter: 30, ...quality } } });
    await test.end();
    expect(test.step('relay-udp')).toMatchObject({ state: 'failed', problem });
    expect(test.last().verdict).toBe('tcp');
  });
});

describe('an end', () => {
  it('comes when it is asked for, and what was found stays', async () => {
    const test = begin();
    await vi.advanceTimersByTimeAsync(1_000);
    test.stop();
    const took = await test.end();
    expect(took).toBeLessThan(1_200);
    expect([test.last().verdict, test.step('turn-udp').state]).toEqual(['stopped', 'ok']);
    expect(test.step('relay-udp')).toMatchObject({ state: 'skipped', problem: 'stopped' });
    expect(test.ice.open).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('comes before it has begun', async () => {
    const controller = new AbortController();
    controller.abort();
    const ice = iceOn(GOOD);
    const surroundings = { createConnection: ice.create, connect: () => new FakeConnection({} as never) };
    const reports = testConnection(SERVER, { signal: controller.signal }, {
      ...surroundings,
      fetch: () => Promise.reject(new Error('offline')),
      secure: true,
      mediaDevices: undefined,
      permissions: undefined,
    });
    let last: ConnectionTestReport | undefined;
    for await (const report of reports) last = report;
    expect([last?.verdict, ice.open]).toEqual(['stopped', 0]);
  });

  it('comes when nobody reads any more', async () => {
    const ice = iceOn(GOOD);
    const connections: FakeConnection[] = [];
    const reports = testConnection(SERVER, {}, {
      connect: (_, handlers) => {
        const connection = new FakeConnection(handlers);
        connections.push(connection);
        return connection;
      },
      fetch: async () => new Response(JSON.stringify({ turn: TURN })),
      createConnection: ice.create,
      secure: true,
      mediaDevices: undefined,
      permissions: undefined,
    });
    await reports.next();
    await vi.advanceTimersByTimeAsync(10);
    expect(ice.open).toBeGreaterThan(0);
    await reports.return();
    await settle();
    expect(ice.open).toBe(0);
    expect(connections.every(({ closed }) => closed)).toBe(true);
  });

  it('comes within 25 s, however slow everything is', async () => {
    const slow = { answersAfter: 2_300, connectsAfter: 400 };
    const credential = { status: 200, body: { turn: TURN }, afterMs: 4_900 };
    const test = begin({ network: { udp: slow, tcp: slow, tls: slow }, credential });
    const took = await test.end();
    expect(took).toBeLessThan(25_000);
    expect(test.last().verdict).toBe('udp');
    expect(test.step('relay-tls')).toMatchObject({ state: 'skipped', problem: 'out-of-time' });
  });
});

describe('the page', () => {
  it('that is not secure cannot hold calls', async () => {
    const test = begin({ ...QUICK, more: { secure: false, mediaDevices: undefined } });
    await test.end();
    expect(test.step('page')).toMatchObject({ state: 'failed', problem: 'insecure-page' });
    expect([test.step('devices').state, test.last().verdict]).toEqual(['skipped', 'unsupported']);
  });

  it('in a browser without WebRTC tests what is left', async () => {
    const test = begin({ more: { createConnection: undefined } });
    await test.end();
    expect(test.step('page').problem).toBe('no-webrtc');
    expect([test.step('websocket').state, test.step('stun').state]).toEqual(['ok', 'skipped']);
    expect(test.last().verdict).toBe('unsupported');
  });

  it.each([
    [[], 'prompt', 'no-devices'],
    [[{ kind: 'audioinput' }], 'prompt', 'no-camera'],
    [[{ kind: 'videoinput' }], 'granted', 'no-microphone'],
    [DEVICES, 'denied', 'devices-denied'],
    [DEVICES, 'prompt', undefined],
  ])('sees the devices %j with the permission %s: %s', async (devices, state, problem) => {
    const more = {
      mediaDevices: { enumerateDevices: async () => devices as MediaDeviceInfo[] },
      permissions: { query: async () => ({ state }) as PermissionStatus },
    };
    const test = begin({ ...QUICK, more });
    await test.end();
    expect(test.step('devices').problem).toBe(problem);
    expect(test.step('devices').state).toBe(problem === undefined ? 'ok' : 'warning');
  });
});

describe('the traffic', () => {
  it('is recognized, and nothing else is', () => {
    const stamp = { phase: 'fast', sequence: 70_000, sentAt: 1234.5 } as const;
    const packet = writePacket(stamp);
    expect(packet.byteLength).toBe(PACKET_BYTES);
    expect(readPacket(packet)).toEqual(stamp);
    for (const other of ['text', new ArrayBuffer(12), null]) expect(readPacket(other)).toBeUndefined();
  });

  it('keeps its rate, and makes up for no more than a burst', () => {
    const pace = new Pace(PACKET_BYTES * 8_000, 0, 10);
    expect([pace.due(4), pace.due(4), pace.due(9.5), pace.due(500), pace.due(501)]).toEqual([4, 0, 5, 10, 1]);
  });
});
