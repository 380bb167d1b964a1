import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { currentPreferences, onPreferences, setPreferences, type Language } from '../core/preferences';
import { parseQuery } from '../core/route';
import en from './en';

export const languages: readonly { code: Language; name: string }[] = [
  { code: 'en', name: 'English' },
  { code: 'zh-CN', name: '简体中文' },
];

/** The language to start with: the address, then what was chosen before, then the browser's. */
export function detectLanguage(
  asked: string | undefined,
  chosen: Language | undefined,
  browser: readonly string[],
): Language {
  if (asked !== undefined) return match(asked) ?? chosen ?? 'en';
  if (chosen !== undefined) return chosen;
  for (const language of browser) {
    const found = match(language);
    if (found) return found;
  }
  return 'en';
}

function match(tag: string): Language | undefined {
  const lower = tag.toLowerCase();
  if (lower === 'zh' || lower.startsWith('zh-')) return 'zh-CN';
  return lower === 'en' || lower.startsWith('en-') ? 'en' : undefined;
}

export async function startLanguage(): Promise<void> {
  const asked = parseQuery(location.search).lang;
  const language = detectLanguage(asked, currentPreferences().lang, navigator.languages);
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    resources: { en: { translation: en } },
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false },
    partialBundledLanguages: true,
  });
  await show(language);
  // The server's cookie may know better than this browser, unless the address asked.
  onPreferences(() => {
    const chosen = currentPreferences().lang;
    if (chosen !== undefined && asked === undefined && chosen !== i18next.language) void show(chosen);
  });
}

export async function chooseLanguage(language: Language): Promise<void> {
  setPreferences({ lang: language });
  await show(language);
}

async function show(language: Language): Promise<void> {
  if (language === 'zh-CN' && !i18next.hasResourceBundle('zh-CN', 'translation')) {
    try {
      const { default: chinese } = await import('./zh-CN');
      i18next.addResourceBundle('zh-CN', 'translation', chinese);
    } catch {
      // The server is away just now: go on in the language that is here.
      return;
    }
  }
  if (i18next.language !== language) await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}
