import { describe, expect, it } from 'vitest';
import testEn from '../src/connection-test/texts/en';
import testChinese from '../src/connection-test/texts/zh-CN';
import hostingEn from '../src/hosting/texts/en';
import hostingChinese from '../src/hosting/texts/zh-CN';
import { detectLanguage } from '../src/i18n';
import en from '../src/i18n/en';
import chinese from '../src/i18n/zh-CN';

const files = import.meta.glob<string>(['../src/**/*.{ts,tsx}', '!../src/i18n/**', '!../src/**/texts/**'], {
  query: '?raw',
  import: 'default',
  eager: true,
});
const code = Object.values(files).join('\n');

const texts: Record<string, string> = { ...en, ...testEn, ...hostingEn };
const translated: Record<string, string> = { ...chinese, ...testChinese, ...hostingChinese };
/** Chinese has one plural form: `_other` stands for all of English's. */
const withoutPlural = (key: string) => key.replace(/_(?:one|other)$/, '');
const unique = (keys: string[]) => [...new Set(keys)].sort();
const placeholders = (text: string) =>
  unique([...text.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map((match) => match[1] ?? ''));

/** Keys the code asks for: plain ones, and patterns of those it puts together. */
const called = [...code.matchAll(/['"]([a-z]+[A-Za-z]*(?:\.[A-Za-z]+)+)['"]/g)].map(
  (match) => match[1] ?? '',
);
const patterns = [...code.matchAll(/\bt\(\s*`([^`]+)`/g)].map((match) => {
  const pieces = (match[1] ?? '')
    .split(/\$\{(?:[^{}]|\{[^}]*\})*\}/)
    .map((piece) => piece.replaceAll('.', '\\.'));
  return new RegExp(`^${pieces.join('[A-Za-z-]+')}$`);
});
const keys = unique(Object.keys(texts).map(withoutPlural));

describe('every language', () => {
  it('has the same keys', () => {
    expect(unique(Object.keys(translated).map(withoutPlural))).toEqual(keys);
  });

  it('has both plural forms in English and one in Chinese', () => {
    for (const key of Object.keys(texts)) {
      if (key.endsWith('_one')) expect(texts, key).toHaveProperty([key.replace(/_one$/, '_other')]);
    }
    expect(Object.keys(translated).filter((key) => key.endsWith('_one'))).toEqual([]);
  });

  it('has the same placeholders', () => {
    for (const [key, text] of Object.entries(translated))
      expect(placeholders(text), key).toEqual(placeholders(texts[key] ?? ''));
  });

  it('says something, without stray white space', () => {
    for (const [key, text] of [...Object.entries(texts), ...Object.entries(translated)]) {
      expect(text.trim(), key).not.toBe('');
      expect(text, key).toBe(text.trim());
    }
  });

  it('is really translated', () => {
    const alike = Object.keys(translated).filter((key) => translated[key] === texts[key]);
    expect(alike).toEqual(['connection.websocket']);
  });
});

describe('the code', () => {
  it('asks for no key that is missing', () => {
    const asked = [...code.matchAll(/\bt\(\s*['"]([^'"]+)['"]/g)].map((match) => match[1] ?? '');
    expect(unique(asked).filter((key) => !keys.includes(key))).toEqual([]);
  });

  it('uses every key', () => {
    const unused = keys.filter(
      (key) => !called.includes(key) && !patterns.some((pattern) => pattern.test(key)),
    );
    expect(unused).toEqual([]);
  });
});

describe('the language', () => {
  it('is what the address asks for', () => expect(detectLanguage('zh-CN', 'en', ['en'])).toBe('zh-CN'));
  it('is otherwise what was chosen', () => expect(detectLanguage(undefined, 'en', ['zh-CN'])).toBe('en'));
  it("is otherwise the browser's first that we have", () =>
    expect(detectLanguage(undefined, undefined, ['fr', 'zh-TW', 'en'])).toBe('zh-CN'));
  it('is English otherwise', () => expect(detectLanguage('xx', undefined, ['fr'])).toBe('en'));
});
