import { describe, expect, it } from 'vitest';
import { candidatePairs } from '../src/diagnostics/candidates';
import { DetailSampler } from '../src/diagnostics/detail';
import { maskSecrets } from '../src/diagnostics/mask';
import type { Tracks } from '../src/slots';
import type { Sender } from '../src/stats';

type Entry = Record<string, unknown> & { id: string; type: string };
const report = (...stats: Entry[]) =>
  new Map(stats.map((entry) => [entry.id, entry])) as unknown as RTCStatsReport;

describe('masking', () => {
  const sdp = [
    'v=0',
    'a=ice-ufrag:abcd',
    'a=ice-pwd:SECRETsecretSECRETsecret',
    'a=fingerprint:sha-256 AA:BB:CC:DD:EE:FF',
    'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:SECRETkey',
    'a=candidate:1 1 udp 2113937151 192.0.2.1 54400 typ host token=SECRETtoken',
    'k=clear:SECRETkey',
    '',
  ].join('\r\n');

  it('takes out every secret and leaves the rest, line ends included', () => {
    const masked = maskSecrets(sdp);
    expect(masked).not.toMatch(/SECRET/i);
    expect(masked).not.toContain('CC:DD');
    expect(masked).toContain('a=ice-pwd:****\r\n');
    expect(masked).toContain('a=fingerprint:sha-256 AA:BB:****\r\n');
    expect(masked).toContain('192.0.2.1 54400 typ host');
    expect(masked.split('\r\n')).toHaveLength(sdp.split('\r\n').length);
  });

  it('works without carriage returns', () => {
    expect(maskSecrets('a=ice-pwd:x\na=mid:0\n')).toBe('a=ice-pwd:****\na=mid:0\n');
  });
});

const LOCAL = {
  id: 'L',
  type: 'local-candidate',
  candidateType: 'host',
  protocol: 'udp',
  address: '10.0.0.2',
  port: 5,
};
const REMOTE = {
  id: 'R',
  type: 'remote-candidate',
  candidateType: 'srflx',
  protocol: 'udp',
  address: '',
  ip: '2001:db8::1',
};
const pair = (id: string, more: object = {}): Entry => ({
  id,
  type: 'candidate-pair',
  localCandidateId: 'L',
  remoteCandidateId: 'R',
  state: 'succeeded',
  ...more,
});

describe('candidate pairs', () => {
  it('are listed, the one in use first', () => {
    const found = candidatePairs(
      report(LOCAL, REMOTE, pair('p1', { state: 'failed' }), pair('p2', { currentRoundTripTime: 0.02 }), {
        id: 'T',
        type: 'transport',
        selectedCandidatePairId: 'p2',
      }),
    );
    expect(found.map(({ selected, state }) => [selected, state])).toEqual([
      [true, 'succeeded'],
      [false, 'failed'],
    ]);
    expect(found[0]).toMatchObject({
      roundTripMs: 20,
      local: { type: 'host', address: '10.0.0.2', port: 5 },
      remote: { type: 'srflx', address: '2001:db8::1' },
    });
  });

  it('are told by Firefox in its own way', () => {
    const found = candidatePairs(
      report(LOCAL, REMOTE, pair('p1', { selected: true }), pair('p2', { selected: false })),
    );
    expect(found.map(({ selected }) => selected)).toEqual([true, false]);
  });

  it('keep an address to themselves that the browser hides, and say how a relay is reached', () => {
    const relay = { ...LOCAL, candidateType: 'relay', relayProtocol: 'tls', address: '(redacted)' };
    const [found] = candidatePairs(report(relay, REMOTE, pair('p')));
    expect(found?.local).toEqual({ type: 'relay', protocol: 'udp', relayProtocol: 'tls', port: 5 });
  });
});

describe('details', () => {
  const track = (id: string) => ({ id }) as MediaStreamTrack;
  const own: Tracks = { camera: track('mine'), mic: track('voice') };
  const senders: Sender[] = [
    { id: 'bob', path: 'server', tracks: { camera: track('bobcam'), mic: track('bobmic') } },
    { id: 'cy', path: 'server', tracks: { camera: track('cycam') } },
  ];
  const at = (second: number) =>
    report(
      { id: 'S', type: 'media-source', trackIdentifier: 'mine' },
      { id: 'C', type: 'codec', mimeType: 'video/VP8' },
      ...['q', 'h', 'f'].map((rid, layer) => ({
        id: `out-${rid}`,
        type: 'outbound-rtp',
        kind: 'video',
        rid,
        ssrc: layer,
        mediaSourceId: 'S',
        codecId: 'C',
        timestamp: second * 1_000,
        // The highest layer rests.
        bytesSent: layer === 2 ? 500 : second * 12_500 * (layer + 1),
        packetsSent: layer === 2 ? 5 : second * 10,
        frameWidth: 320 * 2 ** layer,
        frameHeight: 180 * 2 ** layer,
        framesPerSecond: 30,
        qualityLimitationReason: 'cpu',
      })),
      {
        id: 'told',
        type: 'remote-inbound-rtp',
        localId: 'out-h',
        fractionLost: 0.1,
        roundTripTime: 0.05,
        jitter: 0.004,
      },
      {
        id: 'in-cam',
        type: 'inbound-rtp',
        kind: 'video',
        ssrc: 9,
        trackIdentifier: 'bobcam',
        timestamp: second * 1_000,
        bytesReceived: second * 125_000,
        packetsReceived: second * 90,
        packetsLost: second * 10,
        jitter: 0.012,
        frameWidth: 640,
        frameHeight: 360,
        framesPerSecond: 25,
        jitterBufferDelay: second * 2,
        jitterBufferEmittedCount: second * 25,
      },
      {
        id: 'in-mic',
        type: 'inbound-rtp',
        kind: 'audio',
        ssrc: 10,
        trackIdentifier: 'bobmic',
        timestamp: second * 1_000,
        bytesReceived: second * 5_000,
        packetsReceived: second * 50,
        totalSamplesReceived: second * 48_000,
        concealedSamples: second * 5_800,
        silentConcealedSamples: second * 1_000,
      },
      LOCAL,
      REMOTE,
      pair('p', { nominated: true, availableOutgoingBitrate: 900_000, currentRoundTripTime: 0.03 }),
    );
  const sampler = new DetailSampler();
  const sample = (second: number) =>
    sampler.sample([{ connection: 'server', report: at(second) }], own, senders, second * 1_000);
  sample(1);
  const detail = sample(2);
  const connection = detail.connections[0];

  it('say what each connection does', () => {
    expect(connection).toMatchObject({
      connection: 'server',
      sendBitrate: 300_000,
      receiveBitrate: 1_040_000,
      roundTripMs: 30,
      availableSendBitrate: 900_000,
      sendLoss: 0.05,
      pair: { local: { type: 'host' } },
    });
    expect(connection?.receiveLoss).toBeCloseTo(10 / 150, 5);
  });

  it('say what is sent, by track and layer', () => {
    expect(connection?.sent.map(({ source, layer }) => `${source} ${layer}`)).toEqual([
      'camera f',
      'camera q',
      'camera h',
    ]);
    expect(connection?.sent[2]).toMatchObject({
      bitrate: 200_000,
      height: 360,
      loss: 0.1,
      roundTripMs: 50,
      jitterMs: 4,
      codec: 'VP8',
      limitedBy: 'cpu',
    });
    expect(connection?.sent[0]).toMatchObject({ bitrate: 0, framesPerSecond: 0 });
    expect(connection?.sent[0]?.height).toBeUndefined();
  });

  it('say what comes, by participant and source', () => {
    expect(detail.received).toHaveLength(2);
    expect(detail.received[0]).toMatchObject({
      participant: 'bob',
      source: 'camera',
      connection: 'server',
      bitrate: 1_000_000,
      loss: 0.1,
      jitterMs: 12,
      bufferMs: 80,
      height: 360,
    });
    expect(detail.received[1]).toMatchObject({ participant: 'bob', source: 'mic', concealed: 0.1 });
  });

  it('of the first second are no rates', () => {
    const first = new DetailSampler().sample([{ connection: 'server', report: at(5) }], own, senders, 0);
    expect(first.connections[0]).toMatchObject({ sendBitrate: 0, receiveBitrate: 0 });
    expect(first.received).toEqual([]);
  });
});
