// Storage can be forbidden or full: a value then lasts as long as the page. `localStorage` is for preferences, `sessionStorage` for
// the state of one tab.
type Kind = 'localStorage' | 'sessionStorage';

export function readStored(kind: Kind, key: string): string | null {
  try {
    return window[kind].getItem(key);
  } catch {
    return null;
  }
}

/** `null` removes the value. */
export function writeStored(kind: Kind, key: string, value: string | null): void {
  try {
    if (value === null) window[kind].removeItem(key);
    else window[kind].setItem(key, value);
  } catch {
    // Nothing reads it back then.
  }
}
