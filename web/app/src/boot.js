// Runs before the first paint (a blocking script, not a module), so that a chosen theme never flashes.
// Kept tiny and free of imports; src/core/theme.ts takes over once the application runs.
(function () {
  var theme = 'system';
  try {
    theme = JSON.parse(localStorage.getItem('kaigi.preferences') || '{}').theme || 'system';
  } catch {
    // Storage may be forbidden; the system's theme is a fine answer.
  }
  var dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
})();
