// What a reload must not lose: the text and the input of this tab, and the run that was followed in it.
import type { Input, Inputs } from './useInput';
import type { Kept } from './useText';

export interface Draft extends Kept {
  input: Input;
  isInputEdited: boolean;
  runId: string | null;
  /** Inputs of other workflows. */
  inputs: Inputs;
  /** A new workflow that was left before it was stored. */
  left: Kept | null;
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
