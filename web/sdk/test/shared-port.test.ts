import { describe, expect, it } from 'vitest';
import { needsRelay, without } from '../src/routed/shared-port';

const line = (address: string, port: number, transport = 'udp', preference = 126) =>
  `a=candidate:1 1 ${transport} ${preference * 2 ** 24 + 65_535} ${address} ${port} typ host\r\n`;
const WAY_FOR_RELAYS = line('192.168.1.5', 29_479, 'udp', 1);

const SHARED = ['stun:k:1', 'turn:k:1?transport=udp'];

describe('STUN and TURN on the port that media comes from', () => {
  it('are left out over UDP; other ways and other servers stay', () => {
    const [username, credential] = ['u', 'c'];
    const urls = ['turn:k:1?transport=udp', 'turn:k:1?transport=tcp'];
    const servers = [
      { urls: 'stun:k:1' },
      { urls, username, credential },
      { urls: 'turn:other:1?transport=udp', username, credential },
    ];
    expect(without(servers, SHARED)).toEqual([
      { urls: ['turn:k:1?transport=tcp'], username, credential },
      { urls: ['turn:other:1?transport=udp'], username, credential },
    ]);
    expect(without([{ urls: 'turn:k:1?transport=udp' }], SHARED)).toEqual([]);
  });

  it.each([
    ['a high port', line('192.168.1.5', 8443), false],
    ['443 in public', line('203.0.113.1', 443) + WAY_FOR_RELAYS, false],
    ['443 in public, IPv6', line('2001:db8::1', 443) + WAY_FOR_RELAYS, false],
    ['443 in a private network', line('192.168.1.5', 443) + line('fd00::1', 443) + WAY_FOR_RELAYS, true],
    ['another low port', line('203.0.113.1', 500) + WAY_FOR_RELAYS, true],
    ['TCP alone', line('203.0.113.1', 443, 'tcp') + WAY_FOR_RELAYS, true],
  ])('are needed where browsers use no other candidate: %s', (_, candidates, needed) => {
    expect(needsRelay(`v=0\r\n${candidates}`)).toBe(needed);
  });
});
