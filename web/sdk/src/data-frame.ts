import { KaigiError } from './types';

/** Bytes of one message's payload; every browser takes this on a data channel in one piece. */
export const DATA_BYTES = 64 * 1024;
const TOPIC_BYTES = 255;
const VERSION = 1;

export interface Frame {
  topic: string;
  payload: Uint8Array;
}

/** Version (1 byte), length of the topic in bytes (1 byte), topic (UTF-8), payload. */
export function encodeFrame(topic: string, payload: Uint8Array | string): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(topic);
  const content = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
  if (name.length > TOPIC_BYTES) {
    throw new KaigiError(
      'too-large',
      `The topic has ${name.length} bytes; at most ${TOPIC_BYTES} are allowed.`,
    );
  }
  if (content.length > DATA_BYTES) {
    throw new KaigiError(
      'too-large',
      `The message has ${content.length} bytes; at most ${DATA_BYTES} are allowed: send it in parts.`,
    );
  }
  const frame = new Uint8Array(2 + name.length + content.length);
  frame.set([VERSION, name.length]);
  frame.set(name, 2);
  frame.set(content, 2 + name.length);
  return frame;
}

/** Reads what a peer sent; `undefined` for anything that is not a frame of ours. */
export function decodeFrame(data: unknown): Frame | undefined {
  if (!(data instanceof ArrayBuffer)) return undefined;
  const bytes = new Uint8Array(data);
  const [version, length] = bytes;
  if (version !== VERSION || length === undefined || bytes.length < 2 + length) return undefined;
  return { topic: new TextDecoder().decode(bytes.subarray(2, 2 + length)), payload: bytes.slice(2 + length) };
}
