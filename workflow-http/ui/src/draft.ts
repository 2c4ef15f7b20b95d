// What a reload must not lose: the text and the input of this tab, and the run that was followed in it.
import type { Input } from './useInput';
import type { Saved } from './useText';

export interface Draft {
  text: string;
  input: Input;
  /** Whether the page is the only one that has it. */
  isTextEdited: boolean;
  isInputEdited: boolean;
  runId: string | null;
  /** The workflow that the text is a version of, or was before it was edited. */
  saved: Saved | null;
}

const KEY = 'workflow-draft';

export function readDraft(): Draft | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Draft | null;
  } catch {
    return null;
  }
}

export function writeDraft(draft: Draft): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(draft));
  } catch {
    // Storage can be forbidden or full; the text then lasts as long as the page.
  }
}
