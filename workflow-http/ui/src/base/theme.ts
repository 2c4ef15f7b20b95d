import { writeStored } from './storage';

/** Switches the theme and remembers the choice; `theme.js` reads it before the first paint. */
export function toggleTheme(): void {
  const root = document.documentElement;
  const next = root.dataset.theme === 'dark' ? 'light' : 'dark';
  root.dataset.theme = next;
  writeStored('localStorage', 'theme', next);
}
