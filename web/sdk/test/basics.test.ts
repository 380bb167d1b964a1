import { describe, expect, it, vi } from 'vitest';
import { Backoff } from '../src/backoff';
import { ChatLog } from '../src/chat-log';
import { decodeFrame, encodeFrame, DATA_BYTES } from '../src/data-frame';
import { Emitter } from '../src/emitter';
import { fromMediaError, readAnswer } from '../src/errors';
import { iceServersFor } from '../src/ice-servers';
import { newRoomName } from '../src/room-name';
import { withStartBitrate } from '../src/start-bitrate';
import { must } from './fakes/must';
import { line, TURN } from './fakes/wire';

describe('backoff', () => {
  it.each([0, 0.5, 0.999])('the first try comes within 100 to 300 ms (random %d)', (random) => {
    const first = new Backoff(() => random).next();
    expect(first).toBeGreaterThanOrEqual(100);
    expect(first).toBeLessThanOrEqual(300);
  });

  it('waits grow by 1.7 to at most 10 s and never end', () => {
    const backoff = new Backoff(() => 1 - Number.EPSILON);
    const waits = Array.from({ length: 40 }, () => backoff.next());
    expect(must(waits[2]) / must(waits[1])).toBeCloseTo(1.7);
    expect(Math.max(...waits)).toBeLessThanOrEqual(10_000);
    expect(waits.at(-1)).toBeGreaterThan(6_900);
  });

  it('after a reset the first try is fast again', () => {
    const backoff = new Backoff();
    for (let i = 0; i < 9; i++) backoff.next();
    backoff.reset();
    expect(backoff.next()).toBeLessThanOrEqual(300);
  });
});

describe('emitter', () => {
  it('a listener that throws keeps no other from hearing', () => {
    const thrown: unknown[] = [];
    vi.stubGlobal('queueMicrotask', (task: () => void) => {
      try {
        task();
      } catch (error) {
        thrown.push(error);
      }
    });
    const emitter = new Emitter<{ ping: number }>();
    const heard: number[] = [];
    emitter.on('ping', () => {
      throw new Error('mine');
    });
    const stop = emitter.on('ping', (n) => heard.push(n));
    emitter.emit('ping', 1);
    stop();
    emitter.emit('ping', 2);
    vi.unstubAllGlobals();
    expect(heard).toEqual([1]);
    expect(thrown).toHaveLength(2);
  });
});

describe('errors', () => {
  const named = (name: string, message = '') => new DOMException(message, name);
  it.each([
    ['NotAllowedError', 'Permission denied', 'microphone', 'permission-denied'],
    ['NotAllowedError', 'Permission denied by system', 'microphone', 'permission-denied-by-system'],
    ['NotAllowedError', 'Permission denied', 'screen', 'screen-share-cancelled'],
    ['NotAllowedError', 'Permission denied by system', 'screen', 'permission-denied-by-system'],
    ['NotFoundError', '', 'camera', 'device-not-found'],
    ['OverconstrainedError', '', 'camera', 'device-not-found'],
    ['NotReadableError', '', 'camera', 'device-busy'],
    ['AbortError', '', 'microphone', 'device-busy'],
    ['NotSupportedError', '', 'screen', 'screen-share-unsupported'],
    ['SomethingElse', '', 'camera', 'media-failed'],
  ] as const)('%s (%s) of the %s is %s', (name, message, what, code) => {
    expect(fromMediaError(named(name, message), what).code).toBe(code);
  });

  it('an answer is its value or its error, and nothing else is an answer', () => {
    expect(readAnswer({ ok: { id: 7 } })).toEqual({ id: 7 });
    expect(() => readAnswer({ error: { code: 'room-full', message: 'full' } })).toThrow('full');
    for (const nonsense of [null, undefined, 'ok', 7, []]) expect(() => readAnswer(nonsense)).toThrow();
  });
});

describe('data frames', () => {
  it('carry topic and payload', () => {
    const payload = new Uint8Array([0, 1, 255]);
    expect(decodeFrame(encodeFrame('表情', payload).buffer)).toEqual({ topic: '表情', payload });
    expect(decodeFrame(encodeFrame('', '').buffer)).toEqual({ topic: '', payload: new Uint8Array() });
  });

  it('text is sent as UTF-8', () => {
    expect(new TextDecoder().decode(decodeFrame(encodeFrame('t', 'grüß').buffer)?.payload)).toBe('grüß');
  });

  it('a message or topic past its bound is refused before it is sent', () => {
    expect(() => encodeFrame('', new Uint8Array(DATA_BYTES))).not.toThrow();
    expect(() => encodeFrame('', new Uint8Array(DATA_BYTES + 1))).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    );
    expect(() => encodeFrame('x'.repeat(256), '')).toThrow(expect.objectContaining({ code: 'too-large' }));
  });

  it.each([[[]], [[1]], [[2, 0]], [[1, 5, 1, 2]]])('bytes that are no frame (%j) are ignored', (bytes) => {
    expect(decodeFrame(new Uint8Array(bytes).buffer)).toBeUndefined();
  });

  it('a string of a foreign peer is ignored', () => {
    expect(decodeFrame('hello')).toBeUndefined();
  });
});

describe('ICE servers', () => {
  it.each([
    ['https://meet.example.org/', 'stun:meet.example.org:443'],
    ['https://meet.example.org:8443/kaigi/', 'stun:meet.example.org:8443'],
    ['http://localhost/', 'stun:localhost:80'],
    ['https://[2001:db8::7]:8443/', 'stun:[2001:db8::7]:8443'],
  ])('%s answers STUN itself, at %s', (url, stun) => {
    expect(iceServersFor(url)).toEqual([{ urls: stun }]);
  });

  it('once joined it relays too, over UDP, TCP and TLS', () => {
    const [, turn] = iceServersFor('https://meet.example.org/', [], { turn: TURN, iceServers: [] });
    expect(turn).toEqual({
      urls: [
        'turn:meet.example.org:443?transport=udp',
        'turn:meet.example.org:443?transport=tcp',
        'turns:meet.example.org:443?transport=tcp',
      ],
      username: TURN.username,
      credential: TURN.credential,
    });
  });

  it('behind a proxy it is asked on its own port, where TLS is not spoken', () => {
    const turn = { ...TURN, port: 8080 };
    const servers = iceServersFor('https://meet.example.org/', [], { turn, iceServers: [] });
    expect(servers.flatMap(({ urls }) => urls)).toEqual([
      'stun:meet.example.org:8080',
      'turn:meet.example.org:8080?transport=udp',
      'turn:meet.example.org:8080?transport=tcp',
    ]);
  });

  it('the announced and the own ones follow', () => {
    const turn = { urls: ['turn:t:1'], username: 'u', credential: 'c' };
    const announced = { turn: TURN, iceServers: [turn] };
    expect(iceServersFor('https://a/', [{ urls: 'stun:mine' }], announced).slice(2)).toEqual([
      turn,
      { urls: 'stun:mine' },
    ]);
  });
});

describe('chat', () => {
  it('lines come once and in order, whatever the server repeats', () => {
    const log = new ChatLog();
    expect(log.merge([line(1, 'a', 'one'), line(3, 'a', 'three')])).toHaveLength(2);
    expect(log.merge([line(3, 'a', 'three'), line(2, 'b', 'two')]).map((entry) => entry.id)).toEqual([2]);
    expect(log.entries.map((entry) => entry.id)).toEqual([1, 2, 3]);
  });

  it('a server that has forgotten the chat does not make us forget it', () => {
    const log = new ChatLog();
    log.merge([line(1, 'a', 'before the restart')]);
    log.merge([line(9, 'a', 'after it')]);
    expect(log.entries).toHaveLength(2);
  });
});

it('room names are three groups of four letters, none of which look like digits', () => {
  const names = new Set(Array.from({ length: 500 }, newRoomName));
  expect(names.size).toBe(500);
  for (const name of names) expect(name).toMatch(/^[a-hjkmnp-z]{4}-[a-hjkmnp-z]{4}-[a-hjkmnp-z]{4}$/);
});

describe('start bit rate', () => {
  const codec =
    'm=video\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=rtpmap:98 H264/90000\r\na=fmtp:98 packetization-mode=1\r\n';

  it('is added once to each video codec of each m-line and to nothing else', () => {
    const sdp = withStartBitrate(
      `m=audio\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\n${codec}${codec}`,
    );
    expect(sdp.match(/x-google-start-bitrate/g)).toHaveLength(4);
    expect(sdp).toContain('a=rtpmap:96 VP8/90000\r\na=fmtp:96 x-google-start-bitrate=800\r\n');
    expect(sdp).toContain('a=fmtp:98 x-google-start-bitrate=800;packetization-mode=1\r\n');
    expect(sdp).toContain('a=fmtp:97 apt=96\r\n');
    expect(sdp).toContain('a=fmtp:111 useinbandfec=1\r\n');
  });
});
