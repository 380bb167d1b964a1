import { describe, expect, it } from 'vitest';
import { invitation, isLoopback } from '../src/core/invite';
import { webOrigin } from '../src/core/preferences';

describe('an invitation', () => {
  it('leads to where the page was opened', () => {
    expect(invitation('team', 'https://meet.example.org', undefined)).toEqual({
      link: 'https://meet.example.org/r/team',
      shown: 'https://meet.example.org/r/team',
      localOnly: false,
    });
  });

  it('made on the server itself leads to its address in the network', () => {
    expect(invitation('team', 'https://localhost:8443', 'https://192.168.1.5:8443')).toEqual({
      link: 'https://192.168.1.5:8443/r/team',
      shown: 'https://192.168.1.5:8443/r/team',
      localOnly: false,
    });
  });

  it('says that it is good on this computer only when the server has no other address', () => {
    expect(invitation('team', 'https://localhost:8443', undefined).localOnly).toBe(true);
  });

  it('is shown readable and copied as a valid address', () => {
    const { link, shown } = invitation('周会', 'https://meet.example.org', undefined);
    expect(shown).toBe('https://meet.example.org/r/周会');
    expect(link).toBe('https://meet.example.org/r/%E5%91%A8%E4%BC%9A');
    expect(new URL(shown).href).toBe(link);
  });
});

it.each([
  ['localhost', true],
  ['kaigi.localhost', true],
  ['127.0.0.1', true],
  ['127.8.9.1', true],
  ['[::1]', true],
  [new URL('http://[::ffff:127.0.0.1]').hostname, true],
  ['192.168.1.5', false],
  ['127.example.org', false],
  ['localhost.example.org', false],
  ['mylocalhost', false],
  ['[fd00::1]', false],
])('the host %s is loopback: %j', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});

it.each([
  ['https://192.168.1.5:8443', 'https://192.168.1.5:8443'],
  ['https://192.168.1.5:8443/', 'https://192.168.1.5:8443'],
  ['javascript:alert(1)', undefined],
  ['nonsense', undefined],
  [undefined, undefined],
  [7, undefined],
])('%j from the server is the origin %j', (value, origin) => {
  expect(webOrigin(value)).toBe(origin);
});
