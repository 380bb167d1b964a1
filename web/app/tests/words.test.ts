import { expect, it } from 'vitest';
import { browserKind } from '../src/core/browser';
import { connectionQuality, formatBitrate, formatLoss } from '../src/core/format';
import { hueOf, initials } from '../src/core/person';
import { isPreferences } from '../src/core/preferences';

it.each([
  ['Ann', 'A'],
  ['Ann Lee', 'AL'],
  ['ann maria van lee', 'AL'],
  ['王小明', '小明'],
  ['王', '王'],
  ['🦊', '🦊'],
  ['  ', '?'],
])('%j has the initials %j', (name, expected) => {
  expect(initials(name)).toBe(expected);
});

it('a name has one hue everywhere', () => {
  expect(hueOf('Ann')).toBe(hueOf('Ann'));
  expect(hueOf('Ann')).not.toBe(hueOf('Bob'));
  expect(hueOf('王小明')).toBeLessThan(360);
});

it('rates, losses and quality read well', () => {
  expect(formatBitrate(0, 'en')).toBe('0 kbit/s');
  expect(formatBitrate(640_400, 'en')).toBe('640 kbit/s');
  expect(formatBitrate(999_600, 'en')).toBe('1.0 Mbit/s');
  expect(formatBitrate(2_440_000, 'en')).toBe('2.4 Mbit/s');
  expect(formatLoss(0, 'en')).toBe('0%');
  expect(formatLoss(0.004, 'en')).toBe('0.4%');
  expect(formatLoss(0.234, 'en')).toBe('23%');
  expect(connectionQuality({ receiveLoss: 0, sendLoss: 0, roundTripMs: 30 })).toBe(3);
  expect(connectionQuality({ receiveLoss: 0.03, sendLoss: 0 })).toBe(2);
  expect(connectionQuality({ receiveLoss: 0, sendLoss: 0, roundTripMs: 800 })).toBe(1);
});

it.each([
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
    0,
    'chromium',
  ],
  [
    'Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36',
    5,
    'chromiumAndroid',
  ],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0', 0, 'firefox'],
  ['Mozilla/5.0 (Android 16; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0', 5, 'firefoxAndroid'],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15',
    0,
    'safari',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15',
    5,
    'safariIos',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 CriOS/156.0 Mobile/15E148 Safari/604.1',
    5,
    'safariIos',
  ],
  ['curl/8', 0, 'other'],
])('knows the way back in %s', (userAgent, touchPoints, kind) => {
  expect(browserKind(userAgent, touchPoints)).toBe(kind);
});

it('takes only preferences of the right shape', () => {
  expect(isPreferences({ name: 'Ann', lang: 'zh-CN', theme: 'dark' })).toBe(true);
  expect(isPreferences({})).toBe(true);
  expect(isPreferences({ theme: 'pink' })).toBe(false);
  expect(isPreferences(null)).toBe(false);
  expect(isPreferences([])).toBe(false);
});
