// The input of a run, as text and as the value to send. Each workflow has its own input.
import { useCallback, useEffect, useRef, useState } from 'react';
import { positionOf, scan } from '../editor/scan';
import { asText } from '../base/format';

export interface Input {
  text: string;
  /** How it is sent. Without it: as JSON if it is an object or a list, else as text. */
  as?: 'text' | 'json';
}

/** The JSON an input would be, if it is an object or a list. */
export function jsonOf(text: string): unknown {
  return looksLikeJson(text) ? parsed(text) : undefined;
}

const looksLikeJson = (text: string): boolean => /^\s*[[{]/.test(text);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export const kindOf = ({ text, as }: Input): 'text' | 'json' => as ?? (jsonOf(text) === undefined ? 'text' : 'json');

/** The value to send, or `undefined` if it is not valid JSON but has to be. */
export const inputValue = (input: Input): unknown => (kindOf(input) === 'text' ? input.text : parsed(input.text));

/** The syntax error of an input that is JSON, or looks like it. */
export function jsonFaultOf({ text, as }: Input): string | undefined {
  if (as === 'text' || (as === undefined && !looksLikeJson(text))) return undefined;
  const { fault } = scan(text);
  if (!fault) return undefined;
  if (text.trim() === '') return 'The input is empty.';
  const { line, column } = positionOf(text, Math.min(fault.at, text.trimEnd().length));
  return `Not JSON at line ${line}, column ${column}: ${fault.detail}`;
}

/** The input that is sent as this value. */
export function inputOf(value: unknown): Input {
  const text = asText(value);
  if (typeof value === 'string') return looksLikeJson(text) ? { text, as: 'text' } : { text };
  return typeof value === 'object' && value !== null ? { text } : { text, as: 'json' };
}

export interface DraftInput {
  input: Input;
  isInputEdited: boolean;
}

/** Inputs of other workflows, by the id of the workflow; `NEW` for a workflow that has none yet. */
export type Inputs = [id: string, kept: DraftInput][];

export const NEW = 'new';
/** The oldest inputs over this number are dropped. */
const MOST = 30;

export function useInput(first: Input, isFirstEdited: boolean, others: Inputs) {
  const [input, set] = useState<Input>(first);
  // What may be replaced without asking, because it is stored elsewhere or was not typed.
  const [safe, setSafe] = useState(isFirstEdited ? null : first.text);
  /** Counts how often the input became that of another workflow. */
  const [turn, setTurn] = useState(0);
  const isInputEdited = input.text !== safe;
  const latest = useRef({ input, isInputEdited });
  useEffect(() => {
    latest.current = { input, isInputEdited };
  });
  const shelf = useRef(new Map(others));

  const fill = useCallback((next: Input, isEdited = false) => {
    latest.current = { input: next, isInputEdited: isEdited };
    set(next);
    setSafe(isEdited ? null : next.text);
  }, []);
  const putInput = useCallback((value: unknown) => fill(inputOf(value)), [fill]);
  /** Stores the input of one workflow and shows that of another: the one it had, or `otherwise`. */
  const swapInput = useCallback(
    (from: string, to: string, otherwise: Input = { text: '' }) => {
      if (from === to) return;
      shelf.current.delete(from);
      shelf.current.set(from, latest.current);
      const { input, isInputEdited } = shelf.current.get(to) ?? { input: otherwise, isInputEdited: false };
      shelf.current.delete(to);
      fill(input, isInputEdited);
      setTurn((turn) => turn + 1);
    },
    [fill],
  );
  const forgetInput = useCallback((of: string) => void shelf.current.delete(of), []);
  const otherInputs = useCallback((): Inputs => [...shelf.current].slice(-MOST), []);
  /** Whether a person typed another input than this one. */
  const hasOtherInput = useCallback((value: unknown) => latest.current.isInputEdited && latest.current.input.text !== asText(value), []);
  const currentInput = useCallback(() => latest.current, []);
  const inputIsSafe = useCallback(() => setSafe(latest.current.input.text), []);
  return {
    input,
    turn,
    setInput: set,
    fillInput: fill,
    isInputEdited,
    putInput,
    swapInput,
    forgetInput,
    otherInputs,
    hasOtherInput,
    currentInput,
    inputIsSafe,
  };
}
