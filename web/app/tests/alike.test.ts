import { expect, it } from 'vitest';
import { alike, sameMap } from '../src/core/alike';

it('objects are alike that have the same members', () => {
  expect(alike({ a: 1, b: undefined }, { a: 1, b: undefined })).toBe(true);
  expect(alike({ a: 1 }, { a: 2 })).toBe(false);
  expect(alike<{ a: number; b?: number }>({ a: 1 }, { a: 1, b: 2 })).toBe(false);
  expect(alike<{ a?: number; b?: number }>({ a: undefined }, { b: undefined })).toBe(false);
  expect(alike({ list: [1] }, { list: [1] })).toBe(false);
  expect(alike(undefined, undefined)).toBe(true);
  expect(alike(undefined, {})).toBe(false);
});

it('maps are the same that hold the same', () => {
  const map = (...entries: [string, number][]) => new Map(entries);
  expect(sameMap(map(['a', 1], ['b', 2]), map(['b', 2], ['a', 1]))).toBe(true);
  expect(sameMap(map(['a', 1]), map(['a', 2]))).toBe(false);
  expect(sameMap(map(['a', 1]), map(['b', 1]))).toBe(false);
  expect(sameMap(map(['a', 1]), map())).toBe(false);
});
