// Drafts of answers: they survive other steps and a reload.
import { readStored, writeStored } from '../base/storage';
import type { Value } from './values';

export interface AnswerDraft {
  value: Value;
  /** The answer as JSON, and whether it is edited as JSON. */
  source: string;
  isSource: boolean;
  /** Of an approval: what is being done, and why a call is refused. */
  mode?: 'change' | 'refuse';
  reason?: string;
}

const KEY = 'workflow-answers';
/** The oldest drafts over this number are dropped. */
const MOST = 50;

let drafts: ReadonlyMap<string, AnswerDraft> | undefined;

function all(): ReadonlyMap<string, AnswerDraft> {
  try {
    drafts ??= new Map(JSON.parse(readStored('sessionStorage', KEY) ?? '[]') as [string, AnswerDraft][]);
  } catch {
    drafts ??= new Map();
  }
  return drafts;
}

export const readAnswer = (of: string): AnswerDraft | undefined => all().get(of);

/** `undefined`: it was sent. */
export function writeAnswer(of: string, draft: AnswerDraft | undefined): void {
  const kept = [...all()].filter(([key]) => key !== of).slice(1 - MOST);
  drafts = new Map(draft ? [...kept, [of, draft]] : kept);
  writeStored('sessionStorage', KEY, JSON.stringify([...drafts]));
}
