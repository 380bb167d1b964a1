import { expect, it, vi } from 'vitest';
import { parseQuery, parseRoute, roomFromInput, roomPath } from '../src/core/route';

it.each([
  ['/', { page: 'landing' }],
  ['/r/', { page: 'landing' }],
  ['/r/team', { page: 'room', room: 'team' }],
  ['/r/team/', { page: 'room', room: 'team' }],
  ['/r/team//', { page: 'room', room: 'team' }],
  ['/r/a/b', { page: 'landing' }],
  ['/r/%E4%BC%9A%E8%AE%AE', { page: 'room', room: '会议' }],
  ['/r/100%25', { page: 'room', room: '100%' }],
  ['/r/100%', { page: 'room', room: '100%' }],
  ['/other', { page: 'landing' }],
  ['/test', { page: 'test' }],
  ['/test/', { page: 'test' }],
  ['/testing', { page: 'landing' }],
])('the path %s is %j', (path, route) => {
  expect(parseRoute(path)).toEqual(route);
});

it('a room path leads back to the room', () => {
  for (const room of ['team', '会议 室', 'a/b', '50%'])
    expect(parseRoute(roomPath(room))).toEqual({ page: 'room', room });
});

it.each([
  ['', { name: undefined, join: false, mic: undefined, cam: undefined, lang: undefined, embed: false }],
  [
    '?name=Ann+Lee&join=1&mic=0&cam=1&lang=zh-CN',
    { name: 'Ann Lee', join: true, mic: false, cam: true, lang: 'zh-CN', embed: false },
  ],
  [
    '?name=%20&join=0&mic=x',
    { name: undefined, join: false, mic: undefined, cam: undefined, lang: undefined, embed: false },
  ],
])('the query %j asks for %j', (search, query) => {
  expect(parseQuery(search)).toEqual(query);
});

it.each([
  [' team ', 'team'],
  ['https://meet.example.org/r/calm-river?lang=en', 'calm-river'],
  ['meet.example.org:8443/r/%E4%BC%9A', '会'],
  ['https://elsewhere.example/r/team/?name=Ann#x', 'team'],
  ['/r/team', 'team'],
  ['Video meeting: team\nhttps://meet.example.org/r/team?lang=en', 'team'],
  ['http://localhost:8443/r/周会', '周会'],
  ['https://meet.example.org/other', 'https://meet.example.org/other'],
  ['a/b?c', 'a/b?c'],
  ['a b', 'a b'],
  ['', ''],
])('%j typed means the room %j', (input, room) => {
  expect(roomFromInput(input)).toBe(room);
});

it('a room opened with a slash at the end has the address without it', async () => {
  history.replaceState(null, '', '/r/team/?lang=en#x');
  vi.resetModules();
  await import('../src/core/route');
  expect(location.pathname + location.search + location.hash).toBe('/r/team?lang=en#x');
  history.replaceState(null, '', '/');
});
