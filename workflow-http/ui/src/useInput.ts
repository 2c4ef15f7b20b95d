// What a run is given: as it is written, and as it is sent.
import { useCallback, useEffect, useRef, useState } from 'react';
import { asText } from './words';

export interface Input {
  text: string;
  /** Sent as the string it is, although it would be JSON. */
  isText: boolean;
}

/** The JSON an input would be, if it is an object or a list. */
export function jsonOf(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The value that is sent. */
export function valueOf({ text, isText }: Input): unknown {
  const parsed = isText ? undefined : jsonOf(text);
  return parsed === undefined ? text : parsed;
}

export function useInput(first: Input, isFirstEdited: boolean) {
  const [input, setInput] = useState<Input>(first);
  // What may be replaced without asking, because it is kept elsewhere or nobody wrote it.
  const [safeInput, setSafeInput] = useState(isFirstEdited ? null : first.text);
  const isInputEdited = input.text !== safeInput;
  const latest = useRef({ input, isInputEdited });
  useEffect(() => {
    latest.current = { input, isInputEdited };
  });

  const putInput = useCallback((value: unknown) => {
    const next = asText(value);
    setInput({ text: next, isText: typeof value === 'string' });
    setSafeInput(next);
  }, []);
  /** Whether somebody wrote an input that is not this one. */
  const keepsInput = useCallback((value: unknown) => latest.current.isInputEdited && latest.current.input.text !== asText(value), []);
  const inputIsSafe = useCallback(() => setSafeInput(latest.current.input.text), []);
  return { input, setInput, isInputEdited, putInput, keepsInput, inputIsSafe };
}
