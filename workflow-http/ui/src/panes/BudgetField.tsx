// The most that the next run may use, beside its input. It is remembered for the workflow.
import { useId, useState } from 'react';
import { own } from '../base/ownProperty';
import { Choice } from '../parts/Choice';
import { Sentence } from '../parts/CodeText';
import { Icon } from '../parts/Icon';
import type { Unit } from '../run/budget';
import { budgetWords, readBudget } from '../run/writtenBudget';
import { useWrittenBudget, writeBudget } from '../session/runBudget';
import { useSession } from '../session/session';
import { NEW } from '../session/useInput';

const UNITS: readonly [Unit, string][] = [
  ['usd', 'US dollars'],
  ['tokens', 'Tokens'],
  ['calls', 'Requests'],
];

const WHEN = [
  { value: 'fail', word: 'Fail' },
  { value: 'ask', word: 'Ask a person' },
] as const;

export function BudgetField() {
  const workflow = useSession(({ text }) => text.saved?.id ?? NEW);
  const ofWorkflow = useSession(({ text }) => own(text.check.spec, 'budget'));
  const refusal = useSession(({ messages }) => messages.refusal);
  const written = useWrittenBudget(workflow);
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const { budget, faults } = readBudget(written);
  const refused = (refusal?.errors ?? []).filter(({ pointer }) => pointer.startsWith('#/budget'));
  const said = faults.length > 0 ? faults : refused;
  const isFaulty = (unit: Unit) => said.some(({ pointer }) => pointer === `#/budget/${unit}`);
  const limit = (unit: Unit) => own(ofWorkflow, unit);
  return (
    <details className="group mt-3" open={isOpen || said.length > 0} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="flex min-h-7 cursor-pointer list-none items-center gap-2 text-meta text-ink-3">
        <Icon name="chev" size={14} className="-ml-1 transition-transform duration-[140ms] group-open:rotate-90 motion-reduce:transition-none" />
        Budget
        <code className={`truncate ${budget ? 'text-ink' : ''}`}>
          {faults.length > 0 ? '' : budget ? budgetWords(budget) : ofWorkflow === undefined ? 'no limit' : 'that of the workflow'}
        </code>
      </summary>
      <fieldset className="mt-1 grid gap-2" aria-describedby={`${id}-about`}>
        <legend className="sr-only">Budget of the next run</legend>
        <div className="grid grid-cols-3 gap-2">
          {UNITS.map(([unit, word]) => (
            <label key={unit} className="grid min-w-0 gap-1 text-meta text-ink-2">
              {word}
              <input
                type="text"
                className="field font-code text-meta"
                inputMode={unit === 'usd' ? 'decimal' : 'numeric'}
                autoComplete="off"
                placeholder={typeof limit(unit) === 'number' ? `at most ${String(limit(unit))}` : 'no limit'}
                value={written[unit]}
                onChange={(event) => writeBudget(workflow, { ...written, [unit]: event.target.value })}
                aria-invalid={isFaulty(unit)}
                aria-describedby={isFaulty(unit) ? `${id}-faults` : undefined}
              />
            </label>
          ))}
        </div>
        {said.length > 0 && (
          <ul id={`${id}-faults`} className="text-meta text-fail">
            {said.map(({ pointer, detail }) => (
              <li key={pointer + detail}>
                <Sentence text={detail} />
              </li>
            ))}
          </ul>
        )}
        <div className="flex flex-wrap items-center gap-x-2 gap-y-1 text-meta text-ink-2">
          When it is used up
          <Choice label="When the budget is used up" options={WHEN} value={written.when} onChange={(when) => writeBudget(workflow, { ...written, when })} />
        </div>
        <p id={`${id}-about`} className="text-meta text-ink-3">
          For this and later runs of this workflow that are started here.
        </p>
      </fieldset>
    </details>
  );
}
