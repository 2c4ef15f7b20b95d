// The input of a run as a form. The JSON text stays what is kept and sent; this is a view of it.
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import type { Fault } from '../api/types';
import { FIRST_INPUT } from '../first';
import { Button } from '../parts/Button';
import type { Input } from '../useInput';
import { asText } from '../words';
import { formOf, isObject, type Field } from './fields';
import { Form } from './Form';
import { initialOf, jsonOf, MISSING, valueFrom, type Value } from './values';

interface Props {
  /** Of what the workflow wants, if it says so. */
  schema: unknown;
  input: Input;
  /** Of the server. */
  faults: Fault[];
  onInput: (input: Input) => void;
  /** The input as it is written, with the way back to the form if there is one. */
  source: (toForm?: ReactNode) => ReactNode;
}

export function InputForm({ schema, input, faults, onInput, source }: Props) {
  const form = useForm(schema);
  const [isSource, setSource] = useState(false);
  /** What a form was before anybody filled it in: perhaps that of another workflow. */
  const [blank, setBlank] = useState<string>();
  const isBlank = input.text === blank;
  // What nobody wrote makes place for what the workflow asks for.
  const isUnwritten = isBlank || input.text.trim() === '' || input.text === FIRST_INPUT;
  useEffect(() => {
    const next = form ? blankText(form) : isBlank ? '' : undefined;
    if (isSource || !isUnwritten || next === undefined || (isBlank && next === blank)) return;
    setBlank(form ? next : undefined);
    onInput({ text: next, isText: false });
  }, [form, isSource, isUnwritten, isBlank, blank, onInput]);

  if (!form || input.isText || !fits(form, input.text)) return source();
  if (isSource) return source(<Switch word="As form" onPress={() => setSource(false)} />);
  return (
    <>
      <div className="flex min-h-7 items-center gap-2">
        <h3 className="flex-1 font-bold">Input</h3>
        <Switch word="As JSON" onPress={() => setSource(true)} />
      </div>
      <Filled form={form} text={input.text} faults={faults} onText={(text) => onInput({ text, isText: false })} />
    </>
  );
}

const Switch = ({ word, onPress }: { word: string; onPress: () => void }) => (
  <Button look="quiet" size="small" onClick={onPress}>
    {word}
  </Button>
);

/** The same form until the schema says something else. A single text needs none. */
function useForm(schema: unknown): Field | null {
  const written = JSON.stringify(schema ?? null);
  return useMemo(() => {
    const form = formOf(JSON.parse(written));
    return form?.kind === 'group' || form?.kind === 'list' ? { ...form, label: 'Input' } : null;
  }, [written]);
}

interface FilledProps {
  form: Field;
  text: string;
  faults: Fault[];
  onText: (text: string) => void;
}

function Filled({ form, text, faults, onText }: FilledProps) {
  const [shown, setShown] = useState<{ form: Field; text: string; value: Value } | null>(null);
  // A text from elsewhere is shown anew; one that was made here is known already.
  const now = shown?.text === text && shown.form === form ? shown : { form, text, value: valueFrom(form, parsed(text)) };
  const change = (value: Value) => {
    const text = textOf(form, value);
    setShown({ form, text, value });
    onText(text);
  };
  const own = jsonOf(form, now.value).faults.filter(({ code }) => code !== MISSING);
  return (
    <div className="grid gap-3.5 pt-1">
      <Form form={form} value={now.value} faults={[...own, ...faults]} onChange={change} />
    </div>
  );
}

/** The text of a form in which nothing is filled in. */
export const blankText = (form: Field): string => textOf(form, initialOf(form));

/** Whether the form shows all that the text says. */
export function fits(form: Field, text: string): boolean {
  const value = parsed(text);
  return value !== undefined && inOrder(jsonOf(form, valueFrom(form, value)).json) === inOrder(value);
}

/** The same text for the same JSON, in whatever order its names stand. */
const inOrder = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (isObject(part) ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1))) : part));

const textOf = (form: Field, value: Value): string => asText(jsonOf(form, value).json ?? (form.kind === 'list' ? [] : {}));

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
