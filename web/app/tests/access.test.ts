import { describe, expect, it } from 'vitest';
import { accessToken, nameInToken } from '../src/core/access';

const encoded = (claims: unknown) => {
  const bytes = new TextEncoder().encode(JSON.stringify(claims));
  const text = btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_');
  return `h.${text.replace(/=+$/, '')}.s`;
};

describe('an access token in the address', () => {
  it('stands behind the #', () => {
    expect(accessToken('#token=a.b.c')).toBe('a.b.c');
    expect(accessToken('#other=1&token=a.b.c')).toBe('a.b.c');
    expect(accessToken('#token=')).toBeUndefined();
    expect(accessToken('')).toBeUndefined();
  });

  it('may set the name, in any script', () => {
    expect(nameInToken(encoded({ name: ' 李雷 ' }))).toBe('李雷');
    for (const broken of [
      undefined,
      '',
      'a',
      'a.b',
      'a.!!.c',
      encoded({}),
      encoded({ name: 7 }),
      encoded(null),
    ])
      expect(nameInToken(broken)).toBeUndefined();
  });
});
