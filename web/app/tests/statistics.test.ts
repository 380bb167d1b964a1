import type { ConnectionDetail, ReceivedTrack, StatsDetail } from '@kaigi/client';
import { describe, expect, it } from 'vitest';
import { append, historySamples } from '../src/statistics/history';
import { addressKind, familyOf, pathWords } from '../src/statistics/path-words';
import { axisTop, plot } from '../src/statistics/plot';
import { makeReport, reportName } from '../src/statistics/report';
import { extremes, layerOf, ownSeries, participantSeries } from '../src/statistics/series';
import { formatUnit } from '../src/statistics/units';

const connection = (more: Partial<ConnectionDetail> = {}): ConnectionDetail => ({
  connection: 'server',
  sendBitrate: 100_000,
  receiveBitrate: 200_000,
  receiveLoss: 0,
  sendLoss: 0,
  sent: [],
  ...more,
});
const track = (more: Partial<ReceivedTrack> = {}): ReceivedTrack => ({
  participant: 'bob',
  source: 'camera',
  connection: 'server',
  bitrate: 1,
  loss: 0,
  ...more,
});
const detail = (at: number, more: Partial<StatsDetail> = {}): StatsDetail => ({
  at,
  connections: [connection()],
  received: [],
  ...more,
});

describe('the history', () => {
  it('is bounded, and keeps the newest', () => {
    let samples: readonly StatsDetail[] = [];
    for (let at = 0; at < historySamples + 50; at++) samples = append(samples, detail(at));
    expect(samples).toHaveLength(180);
    expect(samples.at(-1)?.at).toBe(229);
    expect(samples[0]?.at).toBe(50);
  });
});

describe("one's own figures", () => {
  it('add up over connections; of delays and losses the worst counts', () => {
    const all = ownSeries([
      detail(0, {
        connections: [
          connection({ roundTripMs: 20, receiveLoss: 0.1 }),
          connection({ connection: 'bob', roundTripMs: 80 }),
        ],
      }),
    ]);
    const value = (name: string) => all.find((one) => one.name === name)?.values;
    expect(value('sending')).toEqual([200_000]);
    expect(value('roundTrip')).toEqual([80]);
    expect(value('lossIn')).toEqual([0.1]);
  });

  it('leave out what nothing is known of', () => {
    expect(ownSeries([detail(0)]).map(({ name }) => name)).toEqual([
      'sending',
      'receiving',
      'lossIn',
      'lossOut',
    ]);
    expect(ownSeries([])).toEqual([]);
  });

  it('name the largest picture that is sent', () => {
    const sent = [180, 720, 360].map((height) => ({
      source: 'camera' as const,
      bitrate: 1,
      loss: 0,
      width: (height * 16) / 9,
      height,
      codec: 'VP8',
    }));
    const all = ownSeries([detail(0, { connections: [connection({ sent })] })]);
    expect(all.find(({ name }) => name === 'sentHeight')?.note).toEqual({
      width: 1280,
      height: 720,
      codec: 'VP8',
    });
  });
});

describe("a participant's figures", () => {
  const samples = [
    detail(0),
    detail(1, {
      connections: [connection({ roundTripMs: 33 })],
      received: [
        track({ bitrate: 500, width: 640, height: 360, framesPerSecond: 25 }),
        track({ source: 'mic', concealed: 0.02 }),
        track({ participant: 'cy', bitrate: 9 }),
      ],
    }),
  ];

  it('are those of that one, with gaps where nothing came', () => {
    const all = participantSeries(samples, 'bob');
    const value = (name: string) => all.find((one) => one.name === name)?.values;
    expect(value('pictureBitrate')).toEqual([undefined, 500]);
    expect(value('soundConcealed')).toEqual([undefined, 0.02]);
    expect(value('roundTrip')).toEqual([undefined, 33]);
    expect(value('screenBitrate')).toBeUndefined();
  });

  it('name the layer of a routed picture, and none of a direct one', () => {
    const note = (connection: string) =>
      participantSeries(
        [detail(0, { received: [track({ connection, width: 640, height: 360 })] })],
        'bob',
      ).find(({ name }) => name === 'pictureHeight')?.note;
    expect(note('server')).toEqual({ width: 640, height: 360, layer: 'medium' });
    expect(note('bob')).toEqual({ width: 640, height: 360 });
    expect([180, 240, 360, 480, 720].map(layerOf)).toEqual(['small', 'small', 'medium', 'medium', 'large']);
  });
});

describe('a plot', () => {
  const box = { width: 100, height: 10, span: 100_000, now: 100_000, top: 10, gapMilliseconds: 5_000 };

  it('runs from left to right, the newest at the edge, the largest on top', () => {
    expect(plot([0, 10], [99_000, 100_000], box).line).toBe('M99 10L100 0');
    expect(plot([0, 10], [99_000, 100_000], box).area).toBe('M99 10L99 10L100 0L100 10Z');
  });

  it('breaks where nothing is known, or the page slept', () => {
    expect(plot([1, undefined, 1, 1], [97_000, 98_000, 99_000, 100_000], box).line).toBe(
      'M97 9h0M99 9L100 9',
    );
    expect(plot([1, 1], [50_000, 100_000], box).line).toBe('M50 9h0M100 9h0');
  });

  it('leaves out what is too old, and stays inside', () => {
    expect(plot([5, 50], [-1, 100_000], box).line).toBe('M100 0h0');
    expect(plot([], [], box)).toEqual({ line: '', area: '' });
  });

  it('has a round number on top', () => {
    expect(axisTop(0, 'bitrate')).toBe(100_000);
    expect(axisTop(1_234_567, 'bitrate')).toBe(1_500_000);
    expect(axisTop(0.07, 'share')).toBe(0.1);
    expect(axisTop(723, 'lines')).toBe(1080);
    expect(axisTop(143, 'milliseconds')).toBe(150);
  });

  it('says its extremes, and what is now', () => {
    expect(extremes([3, 1, undefined, 2])).toEqual({ now: 2, least: 1, most: 3 });
    expect(extremes([1, undefined])).toEqual({ now: undefined, least: 1, most: 1 });
    expect(extremes([undefined])).toBeUndefined();
  });

  it('writes figures with their units', () => {
    const written = (value: number, unit: Parameters<typeof formatUnit>[1]) => formatUnit(value, unit, 'en');
    expect(written(1_250_000, 'bitrate')).toBe('1.3 Mbit/s');
    expect(written(0.021, 'share')).toBe('2.1%');
    expect(written(1.24, 'milliseconds')).toBe('1.2 ms');
    expect(written(29.97, 'frames')).toBe('30 fps');
    expect(written(1080, 'lines')).toBe('1,080 px');
  });
});

describe('a path', () => {
  const end = (type: 'host' | 'srflx' | 'prflx' | 'relay', address?: string, more = {}) => ({
    type,
    protocol: 'udp' as const,
    ...(address === undefined ? {} : { address }),
    ...more,
  });
  const words = (local: ReturnType<typeof end>, remote: ReturnType<typeof end>, server = false) =>
    pathWords({ local, remote, state: 'succeeded', selected: true }, server);

  it('is straight, through a relay, or to the server', () => {
    const [host, relay] = [
      end('host', '192.168.1.2'),
      end('relay', '198.51.100.1', { relayProtocol: 'tls' }),
    ];
    expect(words(host, host).key).toBe('direct');
    expect(words(relay, host)).toMatchObject({ key: 'relayOurs', protocol: 'TLS' });
    expect(words(host, relay).key).toBe('relayTheirs');
    expect(words(relay, relay).key).toBe('relayBoth');
    expect(words(host, host, true)).toMatchObject({ key: 'server', protocol: 'UDP', family: 'IPv4' });
    expect(words(relay, host, true).key).toBe('serverRelay');
  });

  it('knows whose an address is', () => {
    const kind = (address: string | undefined, type: 'host' | 'srflx' | 'prflx' | 'relay' = 'host') =>
      addressKind({ type, ...(address === undefined ? {} : { address }) });
    expect(
      ['10.1.2.3', '172.20.0.1', '192.168.0.9', '169.254.1.1', '100.64.0.1', 'fd00::1', 'fe80::1'].map(
        (one) => kind(one),
      ),
    ).toEqual(Array<string>(7).fill('private'));
    expect(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2001:db8::1'].map((one) => kind(one))).toEqual(
      Array<string>(4).fill('public'),
    );
    expect([kind('127.0.0.1'), kind('::1')]).toEqual(['loopback', 'loopback']);
    expect([kind('8.8.8.8', 'srflx'), kind('8.8.8.8', 'prflx'), kind('10.0.0.1', 'prflx')]).toEqual([
      'router',
      'router',
      'private',
    ]);
    expect([kind(undefined), kind('abc-123.local')]).toEqual(['hidden', 'hidden']);
    expect(kind('1.2.3.4', 'relay')).toBe('relay');
  });

  it('shows an address of IPv6 with its port in brackets', () => {
    expect(words(end('host', '2001:db8::1', { port: 5 }), end('host')).from.address).toBe('[2001:db8::1]:5');
    expect(words(end('host', '2001:db8::1', { port: 5 }), end('host')).to.address).toBeUndefined();
    expect([familyOf('::1'), familyOf('1.2.3.4'), familyOf('x.local'), familyOf(undefined)]).toEqual([
      'IPv6',
      'IPv4',
      undefined,
      undefined,
    ]);
  });
});

describe('a report', () => {
  const person = { id: 'bob', name: 'Bob SECRET', path: 'server', tracks: {}, media: {}, connected: true };
  const room = {
    id: 'ann',
    displayName: 'Ann SECRET',
    name: 'room SECRET',
    participants: [person],
    chat: ['SECRET'],
    signaling: { state: 'connected', transport: 'websocket' },
    stats: { path: 'server' },
    sendLimit: undefined,
    settings: {},
    media: { state: {}, quality: { height: 180 }, devices: ['SECRET'] },
  } as unknown as Parameters<typeof makeReport>[0];
  const choices = {
    mic: true,
    camera: true,
    selfView: true,
    speaker: 'SECRET',
    micDevice: 'SECRET',
    cameraDevice: 'SECRET',
    processing: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    recentRooms: ['SECRET'],
    quality: { height: 180 },
  };

  it('holds figures, paths and settings, and nothing that is private', () => {
    const report = makeReport(
      room,
      { at: Date.UTC(2026, 11, 1, 9, 30), serverVersion: '0.1.0', connections: [] },
      [detail(1)],
      choices,
      { userAgent: 'test' },
    );
    const text = JSON.stringify(report);
    expect(text).not.toContain('SECRET');
    expect(report).toMatchObject({
      kind: 'kaigi-report',
      madeAt: '2026-12-01T09:30:00.000Z',
      application: { server: '0.1.0' },
      settings: { quality: { height: 180 } },
      meeting: { own: 'ann', participants: [{ id: 'bob', path: 'server' }] },
    });
    expect(report.history).toHaveLength(1);
    expect(reportName(report.madeAt)).toBe('kaigi-report-2026-12-01T09-30-00.json');
  });
});
