import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Negotiation } from '../src/negotiation';
import type { SignalPayload } from '../src/wire.gen';
import { settle } from './fakes/connection';
import { must } from './fakes/must';
import { asReal, FakePeerConnection } from './fakes/peer-connection';

/** One side, with everything it sends held back until the test lets it through. */
class Side {
  readonly connections: FakePeerConnection[] = [];
  readonly outgoing: SignalPayload[] = [];
  readonly negotiation: Negotiation;
  negotiated = 0;

  constructor(polite: boolean, firstOffer: 'offer' | 'await') {
    this.negotiation = new Negotiation({
      polite,
      firstOffer,
      connect: () => {
        const connection = new FakePeerConnection();
        this.connections.push(connection);
        return asReal(connection);
      },
      prepareOffer: (connection) => {
        for (const kind of ['audio', 'video', 'video', 'audio']) connection.addTransceiver(kind);
      },
      prepareAnswer: (connection) => {
        for (const transceiver of connection.getTransceivers()) transceiver.direction = 'sendrecv';
      },
    });
    this.negotiation.on('signal', (payload) => this.outgoing.push(payload));
    this.negotiation.on('negotiated', () => this.negotiated++);
    this.negotiation.start();
  }

  get connection(): FakePeerConnection {
    return must(this.connections.at(-1));
  }

  get types(): string[] {
    return this.outgoing.map((payload) => payload.type);
  }
}

async function deliver(from: Side, to: Side, count = from.outgoing.length): Promise<void> {
  for (const payload of from.outgoing.splice(0, count)) to.negotiation.handleSignal(payload);
  await settle();
}

/** Both ways until nobody has anything to say. */
async function converge(a: Side, b: Side): Promise<void> {
  for (let round = 0; round < 10; round++) {
    await settle();
    if (a.outgoing.length + b.outgoing.length === 0) return;
    await deliver(a, b);
    await deliver(b, a);
  }
  throw new Error('the two sides never fall silent');
}

function expectAgreement(a: Side, b: Side): void {
  for (const side of [a, b]) {
    expect(side.connection.signalingState).toBe('stable');
    expect(side.connection.getTransceivers().map((t) => t.kind)).toEqual([
      'audio',
      'video',
      'video',
      'audio',
    ]);
    expect(side.connection.getTransceivers().every((t) => t.direction === 'sendrecv')).toBe(true);
  }
  // All but the DTLS role, which a later offer names, and what the browser does not keep.
  const said = (sdp = '') => sdp.replace(/a=setup:.*/, '').replace(/o=\S+/, '');
  expect(said(a.connection.remoteDescription?.sdp)).toBe(said(b.connection.localDescription?.sdp));
  expect(said(b.connection.remoteDescription?.sdp)).toBe(said(a.connection.localDescription?.sdp));
}

async function call(): Promise<[Side, Side]> {
  const [polite, impolite] = [new Side(true, 'offer'), new Side(false, 'await')];
  await converge(polite, impolite);
  return [polite, impolite];
}

let warn: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  vi.useFakeTimers();
  warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  vi.spyOn(console, 'debug').mockImplementation(() => undefined);
});
afterEach(() => {
  expect(warn).not.toHaveBeenCalled();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('the first offer', () => {
  it('comes from the newcomer alone, and one exchange connects four m-lines both ways', async () => {
    const [newcomer, present] = [new Side(true, 'offer'), new Side(false, 'await')];
    await settle();
    expect(present.outgoing).toEqual([]);
    expect(newcomer.types[0]).toBe('offer');
    await converge(newcomer, present);
    expectAgreement(newcomer, present);
    expect([newcomer.negotiated, present.negotiated]).toEqual([1, 1]);
  });

  it('is sent ahead of its candidates, even if the browser reports those first', async () => {
    const side = new Side(true, 'offer');
    await settle();
    expect(side.types).toEqual(['offer', 'candidate']);
  });

  it('is asked for when it does not come', async () => {
    const present = new Side(false, 'await');
    await vi.advanceTimersByTimeAsync(2_900);
    expect(present.types).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(present.types).toEqual(['restart']);
  });

  it('is made by one who waited, too, when asked', async () => {
    const [a, b] = [new Side(true, 'await'), new Side(false, 'await')];
    await vi.advanceTimersByTimeAsync(3_100); // both ask, both offer
    await converge(a, b);
    expectAgreement(a, b);
  });

  it('that crosses the other leaves no transceivers behind on the polite side', async () => {
    const [polite, impolite] = [new Side(true, 'offer'), new Side(false, 'offer')];
    await settle();
    expect([polite.types[0], impolite.types[0]]).toEqual(['offer', 'offer']);
    await converge(polite, impolite);
    expectAgreement(polite, impolite);
    expect(polite.connections).toHaveLength(2);
    expect(polite.connections[0]?.closed).toBe(true);
    expect(impolite.connections).toHaveLength(1);
  });

  it('candidates of an offer that was taken back do no harm', async () => {
    const [polite, impolite] = [new Side(true, 'offer'), new Side(false, 'offer')];
    await settle();
    await deliver(polite, impolite); // offer and candidate, both for nothing
    await converge(polite, impolite);
    expect(
      impolite.connection.candidates.every((c) => impolite.connection.remoteDescription?.sdp.includes(c)),
    ).toBe(true);
    expect(impolite.connection.candidates.length).toBeGreaterThan(0);
  });
});

describe('what comes twice', () => {
  it('an answer is taken once', async () => {
    const [newcomer, present] = [new Side(true, 'offer'), new Side(false, 'await')];
    await settle();
    await deliver(newcomer, present);
    const answer = must(present.outgoing.find((payload) => payload.type === 'answer'));
    newcomer.negotiation.handleSignal(answer);
    newcomer.negotiation.handleSignal(answer);
    await settle();
    expect(newcomer.negotiated).toBe(1);
  });

  it('a late copy of the last answer is not taken for the answer to a newer offer', async () => {
    const [newcomer, present] = [new Side(true, 'offer'), new Side(false, 'await')];
    await settle();
    await deliver(newcomer, present);
    const answer = must(present.outgoing.find((payload) => payload.type === 'answer'));
    await converge(newcomer, present);
    newcomer.negotiation.restart();
    await settle();
    expect(newcomer.connection.signalingState).toBe('have-local-offer');
    newcomer.negotiation.handleSignal(answer);
    await settle();
    expect(newcomer.connection.signalingState).toBe('have-local-offer');
    await converge(newcomer, present);
    expectAgreement(newcomer, present);
  });

  it('an offer is answered with the same answer', async () => {
    const [newcomer, present] = [new Side(true, 'offer'), new Side(false, 'await')];
    await settle();
    await deliver(newcomer, present);
    const [first] = present.outgoing.splice(0); // lost on its way
    newcomer.negotiation.repeat();
    await settle();
    await deliver(newcomer, present);
    expect(present.outgoing[0]).toEqual(first);
    await converge(newcomer, present);
    expectAgreement(newcomer, present);
    expect(present.negotiated).toBe(1);
  });
});

describe('an ICE restart', () => {
  it('is one exchange on the same connection', async () => {
    const [polite, impolite] = await call();
    impolite.negotiation.restart();
    await converge(polite, impolite);
    expectAgreement(polite, impolite);
    expect(polite.connections).toHaveLength(1);
    expect(polite.negotiated).toBe(2);
  });

  it('keeps the DTLS roles whoever offers, though the other side would change them', async () => {
    const [polite, impolite] = await call();
    for (const side of [impolite, polite, impolite, polite]) {
      side.negotiation.restart();
      await converge(polite, impolite);
      expectAgreement(polite, impolite);
    }
  });

  it('from both sides at once ends in agreement: the polite one gives way', async () => {
    const [polite, impolite] = await call();
    polite.negotiation.restart();
    impolite.negotiation.restart();
    await settle();
    expect([polite.connection.signalingState, impolite.connection.signalingState]).toEqual([
      'have-local-offer',
      'have-local-offer',
    ]);
    await converge(polite, impolite);
    expectAgreement(polite, impolite);
    expect([polite.connections.length, impolite.connections.length]).toEqual([1, 1]);
  });

  it('that is asked for while an offer waits for its answer repeats the offer instead', async () => {
    const [polite, impolite] = await call();
    polite.negotiation.restart();
    await settle();
    polite.outgoing.splice(0); // lost
    polite.negotiation.restart();
    await settle();
    expect(polite.types).toEqual(['offer']);
    expect(polite.connection.restarts).toBe(1);
    await converge(polite, impolite);
    expectAgreement(polite, impolite);
  });
});

it('candidates that come before the first description are kept for it', async () => {
  const [newcomer, present] = [new Side(true, 'offer'), new Side(false, 'await')];
  await settle();
  const [offer, candidate] = newcomer.outgoing.splice(0);
  present.negotiation.handleSignal(must(candidate));
  await settle();
  expect(present.connection.candidates).toEqual([]);
  present.negotiation.handleSignal(must(offer));
  await settle();
  expect(present.connection.candidates).toHaveLength(1);
});

it('the end of candidates is an empty candidate', async () => {
  const side = new Side(true, 'offer');
  await settle();
  side.outgoing.splice(0);
  side.connection.dispatchEvent(Object.assign(new Event('icecandidate'), { candidate: null }));
  expect(side.outgoing).toEqual([
    { type: 'candidate', candidate: '', sdpMid: null, sdpMLineIndex: null, usernameFragment: null },
  ]);
});

it('after closing nothing is sent and nothing complains', async () => {
  const [newcomer, present] = [new Side(true, 'offer'), new Side(false, 'await')];
  await settle();
  for (const payload of newcomer.outgoing.splice(0)) present.negotiation.handleSignal(payload);
  present.negotiation.close();
  await settle();
  expect(present.outgoing).toEqual([]);
});

describe('a connection left for a fresh one', () => {
  /** Both sides on their second connection, agreed, and the first ones closed. */
  function expectRenewed(a: Side, b: Side) {
    expectAgreement(a, b);
    for (const side of [a, b]) {
      expect(side.connections.length).toBeGreaterThan(1);
      expect(side.connections.slice(0, -1).every(({ closed }) => closed)).toBe(true);
      expect(side.connection.closed).toBe(false);
    }
  }

  it.each([true, false])('by the polite side (%s), the other follows', async (byPolite) => {
    const [polite, impolite] = await call();
    (byPolite ? polite : impolite).negotiation.renew();
    await converge(polite, impolite);
    expectRenewed(polite, impolite);
  });

  it('by both at once: they meet on one', async () => {
    const [polite, impolite] = await call();
    polite.negotiation.renew();
    impolite.negotiation.renew();
    await converge(polite, impolite);
    expectRenewed(polite, impolite);
  });

  it.each([true, false])(
    'while the other (the polite one: %s) restarts ICE on the old one',
    async (politeRestarts) => {
      const [polite, impolite] = await call();
      const [restarting, renewing] = politeRestarts ? [polite, impolite] : [impolite, polite];
      restarting.negotiation.restart();
      await settle();
      expect(restarting.types).toContain('offer');
      renewing.negotiation.renew();
      await converge(polite, impolite);
      expectRenewed(polite, impolite);
    },
  );

  it('an answer that was under way on the old one is not taken for one to the new offer', async () => {
    const [polite, impolite] = await call();
    polite.negotiation.restart();
    await settle();
    await deliver(polite, impolite);
    polite.negotiation.renew();
    await settle();
    await deliver(impolite, polite);
    expect(polite.connection.signalingState).toBe('have-local-offer');
    await converge(polite, impolite);
    expectRenewed(polite, impolite);
  });

  it('an ICE restart afterwards stays on it', async () => {
    const [polite, impolite] = await call();
    polite.negotiation.renew();
    await converge(polite, impolite);
    const { connection } = impolite;
    polite.negotiation.restart();
    await converge(polite, impolite);
    expect(impolite.connection).toBe(connection);
    expectRenewed(polite, impolite);
  });
});
