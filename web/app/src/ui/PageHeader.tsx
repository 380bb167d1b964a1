import { Languages, Monitor, Moon, Sun } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { embedded } from '../core/embedding';
import { setPreferences, usePreferences, type Theme } from '../core/preferences';
import { navigate } from '../core/route';
import { chooseLanguage, languages } from '../i18n';
import { Logo } from './Logo';

/** Name, language and theme: the top of every page but the meeting itself. */
export function PageHeader() {
  if (embedded) return null; // the page around us has its own
  return (
    <header className="page-header">
      <a
        className="brand"
        href="/"
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return;
          event.preventDefault();
          navigate('/');
        }}
      >
        <Logo />
        <span className="brand-name">Kaigi</span>
        <span className="brand-han" lang="zh" aria-hidden="true">
          会议
        </span>
      </a>
      <div className="page-header-tools">
        <LanguageSelect />
        <ThemeSwitch />
      </div>
    </header>
  );
}

export function LanguageSelect() {
  const { t, i18n } = useTranslation();
  return (
    <label className="compact-select">
      <Languages aria-hidden="true" />
      <select
        aria-label={t('common.language')}
        value={i18n.language}
        onChange={(event) => {
          const chosen = languages.find((language) => language.code === event.target.value);
          if (chosen) void chooseLanguage(chosen.code);
        }}
      >
        {languages.map((language) => (
          <option key={language.code} value={language.code} lang={language.code}>
            {language.name}
          </option>
        ))}
      </select>
    </label>
  );
}

const themes: readonly { theme: Theme; Icon: typeof Sun }[] = [
  { theme: 'system', Icon: Monitor },
  { theme: 'light', Icon: Sun },
  { theme: 'dark', Icon: Moon },
];

export function ThemeSwitch() {
  const { t } = useTranslation();
  const chosen = usePreferences().theme ?? 'system';
  return (
    <div className="segmented" role="radiogroup" aria-label={t('common.theme')}>
      {themes.map(({ theme, Icon }) => (
        <label key={theme} title={t(`theme.${theme}`)}>
          <input
            type="radio"
            name="theme"
            className="visually-hidden"
            checked={chosen === theme}
            onChange={() => setPreferences({ theme })}
            aria-label={t(`theme.${theme}`)}
          />
          <Icon aria-hidden="true" />
        </label>
      ))}
    </div>
  );
}
