import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  record,
  recordingType,
  rehearsalMilliseconds,
  type RecorderConstructor,
} from '../src/prejoin/rehearsal/recorder';

class FakeRecorder extends EventTarget {
  static made: FakeRecorder[] = [];
  static supported = (type: string) => type.includes('webm');
  static broken = false;
  static isTypeSupported = (type: string) => FakeRecorder.supported(type);
  state: RecordingState = 'inactive';
  data = 'voice';
  constructor(
    readonly stream: MediaStream,
    readonly options: MediaRecorderOptions,
  ) {
    super();
    FakeRecorder.made.push(this);
  }
  start(): void {
    if (FakeRecorder.broken) throw new DOMException('', 'InvalidStateError');
    this.state = 'recording';
  }
  stop(): void {
    this.state = 'inactive';
    const data = new Blob([this.data]);
    this.dispatchEvent(Object.assign(new Event('dataavailable'), { data }));
    this.dispatchEvent(new Event('stop'));
  }
}
const Recorder = FakeRecorder as unknown as RecorderConstructor;
const stream = {} as MediaStream;

beforeEach(() => {
  vi.useFakeTimers();
  Object.assign(FakeRecorder, {
    made: [],
    supported: (type: string) => type.includes('webm'),
    broken: false,
  });
});
afterEach(() => vi.useRealTimers());

const begin = (signal = new AbortController().signal) => record(stream, 'video', signal, Recorder);

describe('a rehearsal', () => {
  it('is three seconds long', async () => {
    const recording = begin();
    await vi.advanceTimersByTimeAsync(rehearsalMilliseconds - 1);
    expect(FakeRecorder.made[0]?.state).toBe('recording');
    await vi.advanceTimersByTimeAsync(1);
    const blob = await recording;
    expect(blob.type).toBe('video/webm;codecs=vp8,opus');
    expect(blob.size).toBe(5);
  });

  it('ends early when the device goes away, with what there is', async () => {
    const recording = begin();
    FakeRecorder.made[0]?.stop();
    expect((await recording).size).toBe(5);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that is stopped is given up, and records no longer', async () => {
    const controller = new AbortController();
    const recording = begin(controller.signal);
    controller.abort();
    await expect(recording).rejects.toMatchObject({ name: 'AbortError' });
    expect(FakeRecorder.made[0]?.state).toBe('inactive');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('with nothing in it has failed', async () => {
    const recording = begin();
    const [made] = FakeRecorder.made;
    if (made) made.data = '';
    made?.stop();
    await expect(recording).rejects.toMatchObject({ problem: 'failed' });
  });

  it('that cannot begin has failed', async () => {
    FakeRecorder.broken = true;
    await expect(begin()).rejects.toMatchObject({ problem: 'failed' });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('needs a browser that records something it can play', async () => {
    FakeRecorder.supported = () => false;
    await expect(begin()).rejects.toMatchObject({ problem: 'unsupported' });
    await expect(record(stream, 'audio', new AbortController().signal, undefined)).rejects.toMatchObject({
      problem: 'unsupported',
    });
  });

  it('takes what the browser has: WebM, or MP4 on Safari', () => {
    expect(recordingType('audio', () => true)).toBe('audio/webm;codecs=opus');
    expect(recordingType('video', (type) => type === 'video/mp4')).toBe('video/mp4');
    expect(recordingType('audio', () => false)).toBeUndefined();
  });
});
