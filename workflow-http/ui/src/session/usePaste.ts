import { useEffect, useRef } from 'react';
import { scan, withoutWrapping } from '../editor/scan';
import { own } from '../base/ownProperty';
import { toast } from '../parts/Toast';
import { isTyping } from '../base/useKeys';

/** A workflow on the clipboard, pasted anywhere but into a field. */
export function usePaste(take: (text: string) => void): void {
  const current = useRef(take);
  useEffect(() => {
    current.current = take;
  });
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      if (isTyping()) return;
      const text = withoutWrapping(event.clipboardData?.getData('text/plain') ?? '');
      const kind = pastedAs(text);
      if (kind === 'nothing') return;
      event.preventDefault();
      if (kind === 'other') toast('The clipboard has JSON without `nodes`, which is no workflow.');
      else void import('../editor/codemirror').then(({ asPasted }) => current.current(asPasted(text, '', true)));
    };
    document.addEventListener('paste', paste);
    return () => document.removeEventListener('paste', paste);
  }, []);
}

/** A broken workflow is accepted: the editor shows the error. */
export function pastedAs(text: string): 'workflow' | 'other' | 'nothing' {
  if (!/^\s*[[{]/.test(text)) return 'nothing';
  if (scan(text).fault) return text.includes('nodes') ? 'workflow' : 'nothing';
  const value = JSON.parse(text) as unknown;
  // A list of nodes is nearly one.
  const isList = Array.isArray(value) && value.length > 0 && value.every((node) => own(node, 'type') !== undefined);
  return isList || Array.isArray(own(value, 'nodes')) ? 'workflow' : 'other';
}
