// The input of a run as a form, JSON or text. The text is stored and sent; a form is a view of its JSON.
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import type { Fault } from '../api/types';
import { FIRST_INPUT } from '../session/firstWorkflow';
import { Button } from '../parts/Button';
import { Choice } from '../parts/Choice';
import { kindOf, type Input } from '../session/useInput';
import { formOf, type Field } from './fields';
import { Form } from './Form';
import { asJson, initialOf, isSameJson, jsonOf, MISSING, valueFrom, type Value } from './values';

interface Props {
  /** The JSON Schema of the input, if the workflow has one. */
  schema: unknown;
  input: Input;
  /** Found by the server. */
  faults: Fault[];
  onInput: (input: Input) => void;
  /** An input that was not typed. */
  onFill: (input: Input) => void;
  /** The input as it is written, below the choice of how. */
  source: (choice: ReactNode) => ReactNode;
}

type Kind = 'form' | 'json' | 'text';

const WORDS = { form: 'Form', json: 'JSON', text: 'Text' } as const;

export function InputForm({ schema, input, faults, onInput, onFill, source }: Props) {
  const form = useForm(schema);
  const [isSource, setSource] = useState(false);
  /** The text before it was replaced by a form that cannot show all of it. */
  const [cut, setCut] = useState<{ before: Input; after: string }>();
  /** The text of the empty form, possibly of an earlier schema. */
  const [blank, setBlank] = useState<string>();
  const isBlank = input.text === blank;
  // What was not typed is replaced by what the workflow asks for.
  const isUnwritten = isBlank || input.text.trim() === '' || input.text === FIRST_INPUT;
  useEffect(() => {
    const next = form ? blankText(form) : isBlank ? '' : undefined;
    if (isSource || !isUnwritten || next === undefined || (isBlank && next === blank)) return;
    setBlank(form ? next : undefined);
    onFill(form ? { text: next, as: 'json' } : { text: next });
  }, [form, isSource, isUnwritten, isBlank, blank, onFill]);

  const canFill = form !== null && kindOf(input) === 'json' && fits(form, input.text);
  const kind: Kind = canFill && !isSource ? 'form' : kindOf(input);
  const choose = (next: Kind) => {
    setCut(undefined);
    setSource(next !== 'form');
    if (next !== 'form') return onInput({ ...input, as: next });
    if (!form || canFill) return;
    const text = textOf(form, valueFrom(form, parsed(input.text)));
    if (input.text.trim() !== '') setCut({ before: input, after: text });
    onInput({ text, as: 'json' });
  };
  const kinds: Kind[] = form ? ['form', 'json', 'text'] : ['json', 'text'];
  const choice = <Choice label="Send as" options={kinds.map((value) => ({ value, word: WORDS[value] }))} value={kind} onChange={choose} />;

  if (!form || kind !== 'form') return source(choice);
  return (
    <>
      <div className="flex min-h-7 items-center gap-2">
        <h3 className="flex-1 font-bold">Input</h3>
        {choice}
      </div>
      {cut?.after === input.text && (
        <p className="pt-1.5 text-meta text-ink-2">
          The form cannot show all that was written.{' '}
          <Button
            look="quiet"
            size="small"
            className="-mx-2 text-live underline underline-offset-3"
            onClick={() => {
              onInput(cut.before);
              setSource(true);
              setCut(undefined);
            }}
          >
            Restore it
          </Button>
        </p>
      )}
      <Filled form={form} text={input.text} faults={faults} onText={(text) => onInput({ text, as: 'json' })} />
    </>
  );
}

/** The same form until the schema says something else. A single text needs none. */
function useForm(schema: unknown): Field | null {
  const written = JSON.stringify(schema ?? null);
  return useMemo(() => {
    const form = formOf(JSON.parse(written));
    return form === null || form.kind === 'line' || form.kind === 'text' ? null : { ...form, label: 'Input' };
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
  // A text from outside is read into the form; one that this form made is not.
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

/** Whether the form represents the whole text. */
export function fits(form: Field, text: string): boolean {
  if (text === blankText(form)) return true;
  const value = parsed(text);
  return value !== undefined && isSameJson(jsonOf(form, valueFrom(form, value)).json, value);
}

const EMPTY = { group: '{}', list: '[]' } as const;

function textOf(form: Field, value: Value): string {
  const { json } = jsonOf(form, value);
  if (json !== undefined) return asJson(json);
  return form.kind === 'group' || form.kind === 'list' ? EMPTY[form.kind] : '';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
