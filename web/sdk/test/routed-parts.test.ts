import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Arrivals } from '../src/arrivals';
import { ConnectionLost } from '../src/errors';
import { Handover } from '../src/handover';
import { creditFrame, questionFrame, seal, unseal } from '../src/routed/envelope';
import { LayerSwitch } from '../src/routed/layer-switch';
import { SlotTable } from '../src/routed/slot-table';
import { ViewReport, wholeView } from '../src/routed/view';
import type { Slot, View, Want } from '../src/wire.gen';
import { settle } from './fakes/connection';
import { asReal, FakePeerConnection } from './fakes/peer-connection';
import { SILENT } from './fakes/wire';

describe('the slot table', () => {
  const camera = (mid: string, participant: string, paused = false): Slot => ({
    mid,
    participant,
    source: 'camera',
    paused,
  });

  it('knows which slot carries a track', () => {
    const table = new SlotTable();
    table.handleSlots([
      camera('4', 'bob'),
      { mid: '16', participant: 'bob', source: 'microphone', paused: false },
      { mid: '17', participant: 'cy', source: 'screen-audio', paused: false },
      { mid: '5', paused: false },
    ]);
    expect(table.midOf('bob', 'camera')).toBe('4');
    expect(table.midOf('bob', 'mic')).toBe('16');
    expect(table.midOf('cy', 'screenAudio')).toBe('17');
    expect(table.midOf('cy', 'camera')).toBeUndefined();
    expect(table.participants).toEqual(new Set(['bob', 'cy']));
  });

  it('says who is concerned by a change, and which slots carry something else', () => {
    const table = new SlotTable();
    expect(table.handleSlots([camera('4', 'bob'), camera('5', 'cy')])).toEqual({
      participants: new Set(['bob', 'cy']),
      refilled: ['4', '5'],
    });
    expect(table.handleSlots([camera('4', 'bob'), camera('5', 'cy')])).toEqual({
      participants: new Set(),
      refilled: [],
    });
    expect(table.handleSlots([camera('4', 'dan'), camera('5', 'cy', true)])).toEqual({
      participants: new Set(['bob', 'dan', 'cy']),
      refilled: ['4'],
    });
    expect(table.isPaused('cy', 'camera')).toBe(true);
    expect(table.isPaused('bob', 'camera')).toBe(false);
    expect(table.clear()).toEqual({ participants: new Set(['dan', 'cy']), refilled: [] });
  });
});

describe('arrivals', () => {
  const report = (...inbound: object[]) =>
    new Map(inbound.map((stats, index) => [String(index), { type: 'inbound-rtp', ...stats }])) as never;

  it('sound has arrived with a packet, a picture with a frame', () => {
    const arrivals = new Arrivals();
    const audio = { kind: 'audio', trackIdentifier: 'a' };
    const video = { kind: 'video', trackIdentifier: 'v', packetsReceived: 9 };
    expect(
      arrivals.handleReport(report({ ...audio, packetsReceived: 0 }, { ...video, framesDecoded: 0 })),
    ).toEqual([]);
    expect(
      arrivals.handleReport(report({ ...audio, packetsReceived: 1 }, { ...video, framesDecoded: 0 })),
    ).toEqual(['a']);
    expect(
      arrivals.handleReport(report({ ...audio, packetsReceived: 2 }, { ...video, framesDecoded: 1 })),
    ).toEqual(['v']);
    expect(arrivals.has('v')).toBe(true);
  });

  it('a track is steady after a second without a gap, or after two in any case', () => {
    const arrivals = new Arrivals();
    let now = 0;
    let concealedSamples = 0;
    const pass = (milliseconds: number, concealed = 0) => {
      concealedSamples += concealed;
      const audio = { kind: 'audio', packetsReceived: 7, concealedSamples, silentConcealedSamples: 99 };
      const picture = {
        kind: 'video',
        keyFramesDecoded: 1,
        framesDecoded: 9,
        freezeCount: concealedSamples / 480,
      };
      now += milliseconds;
      arrivals.handleReport(
        report({ ...audio, trackIdentifier: 'a' }, { ...picture, trackIdentifier: 'v' }),
        now,
      );
      return ['a', 'v'].map((track) => arrivals.isSteady(track));
    };
    expect(pass(0)).toEqual([false, false]);
    expect(pass(900)).toEqual([false, false]);
    expect(pass(100)).toEqual([true, true]);
    for (const track of ['a', 'v']) arrivals.restart(track);
    const more = report({ kind: 'audio', trackIdentifier: 'a', packetsReceived: 8 });
    arrivals.handleReport(more, now);
    expect(arrivals.isSteady('a')).toBe(false);
    const fresh = new Arrivals();
    const bad = (at: number) =>
      fresh.handleReport(
        report({ kind: 'audio', trackIdentifier: 'b', packetsReceived: 1, concealedSamples: at }),
        at,
      );
    for (let at = 0; at < 2_000; at += 200) bad(at);
    expect(fresh.isSteady('b')).toBe(false);
    expect(bad(2_000)).toEqual(['b']);
    expect(fresh.isSteady('b')).toBe(true);
  });

  it('what came for the one before does not count for the next', () => {
    const arrivals = new Arrivals();
    const video = (framesDecoded: number, keyFramesDecoded: number) =>
      report({ kind: 'video', trackIdentifier: 'v', framesDecoded, keyFramesDecoded });
    arrivals.handleReport(video(100, 2));
    arrivals.restart('v');
    expect(arrivals.has('v')).toBe(false);
    // Frames that were under way when the slot changed hands.
    expect(arrivals.handleReport(video(103, 2))).toEqual([]);
    expect(arrivals.handleReport(video(104, 3))).toEqual(['v']);
  });
});

describe('a handover', () => {
  it('is over a moment after everything has arrived', () => {
    const handover = new Handover();
    expect(handover.isOver(0, false, false)).toBe(false);
    expect(handover.isOver(1_000, true, false)).toBe(false);
    expect(handover.isOver(2_000, true, true)).toBe(false);
    expect(handover.isOver(5_900, true, true)).toBe(false);
    expect(handover.isOver(6_000, true, true)).toBe(true);
  });

  it('does not wait for ever for what nobody looks at', () => {
    const handover = new Handover();
    expect(handover.isOver(0, true, false)).toBe(false);
    expect(handover.isOver(9_900, true, false)).toBe(false);
    expect(handover.isOver(10_000, true, false)).toBe(true);
  });

  it('begins anew when the new way breaks', () => {
    const handover = new Handover();
    handover.isOver(0, true, true);
    expect(handover.isOver(2_000, false, true)).toBe(false);
    expect(handover.isOver(60_000, false, true)).toBe(false);
    expect(handover.isOver(61_000, true, true)).toBe(false);
    expect(handover.isOver(65_000, true, true)).toBe(true);
  });
});

describe('the envelope', () => {
  const bytes = (...values: number[]) => new Uint8Array(values);
  /** As it comes from the server. */
  const from = (id: string, frame: Uint8Array) => seal([id], frame).buffer;

  it('names the receivers in front of the frame', () => {
    expect(seal([], bytes(1, 0, 9))).toEqual(bytes(2, 0, 1, 0, 9));
    expect(seal(['a', 'bc'], bytes(1))).toEqual(bytes(2, 2, 1, 97, 2, 98, 99, 1));
  });

  it('says who sent it', () => {
    expect(unseal(from('é', bytes(1, 0, 9)))).toEqual({ from: 'é', kind: 'message', frame: bytes(1, 0, 9) });
    expect(unseal(from('b', creditFrame(70_000)))).toEqual({ from: 'b', kind: 'credit', bytes: 70_000 });
    expect(unseal(from('b', questionFrame()))).toEqual({ from: 'b', kind: 'question' });
  });

  it('anything else is nothing', () => {
    const wrong = [
      bytes(),
      bytes(2),
      bytes(1, 1, 1, 97, 1),
      bytes(2, 0, 1),
      bytes(2, 1, 5, 97),
      bytes(2, 1, 1, 97),
      bytes(2, 1, 1, 97, 3, 0),
    ];
    for (const data of wrong) expect(unseal(data.buffer)).toBeUndefined();
    expect(unseal('text')).toBeUndefined();
  });
});

describe('the view', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const show = (...heights: number[]): View => ({
    receive: 'everything',
    wants: heights.map((height): Want => ({
      participant: 'bob',
      source: 'camera',
      height,
      preferred: false,
    })),
  });
  function reporting(answer: () => Promise<unknown> = () => Promise.resolve({})) {
    const told: View[] = [];
    const report = new ViewReport((view) => {
      told.push(view);
      return answer();
    });
    return { told, report, heights: () => told.map(({ wants }) => wants.map(({ height }) => height)) };
  }

  it('is told at once, then five times a second at most, and the last word always', async () => {
    const { report, heights } = reporting();
    report.set(show(100));
    expect(heights()).toEqual([]);
    report.handleReady(true);
    expect(heights()).toEqual([[100]]);
    for (let height = 101; height <= 200; height++) {
      report.set(show(height));
      await vi.advanceTimersByTimeAsync(10);
    }
    await vi.advanceTimersByTimeAsync(1_000);
    expect(heights()).toHaveLength(6);
    expect(heights().at(-1)).toEqual([200]);
  });

  it('is not told twice, except to a new connection', async () => {
    const { report, heights } = reporting();
    report.set(show(100));
    report.handleReady(true);
    report.set(show(100));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(heights()).toHaveLength(1);
    report.handleReady(false);
    report.set(show(150));
    report.handleReady(true);
    expect(heights()).toEqual([[100], [150]]);
  });

  it('is told again after a refusal, but not into a lost connection', async () => {
    let error: Error | undefined = new Error('rate-limited');
    const { report, heights } = reporting(() => (error ? Promise.reject(error) : Promise.resolve({})));
    report.set(show(100));
    report.handleReady(true);
    await vi.advanceTimersByTimeAsync(150);
    expect(heights()).toHaveLength(1);
    error = undefined;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(heights()).toHaveLength(2);
    error = new ConnectionLost('test');
    report.set(show(200));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(heights()).toHaveLength(3);
  });

  it('holds whole pixels, and no more than the server reads', () => {
    const { report, told } = reporting();
    report.set(show(...Array.from({ length: 200 }, () => 99.6)));
    report.handleReady(true);
    expect(told[0]?.wants).toHaveLength(128);
    expect(told[0]?.wants[0]?.height).toBe(100);
    expect(report.wanted).toBe(128);
    report.set({ ...show(0, 1e9), receive: 'everything' });
    expect(report.wanted).toBe(2);
    report.set({ ...show(1), receive: 'audio-only' });
    expect(report.wanted).toBe(0);
  });

  it('of an application that says nothing is everything that is sent', () => {
    const view = wholeView([
      { id: 'bob', media: { ...SILENT, camera: true, screen: true } },
      { id: 'cy', media: { ...SILENT, mic: true } },
    ]);
    expect(view.wants.map(({ participant, source }) => `${participant} ${source}`)).toEqual([
      'bob screen',
      'bob camera',
    ]);
  });
});

describe('layers', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function sending() {
    const fake = new FakePeerConnection();
    const { sender } = fake.addTransceiver('video', {
      sendEncodings: [{ rid: 'q' }, { rid: 'h' }, { rid: 'f' }],
    });
    const active = () => sender.parameters.encodings.map((encoding) => encoding.active);
    return { sender, active, real: asReal(fake).getTransceivers()[0]?.sender as RTCRtpSender };
  }

  it('are paused and resumed; of several wishes the last one counts', async () => {
    const { real, active } = sending();
    const layers = new LayerSwitch();
    layers.set(real, [true, true, false]);
    layers.set(real, [true, false, false]);
    layers.set(real, [true, false, true]);
    await settle();
    expect(active()).toEqual([true, false, true]);
  });

  it('are tried again when the browser is busy', async () => {
    const { sender, real, active } = sending();
    sender.failure = new Error('InvalidStateError');
    new LayerSwitch().set(real, [false, false, false]);
    await settle();
    expect(active()).toEqual([undefined, undefined, undefined]);
    await vi.advanceTimersByTimeAsync(300);
    expect(active()).toEqual([false, false, false]);
  });
});
