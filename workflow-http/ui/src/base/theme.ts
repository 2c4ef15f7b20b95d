/** Switches the theme and remembers the choice; `theme.js` reads it before the first paint. */
export function toggleTheme(): void {
  const root = document.documentElement;
  const next = root.dataset.theme === 'dark' ? 'light' : 'dark';
  root.dataset.theme = next;
  try {
    localStorage.setItem('theme', next);
  } catch {
    // Storage can be forbidden; the choice then lasts as long as the page.
  }
}
