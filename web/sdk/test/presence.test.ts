import { describe, expect, it } from 'vitest';
import { Presence } from '../src/presence';

function begin() {
  const presence = new Presence();
  const changes: string[] = [];
  presence.on('change', (id) => changes.push(`${id} ${presence.isAway(id)}`));
  let now = 0;
  /** So many seconds pass in which this is so. */
  const pass = (seconds: number, connected: boolean, heard: boolean) => {
    for (const end = now + seconds * 1_000; now < end; now += 500)
      presence.poll([{ id: 'bob', connected, heard }], now);
  };
  return { presence, changes, pass };
}

describe('who is away', () => {
  it('is who has given no sign for ten seconds', () => {
    const { changes, pass } = begin();
    pass(60, true, false);
    pass(9.5, false, false);
    expect(changes).toEqual([]);
    pass(1, false, false);
    expect(changes).toEqual(['bob true']);
  });

  it('is not whose network was away for nine seconds, nor whose media goes on', () => {
    const { changes, pass } = begin();
    pass(1, true, true);
    pass(9, false, false);
    pass(60, false, true);
    pass(9, false, false);
    pass(1, true, true);
    expect(changes).toEqual([]);
  });

  it('is back with the first sign', () => {
    const { presence, changes, pass } = begin();
    pass(15, false, false);
    presence.handleConnected('bob', false);
    expect(presence.isAway('bob')).toBe(true);
    presence.handleConnected('bob', true);
    pass(15, false, false);
    pass(1, false, true);
    expect(changes).toEqual(['bob true', 'bob false', 'bob true', 'bob false']);
  });

  it('is not who comes anew after having left', () => {
    const { presence, pass } = begin();
    pass(15, false, false);
    presence.forget('bob');
    expect(presence.isAway('bob')).toBe(false);
  });
});
