// The draft that survives a reload: the text and the input of this tab, and the run that it follows.
import { readStored, writeStored } from '../base/storage';
import type { Input, Inputs } from './useInput';
import type { DraftText } from './useText';

export interface Draft extends DraftText {
  input: Input;
  isInputEdited: boolean;
  runId: string | null;
  /** Inputs of other workflows. */
  inputs: Inputs;
  /** A new workflow that was left before it was stored. */
  left: DraftText | null;
}

const KEY = 'workflow-draft';

export function readDraft(): Draft | null {
  try {
    return JSON.parse(readStored('sessionStorage', KEY) ?? 'null') as Draft | null;
  } catch {
    return null;
  }
}

export const writeDraft = (draft: Draft): void => writeStored('sessionStorage', KEY, JSON.stringify(draft));
