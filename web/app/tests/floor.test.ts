import { expect, it } from 'vitest';
import { listen, nextLook, silence } from '../src/meeting/floor';

it('the floor is taken by who has spoken for a while, not by a cough', () => {
  const cough = listen(silence, ['ann'], 0);
  expect(cough.speaker).toBeUndefined();
  expect(nextLook(cough)).toBe(800);
  expect(listen(cough, [], 300).speaker).toBeUndefined();
  expect(nextLook(listen(cough, [], 300))).toBeUndefined();
  expect(listen(cough, ['ann'], 800).speaker).toBe('ann');
});

it('who has the floor keeps it in silence, and while others talk in', () => {
  let floor = listen(listen(silence, ['ann'], 0), ['ann'], 800);
  floor = listen(floor, ['ann', 'bob'], 1_000);
  expect(listen(floor, ['ann', 'bob'], 9_000).speaker).toBe('ann');
  expect(listen(floor, [], 2_000).speaker).toBe('ann');
});

it('the one who began first follows, and the list of speakers has each once', () => {
  let floor = listen(listen(silence, ['ann'], 0), ['ann'], 800);
  floor = listen(floor, ['ann', 'bob', 'cy'], 1_000);
  floor = listen(floor, ['bob', 'cy'], 3_000);
  expect(floor.speaker).toBe('bob');
  floor = listen(listen(floor, ['ann'], 4_000), ['ann'], 4_800);
  expect(floor.recent).toEqual(['ann', 'bob']);
});
