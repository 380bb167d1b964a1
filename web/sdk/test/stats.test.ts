import { describe, expect, it } from 'vitest';
import { StatsSampler, worstPath } from '../src/stats';
import type { Sender } from '../src/stats';
import { selectedPair } from '../src/stats-report';

function report(...stats: (Record<string, unknown> & { id: string })[]): RTCStatsReport {
  return new Map(stats.map((entry) => [entry.id, entry])) as unknown as RTCStatsReport;
}
const outbound = (timestamp: number, bytesSent: number, packetsSent: number, more = {}) => ({
  id: 'out',
  type: 'outbound-rtp',
  kind: 'video',
  timestamp,
  bytesSent,
  packetsSent,
  ssrc: 1,
  ...more,
});
const inbound = (
  timestamp: number,
  bytesReceived: number,
  packetsReceived: number,
  packetsLost = 0,
  more = {},
) => ({
  id: 'in',
  type: 'inbound-rtp',
  kind: 'video',
  timestamp,
  bytesReceived,
  packetsReceived,
  packetsLost,
  ssrc: 2,
  ...more,
});
const sender = (id: string, path: Sender['path'], tracks: Record<string, string> = {}): Sender => ({
  id,
  path,
  tracks: Object.fromEntries(Object.entries(tracks).map(([source, id]) => [source, { id } as MediaStreamTrack])),
});
const sample = (sampler: StatsSampler, ...stats: Parameters<typeof report>) =>
  sampler.sample([{ connection: 'bob', report: report(...stats) }], [sender('bob', 'direct')]);

describe('rates', () => {
  it("are what happened between two samples, by the report's own clock", () => {
    const sampler = new StatsSampler();
    expect(sample(sampler, outbound(0, 1_000, 10), inbound(0, 500, 5))).toMatchObject({
      sendBitrate: 0,
      receiveBitrate: 0,
    });
    const second = sample(
      sampler,
      outbound(2_000, 251_000, 210, { headerBytesSent: 0 }),
      inbound(2_000, 125_500, 105),
    );
    expect(second).toMatchObject({ sendBitrate: 1_000_000, receiveBitrate: 500_000 });
  });

  it('count the headers, which the network carries as well', () => {
    const sampler = new StatsSampler();
    sample(sampler, outbound(0, 0, 0, { headerBytesSent: 0 }));
    expect(sample(sampler, outbound(1_000, 900, 1, { headerBytesSent: 100 })).sendBitrate).toBe(8_000);
  });

  it('add up over participants', () => {
    const sampler = new StatsSampler();
    const both = (at: number, bytes: number) =>
      sampler.sample(
        ['bob', 'cy'].map((connection) => ({ connection, report: report(outbound(at, bytes, 1)) })),
        [sender('bob', 'direct'), sender('cy', 'direct')],
      );
    both(0, 0);
    expect(both(1_000, 1_000).sendBitrate).toBe(16_000);
  });

  it('counters that begin anew give nothing, never something negative', () => {
    const sampler = new StatsSampler();
    sample(sampler, outbound(0, 1_000_000, 900), inbound(0, 1_000_000, 900, 10));
    const reset = sample(sampler, outbound(1_000, 100, 1), inbound(1_000, 100, 1));
    expect(reset).toMatchObject({ sendBitrate: 0, receiveBitrate: 0, receiveLoss: 0 });
    expect(sample(sampler, outbound(2_000, 1_100, 2), inbound(2_000, 100, 1)).sendBitrate).toBe(8_000);
  });

  it('a report taken at the same instant does not divide by nothing', () => {
    const sampler = new StatsSampler();
    sample(sampler, outbound(5, 0, 0));
    expect(sample(sampler, outbound(5, 1_000, 1)).sendBitrate).toBe(0);
  });
});

describe('loss', () => {
  it('on the way to us is the share of this second', () => {
    const sampler = new StatsSampler();
    sample(sampler, inbound(0, 0, 1_000, 500));
    expect(sample(sampler, inbound(1_000, 9_000, 1_090, 510)).receiveLoss).toBeCloseTo(0.1);
  });

  it('goes to none, not below, when packets counted as lost come late', () => {
    const sampler = new StatsSampler();
    sample(sampler, inbound(0, 0, 100, 50));
    expect(sample(sampler, inbound(1_000, 9_000, 200, 40)).receiveLoss).toBe(0);
  });

  it('on the way from us is what the others report, weighted by what was sent', () => {
    const sampler = new StatsSampler();
    const reports = (id: string, fractionLost: number) => ({
      id: `r${id}`,
      type: 'remote-inbound-rtp',
      localId: id,
      fractionLost,
    });
    sample(sampler, outbound(0, 0, 0), { ...outbound(0, 0, 0), id: 'audio' });
    const stats = sample(
      sampler,
      outbound(1_000, 1, 90),
      { ...outbound(1_000, 1, 10), id: 'audio' },
      reports('out', 0.2),
      reports('audio', 0),
    );
    expect(stats.sendLoss).toBeCloseTo(0.18);
  });

  it('an old report of a stream that has stopped counts for nothing', () => {
    const sampler = new StatsSampler();
    const old = { id: 'r', type: 'remote-inbound-rtp', localId: 'out', fractionLost: 0.9 };
    sample(sampler, outbound(0, 0, 100));
    expect(sample(sampler, outbound(1_000, 0, 100), old).sendLoss).toBe(0);
  });
});

it('the picture is the largest one that arrives', () => {
  const sampler = new StatsSampler();
  const size = (frameWidth: number, frameHeight: number) => ({
    frameWidth,
    frameHeight,
    framesPerSecond: 25,
    codecId: 'c',
  });
  const at = (t: number, packets: number) => [
    inbound(t, packets, packets, 0, size(640, 360)),
    { ...inbound(t, packets, packets, 0, size(1920, 1080)), id: 'big' },
    { ...inbound(t, 1, 1, 0, size(3840, 2160)), id: 'stopped' },
    { id: 'c', type: 'codec', mimeType: 'video/VP8' },
  ];
  sample(sampler, ...at(0, 1));
  expect(sample(sampler, ...at(1_000, 9)).video).toEqual({
    width: 1920,
    height: 1080,
    framesPerSecond: 25,
    codec: 'VP8',
  });
});

describe('the selected pair', () => {
  const pair = {
    id: 'p',
    type: 'candidate-pair',
    localCandidateId: 'l',
    remoteCandidateId: 'r',
    currentRoundTripTime: 0.02,
  };
  const local = { id: 'l', type: 'local-candidate', candidateType: 'host', protocol: 'udp' };
  const remote = { id: 'r', type: 'remote-candidate', candidateType: 'srflx', protocol: 'udp' };
  const transport = { id: 't', type: 'transport', selectedCandidatePairId: 'p' };

  it('is direct unless either end is a relay', () => {
    expect(selectedPair(report(transport, pair, local, remote))).toEqual({
      relayed: false,
      protocol: 'udp',
      roundTripMs: 20,
    });
    expect(selectedPair(report(transport, pair, local, { ...remote, candidateType: 'relay' }))?.relayed).toBe(
      true,
    );
    const relay = { ...local, candidateType: 'relay', relayProtocol: 'tls' };
    expect(selectedPair(report(transport, pair, relay, remote))).toMatchObject({
      relayed: true,
      protocol: 'tls',
    });
  });

  it('is found without a transport, as in Firefox', () => {
    const other = { ...pair, id: 'o', localCandidateId: 'none', state: 'failed' };
    expect(selectedPair(report(other, { ...pair, selected: true }, local, remote))?.protocol).toBe('udp');
    expect(selectedPair(report(other))).toBeUndefined();
  });
});

it('of several paths the one with the most trouble is told', () => {
  expect(worstPath([])).toBe('waiting');
  expect(worstPath(['direct', 'relayed'])).toBe('relayed');
  expect(worstPath(['direct', 'connecting', 'failed'])).toBe('failed');
});

describe('what comes of each', () => {
  const camera = (at: number, packets: number, lost: number, more = {}) =>
    inbound(at, packets * 1_000, packets, lost, { trackIdentifier: 'cam', framesPerSecond: 24, ...more });

  it('is told by participant and source', () => {
    const sampler = new StatsSampler();
    const ask = (at: number, packets: number, lost: number) =>
      sampler.sample(
        [{ connection: 'server', report: report(camera(at, packets, lost, { frameWidth: 320, frameHeight: 180 })) }],
        [sender('bob', 'server', { camera: 'cam', mic: 'voice' }), sender('cy', 'server', { camera: 'other' })],
      ).received;
    expect(ask(0, 0, 0)).toEqual({});
    expect(ask(1_000, 90, 10)).toEqual({
      bob: { camera: { bitrate: 720_000, loss: 0.1, framesPerSecond: 24, width: 320, height: 180 } },
    });
    expect(ask(2_000, 90, 10), 'nothing came').toEqual({});
  });

  it('is kept apart where two senders call their tracks alike', () => {
    const sampler = new StatsSampler();
    const ask = (at: number, packets: number) =>
      sampler.sample(
        [
          { connection: 'bob', report: report(camera(at, packets, 0)) },
          { connection: 'cy', report: report(camera(at, 2 * packets, 0)) },
        ],
        [sender('bob', 'direct', { camera: 'cam' }), sender('cy', 'direct', { camera: 'cam' })],
      ).received;
    ask(0, 0);
    const { bob, cy } = ask(1_000, 10);
    expect([bob?.camera?.bitrate, cy?.camera?.bitrate]).toEqual([80_000, 160_000]);
  });
});
