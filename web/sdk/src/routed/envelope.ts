import type { ParticipantId } from '../wire.gen';

/** The version that tells an envelope from a frame sent directly. */
const VERSION = 2;
/** The kinds of frames in it besides a message (`data-frame.ts`), which is 1. */
const CREDIT = 3;
const QUESTION = 4;
/** As many names as the count in an envelope's second byte can say. */
export const MOST_NAMES = 255;

/** What came out of an envelope: who sent it, and what. */
export type Received =
  | { from: ParticipantId; kind: 'message'; frame: Uint8Array<ArrayBuffer> }
  /** So many bytes of ours were consumed; the sender is there in any case. */
  | { from: ParticipantId; kind: 'credit'; bytes: number }
  /** Are you there? */
  | { from: ParticipantId; kind: 'question' };

/**
 * Puts a frame into an envelope for the server: version, number of receivers (0: everybody in the room), each as
 * length (1 byte) and name, then the frame. From the server it comes with one name, the sender's.
 */
export function seal(to: readonly ParticipantId[], frame: Uint8Array): Uint8Array<ArrayBuffer> {
  const names = to.map((id) => new TextEncoder().encode(id));
  const length = names.reduce((sum, name) => sum + 1 + name.length, 2);
  const bytes = new Uint8Array(length + frame.length);
  bytes.set([VERSION, names.length]);
  let at = 2;
  for (const name of names) {
    bytes[at] = name.length;
    bytes.set(name, at + 1);
    at += 1 + name.length;
  }
  bytes.set(frame, at);
  return bytes;
}

/** Reads what the server passed on; `undefined` for anything else. */
export function unseal(data: unknown): Received | undefined {
  if (!(data instanceof ArrayBuffer)) return undefined;
  const bytes = new Uint8Array(data);
  const [version, count, length] = bytes;
  if (version !== VERSION || count !== 1 || length === undefined || bytes.length <= 3 + length)
    return undefined;
  const from = new TextDecoder().decode(bytes.subarray(3, 3 + length));
  const frame = bytes.slice(3 + length);
  switch (frame[0]) {
    case CREDIT:
      if (frame.length !== 5) return undefined;
      return { from, kind: 'credit', bytes: new DataView(frame.buffer).getUint32(1) };
    case QUESTION:
      return { from, kind: 'question' };
    default:
      return { from, kind: 'message', frame };
  }
}

export function creditFrame(bytes: number): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(5);
  frame[0] = CREDIT;
  new DataView(frame.buffer).setUint32(1, bytes);
  return frame;
}

export function questionFrame(): Uint8Array<ArrayBuffer> {
  return new Uint8Array([QUESTION]);
}
