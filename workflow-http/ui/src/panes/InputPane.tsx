import { Choice } from '../parts/Choice';
import { Sentence } from '../parts/Coded';
import { jsonOf } from '../useInput';
import type { Session } from '../useSession';
import { plural } from '../words';

const KINDS = [
  { value: 'text', word: 'Text' },
  { value: 'json', word: 'JSON' },
] as const;

export function InputPane({ session }: { session: Session }) {
  const { input, setInput, refusal } = session;
  const couldBeJson = jsonOf(input.text) !== undefined;
  const isJson = couldBeJson && !input.isText;
  const faults = refusal?.errors?.filter((fault) => fault.pointer.startsWith('#/input')) ?? [];
  return (
    <section aria-label="Input" className="flex-none px-4 pt-2.5 pb-3.5">
      <div className="flex min-h-7 items-center gap-2">
        <label htmlFor="input" className="font-bold">
          Input
        </label>
        <code className="flex-1 text-micro text-ink-3">{isJson ? 'JSON' : `text, ${plural(input.text.length, 'character')}`}</code>
        {couldBeJson && (
          <Choice label="Send as" options={KINDS} value={isJson ? 'json' : 'text'} onChange={(kind) => setInput({ ...input, isText: kind === 'text' })} />
        )}
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
              <Sentence text={fault.detail} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
