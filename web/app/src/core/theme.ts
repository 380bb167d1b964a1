import { currentPreferences, onPreferences } from './preferences';

/** Keeps `data-theme` of the page current; `boot.js` set it before the first paint. */
export function followTheme(): void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    const theme = currentPreferences().theme ?? 'system';
    const dark = theme === 'dark' || (theme === 'system' && system.matches);
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    document.querySelector('meta[name="theme-color"]')?.setAttribute('content', dark ? '#12151a' : '#f5f3ee');
  };
  apply();
  onPreferences(apply);
  system.addEventListener('change', apply);
}
