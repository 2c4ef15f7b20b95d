// What a run is given: a form where the workflow says what it wants, else text or JSON.
import { useMemo, type ReactNode } from 'react';
import type { Fault } from '../api/types';
import { InputForm } from '../form/InputForm';
import { own } from '../base/ownProperty';
import { Sentence } from '../parts/CodeText';
import { BudgetField } from './BudgetField';
import { InputOffers } from './InputOffers';
import { jsonFaultOf, kindOf, type Input } from '../session/useInput';
import { useActions, useSession } from '../session/session';
import { plural } from '../base/format';

export function InputPane() {
  const input = useSession((session) => session.input.value);
  const turn = useSession((session) => session.input.turn);
  const refusal = useSession(({ messages }) => messages.refusal);
  const schema = useSession(({ text }) => own(text.check.spec, 'input'));
  const isOpening = useSession(({ phase }) => phase.isOpening);
  const { setInput, fillInput } = useActions();
  const faults = useMemo(() => (refusal?.errors ?? []).filter(({ pointer }) => /^#\/input(\/|$)/.test(pointer)).map(ofInput), [refusal]);
  const source = (choice: ReactNode) => <Source input={input} onInput={setInput} faults={faults} choice={choice} />;
  return (
    <section aria-label="Input" className="min-h-0 px-4 pt-2.5 pb-3.5 desk:overflow-auto">
      {/* Until the workflow is loaded, this is the input of the one before, and would be replaced. */}
      <fieldset className="min-w-0" disabled={isOpening}>
        <InputForm key={turn} schema={schema} input={input} faults={faults} onInput={setInput} onFill={fillInput} source={source} />
        <BudgetField />
        <InputOffers />
      </fieldset>
    </section>
  );
}

interface SourceProps {
  input: Input;
  onInput: (input: Input) => void;
  faults: Fault[];
  choice: ReactNode;
}

function Source({ input, onInput, faults, choice }: SourceProps) {
  const isJson = kindOf(input) === 'json';
  const unread = jsonFaultOf(input);
  const isSentAsText = unread !== undefined && !isJson;
  const said = faults.length > 0 || unread !== undefined;
  return (
    <>
      <div className="flex min-h-7 flex-wrap items-center gap-2">
        <label htmlFor="input" className="font-bold">
          Input
        </label>
        <code className="flex-1 text-micro text-ink-3">{isJson ? '' : plural(input.text.length, 'character')}</code>
        {choice}
      </div>
      <textarea
        id="input"
        className={`field mt-1 field-sizing-content max-h-40 min-h-[54px] resize-y ${isJson ? 'font-code text-meta' : ''}`}
        rows={2}
        dir="auto"
        spellCheck={!isJson}
        value={input.text}
        onChange={(event) => onInput({ ...input, text: event.target.value })}
        aria-invalid={faults.length > 0 || (unread !== undefined && isJson && input.text.trim() !== '')}
        aria-describedby={said ? 'input-faults' : undefined}
      />
      {said && (
        <ul id="input-faults" className={`mt-1 text-meta ${isSentAsText && faults.length === 0 ? 'text-ink-2' : 'text-fail'}`}>
          {unread !== undefined && (input.text.trim() !== '' || faults.length === 0) && (
            <li>
              <Sentence text={unread} />
              {isSentAsText && ' It is sent as text.'}
            </li>
          )}
          {faults
            .filter(({ detail }) => detail !== unread)
            .map((fault) => (
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
