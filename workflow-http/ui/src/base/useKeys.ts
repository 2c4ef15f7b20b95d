import { useEffect, useRef } from 'react';
import { own } from './ownProperty';

/** How many dialogs are open: meanwhile a key alone does nothing on the page. */
export const dialogs = { open: 0 };

type Act = () => void;
type Keys = { readonly [key in string]: Act };

/** Ctrl/⌘ and a key, from anywhere on the page, also from inside the editor. */
export function useKeys(keys: Keys): void {
  useShortcuts(keys, ({ ctrlKey, metaKey, altKey, shiftKey, repeat }) => (ctrlKey || metaKey) && !altKey && !shiftKey && !repeat);
}

/** A key alone, unless a person is typing or a dialog is open. */
export function useLetters(keys: Keys): void {
  useShortcuts(
    keys,
    (event) =>
      !event.ctrlKey &&
      !event.metaKey &&
      !event.altKey &&
      !event.defaultPrevented &&
      !isTyping() &&
      dialogs.open === 0 &&
      !(event.key.startsWith('Arrow') && hasArrows()),
    false,
  );
}

/** Whether what has the focus scrolls, or is moved by arrow keys itself. */
const hasArrows = (): boolean => !document.activeElement?.matches('body, button, a, [data-inspector], #steps');

function useShortcuts(keys: Keys, isMeant: (event: KeyboardEvent) => boolean, capture = true): void {
  const current = useRef({ keys, isMeant });
  useEffect(() => {
    current.current = { keys, isMeant };
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { keys, isMeant } = current.current;
      const act = own(keys, event.key) as Act | undefined;
      if (!act || !isMeant(event)) return;
      event.preventDefault();
      event.stopPropagation();
      act();
    };
    // Captured: the editor has its own meaning for some of them. A key alone is first of what has the focus.
    window.addEventListener('keydown', onKey, { capture });
    return () => window.removeEventListener('keydown', onKey, { capture });
  }, [capture]);
}

/** Whether a person is writing somewhere, also in the editor. */
export function isTyping(): boolean {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element?.matches('input, select, textarea, [contenteditable]') ?? false;
}

/** What an arrow key up or down means in a list. */
export const stepOf = (key: string): 1 | -1 | 0 => (key === 'ArrowDown' ? 1 : key === 'ArrowUp' ? -1 : 0);
