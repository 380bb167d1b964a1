/** What two clients say about one file, in data messages with the topic `FILE_TOPIC`. */

export const DIGEST_BYTES = 32;

/** Why a sender has nothing to give (any more). */
export const REASONS = ['gone', 'changed', 'withdrawn'] as const;
export type Reason = (typeof REASONS)[number];

export type FileMessage =
  /** Send from `offset` on, up to `limit`; `round` counts how often this was asked. */
  | { kind: 'get'; key: string; round: number; offset: number; limit: number }
  /** So much is stored; send up to `limit`. */
  | { kind: 'more'; key: string; stored: number; limit: number }
  | { kind: 'chunk'; key: string; round: number; offset: number; bytes: Uint8Array }
  /** That was all, and this is the SHA-256 of it. */
  | { kind: 'end'; key: string; digest: Uint8Array }
  /** All has arrived and is what it should be. */
  | { kind: 'done'; key: string }
  /** The receiver wants no more of it. */
  | { kind: 'stop'; key: string }
  /** There is nothing to get. */
  | { kind: 'none'; key: string; reason: Reason }
  /** Others come first. */
  | { kind: 'wait'; key: string };

const KINDS = ['get', 'more', 'chunk', 'end', 'done', 'stop', 'none', 'wait'] as const;

/** Kind (1 byte), length of the key (1 byte), key, then what the kind has, numbers the highest byte first. */
export function encode(message: FileMessage): Uint8Array<ArrayBuffer> {
  const key = new TextEncoder().encode(message.key);
  const body = bodyOf(message);
  const bytes = new Uint8Array(2 + key.length + body.length);
  bytes.set([KINDS.indexOf(message.kind), key.length]);
  bytes.set(key, 2);
  bytes.set(body, 2 + key.length);
  return bytes;
}

/** Reads what a participant sent; `undefined` for anything that is not a message about a file. */
export function decode(bytes: Uint8Array): FileMessage | undefined {
  const [number = KINDS.length, length = 0] = bytes;
  const kind = KINDS[number];
  if (!kind || length === 0 || bytes.length < 2 + length) return undefined;
  const key = new TextDecoder().decode(bytes.subarray(2, 2 + length));
  const body = bytes.subarray(2 + length);
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const positions = (...at: number[]) => at.map((offset) => view.getFloat64(offset));
  switch (kind) {
    case 'get': {
      if (body.length !== 20) return undefined;
      const [offset = NaN, limit = NaN] = positions(4, 12);
      return isPosition(offset) && isPosition(limit)
        ? { kind, key, round: view.getUint32(0), offset, limit }
        : undefined;
    }
    case 'more': {
      if (body.length !== 16) return undefined;
      const [stored = NaN, limit = NaN] = positions(0, 8);
      return isPosition(stored) && isPosition(limit) ? { kind, key, stored, limit } : undefined;
    }
    case 'chunk': {
      if (body.length <= 12) return undefined;
      const [offset = NaN] = positions(4);
      return isPosition(offset)
        ? { kind, key, round: view.getUint32(0), offset, bytes: body.subarray(12) }
        : undefined;
    }
    case 'end':
      return body.length === DIGEST_BYTES ? { kind, key, digest: body } : undefined;
    case 'none': {
      const reason = REASONS[body[0] ?? REASONS.length];
      return reason && { kind, key, reason };
    }
    default:
      return { kind, key };
  }
}

function bodyOf(message: FileMessage): Uint8Array {
  switch (message.kind) {
    case 'get':
      return numbers(message.round, message.offset, message.limit);
    case 'more':
      return numbers(undefined, message.stored, message.limit);
    case 'chunk': {
      const head = numbers(message.round, message.offset);
      const body = new Uint8Array(head.length + message.bytes.length);
      body.set(head);
      body.set(message.bytes, head.length);
      return body;
    }
    case 'end':
      return message.digest;
    case 'none':
      return new Uint8Array([REASONS.indexOf(message.reason)]);
    default:
      return new Uint8Array();
  }
}

/** A round in four bytes, if any, and positions in a file in eight each (IEEE 754: exact up to 8 PiB). */
function numbers(round: number | undefined, ...positions: number[]): Uint8Array {
  const head = round === undefined ? 0 : 4;
  const bytes = new Uint8Array(head + 8 * positions.length);
  const view = new DataView(bytes.buffer);
  if (round !== undefined) view.setUint32(0, round);
  positions.forEach((position, index) => view.setFloat64(head + 8 * index, position));
  return bytes;
}

function isPosition(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
