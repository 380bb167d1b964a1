import i18next from 'i18next';
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { initReactI18next } from 'react-i18next';
import { expect, it, vi } from 'vitest';
import chinese from '../src/i18n/zh-CN';
import en from '../src/i18n/en';

const sources = import.meta.glob<string>('../src/**/*.tsx', {
  query: '?raw',
  import: 'default',
  eager: true,
});
/** Every single key the code listens for by `useShortcuts`. */
const keys = Object.values(sources)
  .filter((source) => source.includes('useShortcuts('))
  .flatMap((source) => [...source.matchAll(/\{ key: '(.)', run/g)].map(([, key = '']) => key.toUpperCase()));

it.each(['en', 'zh-CN'])('the help sheet lists every shortcut there is (%s)', async (lng) => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  await i18next.use(initReactI18next).init({
    lng,
    resources: { en: { translation: en }, 'zh-CN': { translation: chinese } },
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false },
  });
  const { default: ShortcutsDialog } = await import('../src/meeting/dialogs/ShortcutsDialog');
  const { default: voiceEn } = await import('../src/voice/texts/en');
  const { default: voiceChinese } = await import('../src/voice/texts/zh-CN');
  i18next.addResourceBundle('en', 'voice', voiceEn);
  i18next.addResourceBundle('zh-CN', 'voice', voiceChinese);
  const root = createRoot(document.body.appendChild(document.createElement('div')));
  await act(async () => root.render(<ShortcutsDialog onClose={() => undefined} />));
  const listed = [...document.querySelectorAll('kbd')].map(({ textContent }) => textContent);
  expect(keys.length).toBeGreaterThan(8);
  expect(keys.filter((key) => !listed.includes(key))).toEqual([]);
  expect(listed).toContain(lng === 'en' ? 'Space' : '空格');
  // No text is its own key: all are there in this language.
  expect(document.body.textContent).not.toMatch(/(?:keys|shortcuts)\.[a-z]/);
  await act(async () => root.unmount());
});
