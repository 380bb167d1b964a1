import { describe, expect, it } from 'vitest';
import { safeFileName } from '../src/files/file-name';
import { decode, encode } from '../src/files/messages';
import type { FileMessage } from '../src/files/messages';
import { Rate } from '../src/files/rate';
import { Sha256 } from '../src/files/sha256';
import { LIMITS } from '../src/wire.gen';
import { content } from './fakes/file-network';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const text = (value: string) => new TextEncoder().encode(value);

describe('SHA-256', () => {
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ])('of the vectors of FIPS 180-4 is right (%#)', (message, digest) => {
    expect(hex(new Sha256().update(text(message)).digest())).toBe(digest);
  });

  it('of every length around a block, in pieces of every size, is what WebCrypto says', async () => {
    const data = content(400);
    for (let length = 0; length <= 200; length++) {
      const hash = new Sha256();
      for (let at = 0, piece = 1; at < length; at += piece, piece = (piece * 7) % 97) {
        hash.update(data.subarray(at, Math.min(length, at + piece)));
      }
      const expected = new Uint8Array(await crypto.subtle.digest('SHA-256', data.subarray(0, length)));
      expect(hex(hash.digest()), `${length} bytes`).toBe(hex(expected));
    }
  });
});

describe('a file name', () => {
  it.each([
    ['plain.txt', 'plain.txt'],
    ['C:\\Users\\ann\\notes.txt', 'notes.txt'],
    ['/etc/passwd', 'passwd'],
    ['..', 'file'],
    ['', 'file'],
    ['.bashrc', 'bashrc'],
    ['dir/', 'file'],
    ['evil\u202Egpj.exe', 'evilgpj.exe'],
    ['a\u0000b\nc.txt', 'abc.txt'],
    ['a:b*c?.txt. ', 'a_b_c_.txt'],
    ['会议 记录.pdf', '会议 记录.pdf'],
  ])('%j is saved as %j', (name, safe) => expect(safeFileName(name)).toBe(safe));

  it('that is too long keeps its ending', () => {
    for (const stem of ['x'.repeat(2_000), '会'.repeat(500), '🙂'.repeat(400)]) {
      const safe = safeFileName(`${stem}.tar`);
      expect(text(safe).length).toBeLessThanOrEqual(LIMITS.fileNameBytes);
      expect(text(safe).length).toBeGreaterThan(LIMITS.fileNameBytes - 8);
      expect(safe.endsWith('.tar')).toBe(true);
      expect(safe).not.toContain('\ufffd');
    }
  });
});

describe('a message about a file', () => {
  it.each<FileMessage>([
    { kind: 'get', key: 'k', round: 7, offset: 2 ** 40, limit: 2 ** 41 },
    { kind: 'more', key: 'k', stored: 3, limit: 5 },
    { kind: 'chunk', key: 'k', round: 1, offset: 0, bytes: new Uint8Array([1, 2, 3]) },
    { kind: 'end', key: 'k', digest: new Uint8Array(32) },
    { kind: 'done', key: 'k' },
    { kind: 'stop', key: 'k' },
    { kind: 'none', key: 'k', reason: 'withdrawn' },
    { kind: 'wait', key: 'k' },
  ])('is read as it was written: $kind', (message) => expect(decode(encode(message))).toEqual(message));

  it('that is cut short, or has a position that is none, is none', () => {
    const get = encode({ kind: 'get', key: 'key', round: 1, offset: 1, limit: 2 });
    for (let length = 0; length < get.length; length++) expect(decode(get.slice(0, length))).toBeUndefined();
    for (const offset of [-1, NaN, Infinity, 0.5, 2 ** 60]) {
      expect(decode(encode({ kind: 'get', key: 'key', round: 1, offset, limit: 2 }))).toBeUndefined();
      expect(
        decode(encode({ kind: 'chunk', key: 'key', round: 1, offset, bytes: new Uint8Array(1) })),
      ).toBeUndefined();
    }
    expect(decode(new Uint8Array([0, 0]))).toBeUndefined();
    expect(decode(new Uint8Array([99, 1, 65]))).toBeUndefined();
    expect(decode(new Uint8Array([6, 1, 65, 9]))).toBeUndefined();
  });
});

describe('the rate', () => {
  it('follows what comes, without jumping', () => {
    const rate = new Rate();
    expect(rate.perSecond).toBe(0);
    rate.restart(1_000, 0);
    rate.sample(2_000, 1_000);
    expect(rate.perSecond).toBe(1_000);
    rate.sample(2_000, 2_000);
    expect(rate.perSecond).toBe(700);
  });
});
