// What a run is given: a form where the workflow says what it wants, else text or JSON.
import { useMemo, type ReactNode } from 'react';
import type { Fault } from '../api/types';
import { InputForm } from '../form/InputForm';
import { Choice } from '../parts/Choice';
import { Sentence } from '../parts/Coded';
import { jsonOf } from '../useInput';
import type { Session } from '../useSession';
import { plural } from '../words';

export function InputPane({ session }: { session: Session }) {
  const { input, setInput, check, refusal } = session;
  const faults = useMemo(() => (refusal?.errors ?? []).filter(({ pointer }) => /^#\/input(\/|$)/.test(pointer)).map(ofInput), [refusal]);
  const schema = typeof check.spec === 'object' && check.spec !== null && 'input' in check.spec ? check.spec.input : undefined;
  const source = (toForm?: ReactNode) => <Source session={session} faults={faults} toForm={toForm} />;
  return (
    <section aria-label="Input" className="min-h-0 px-4 pt-2.5 pb-3.5 desk:overflow-auto">
      <InputForm schema={schema} input={input} faults={faults} onInput={setInput} source={source} />
    </section>
  );
}

const KINDS = [
  { value: 'text', word: 'Text' },
  { value: 'json', word: 'JSON' },
] as const;

interface SourceProps {
  session: Session;
  faults: Fault[];
  /** The way to the same as a form. */
  toForm: ReactNode;
}

function Source({ session: { input, setInput }, faults, toForm }: SourceProps) {
  const couldBeJson = jsonOf(input.text) !== undefined;
  const isJson = couldBeJson && !input.isText;
  return (
    <>
      <div className="flex min-h-7 items-center gap-2">
        <label htmlFor="input" className="font-bold">
          Input
        </label>
        <code className="flex-1 text-micro text-ink-3">{isJson ? 'JSON' : `text, ${plural(input.text.length, 'character')}`}</code>
        {couldBeJson && (
          <Choice label="Send as" options={KINDS} value={isJson ? 'json' : 'text'} onChange={(kind) => setInput({ ...input, isText: kind === 'text' })} />
        )}
        {toForm}
      </div>
      <textarea
        id="input"
        className={`field mt-1 field-sizing-content max-h-40 min-h-[54px] resize-y ${isJson ? 'font-code text-meta' : ''}`}
        rows={2}
        dir="auto"
        spellCheck={!isJson}
        value={input.text}
        onChange={(event) => setInput({ ...input, text: event.target.value })}
        aria-invalid={faults.length > 0}
        aria-describedby={faults.length > 0 ? 'input-faults' : undefined}
      />
      {faults.length > 0 && (
        <ul id="input-faults" className="mt-1 text-meta text-fail">
          {faults.map((fault) => (
            <li key={fault.pointer + fault.detail}>
              {fault.pointer !== '#' && <code>{fault.pointer} </code>}
              <Sentence text={fault.detail} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Pointers of the server begin at what was sent. */
const ofInput = (fault: Fault): Fault => ({ ...fault, pointer: `#${fault.pointer.slice('#/input'.length)}` });
