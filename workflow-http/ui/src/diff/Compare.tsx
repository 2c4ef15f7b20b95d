// Two runs beside each other: what is the same, what differs, and what each cost. This module is lazy.
import { useEffect, useState } from 'react';
import { asProblem, getRun, getStep } from '../api/client';
import type { Change, Problem, RunDiff, StepDiff, StepSide } from '../api/types';
import { compareRuns } from '../api/plans';
import { Button, LINK } from '../parts/Button';
import { Choice } from '../parts/Choice';
import { ErrorCard } from '../parts/ErrorCard';
import { Icon } from '../parts/Icon';
import { StateWord, type AnyState } from '../parts/State';
import { money, shortMoney } from '../run/cost';
import { tokensOf } from '../run/log';
import { statusOf } from '../run/run';
import { writeAddress } from '../session/address';
import { useActions, useSession } from '../session/session';
import { clock, count, duration, plural, titleOf } from '../base/format';
import { ValueChanges } from './ValueChanges';

export default function Compare() {
  const address = useSession(({ address }) => address);
  return address.at === 'diff' && <Loaded key={`${address.id} ${address.other}`} a={address.id} b={address.other} />;
}

function Loaded({ a, b }: { a: string; b: string }) {
  const [diff, setDiff] = useState<RunDiff>();
  const [problem, setProblem] = useState<Problem>();
  useEffect(() => {
    const stop = new AbortController();
    compareRuns(a, b, stop.signal).then(setDiff, (error: unknown) => !stop.signal.aborted && setProblem(asProblem(error)));
    return () => stop.abort();
  }, [a, b]);
  const { go } = useActions();
  return (
    <div className="pane pane-main bg-bg" data-pane="home">
      <div className="flex flex-none flex-wrap items-center gap-x-3 gap-y-2 border-b border-line px-3.5 py-2">
        <h1 className="text-[15px] font-bold">Two runs</h1>
        <span className="flex-1" />
        <Button size="small" onClick={() => go({ at: 'diff', id: b, other: a }, 'replace')}>
          <Icon name="retrying" size={14} />
          Swap
        </Button>
        <a href={writeAddress({ at: 'runs' })} className={LINK}>
          All runs
        </a>
      </div>
      <div className="min-h-0 flex-1 overflow-auto" tabIndex={0} role="region" aria-label="Comparison">
        {problem && (
          <div className="pt-3">
            <ErrorCard problem={problem} />
          </div>
        )}
        {diff && <Whole diff={diff} />}
      </div>
    </div>
  );
}

function Whole({ diff }: { diff: RunDiff }) {
  const { a, b, counts, steps, steps_omitted: omitted = 0 } = diff;
  const [isAll, setAll] = useState(false);
  const shown = isAll ? steps : steps.filter(({ change }) => change !== 'same');
  const differ = counts.changed + counts.moved + counts.only_a + counts.only_b;
  return (
    <>
      <div className="grid border-b border-line desk:grid-cols-2">
        <Side word="Before" side={a} />
        <Side word="After" side={b} />
      </div>
      <Ends diff={diff} />
      <section aria-label="Steps">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-2 px-3.5 py-2.5">
          <h2 className="font-bold">Steps</h2>
          <Choice
            label="Which steps"
            look="pills"
            value={isAll ? 'all' : 'differ'}
            onChange={(which) => setAll(which === 'all')}
            options={[
              { value: 'differ', word: 'Different', count: differ },
              { value: 'all', word: 'All', count: differ + counts.same },
            ]}
          />
          <span className="text-meta text-ink-3">{countWords(counts)}</span>
        </div>
        {shown.length === 0 && <p className="px-3.5 pb-4 text-ink-2">All {plural(counts.same, 'step')} gave the same.</p>}
        <ul>
          {shown.map((step) => (
            <Step key={`${step.path} ${step.change}`} step={step} a={a.run.id} b={b.run.id} />
          ))}
        </ul>
        {omitted > 0 && <p className="px-3.5 py-3 text-ink-2">{plural(omitted, 'step')} more, not listed: those that are the same come last.</p>}
        {(counts.not_compared ?? 0) > 0 && <p className="px-3.5 py-3 text-ink-2">{plural(counts.not_compared!, 'step')} not compared: a run has too many.</p>}
      </section>
    </>
  );
}

const countWords = ({ same, changed, moved, only_a, only_b }: RunDiff['counts']): string =>
  [
    [changed, 'changed'],
    [moved, 'moved'],
    [only_a, 'only before'],
    [only_b, 'only after'],
    [same, 'the same'],
  ]
    .flatMap(([n, word]) => ((n as number) > 0 ? [`${count(n as number)} ${word}`] : []))
    .join(', ');

function Side({ word, side: { run, cost = run.cost } }: { word: string; side: RunDiff['a'] }) {
  const tokens = tokensOf(run.usage);
  const facts = [
    ['version', String(run.workflow.version)],
    ['started', `${new Date(run.created_at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })} ${clock(run.created_at).slice(0, 8)}`],
    run.duration_ms === undefined ? [] : ['took', duration(run.duration_ms)],
    tokens > 0 ? ['tokens', count(tokens)] : [],
    cost ? ['cost', money(cost)] : [],
  ];
  return (
    <section aria-label={word} className="grid content-start gap-1 px-3.5 py-2.5 not-first:border-line max-desk:not-first:border-t desk:not-first:border-l">
      <h2 className="flex flex-wrap items-center gap-x-2.5">
        <span className="text-meta text-ink-3">{word}</span>
        <a href={writeAddress({ at: 'run', id: run.id })} className={LINK}>
          {run.workflow.name || 'Untitled'}: {titleOf(run.input_excerpt ?? '')}
        </a>
        <StateWord state={statusOf(run)} />
      </h2>
      <p className="flex flex-wrap gap-x-3.5 text-meta text-ink-3">
        {facts.map(
          ([name, value]) =>
            name && (
              <span key={name}>
                {name} <code className="text-ink">{value}</code>
              </span>
            ),
        )}
      </p>
    </section>
  );
}

/** What the runs were given and what they gave. */
function Ends({ diff: { a, b, input, output } }: { diff: RunDiff }) {
  const reports = () =>
    Promise.all([a.run.id, b.run.id].map((id) => getRun(id, AbortSignal.timeout(10_000)))).then(([before, after]) => ({ before: before!, after: after! }));
  return (
    <section aria-label="Input and output" className="border-b border-line">
      {input.change === 'same' ? (
        <p className="px-3.5 py-2 text-ink-2">The input is the same.</p>
      ) : (
        <ValueChanges
          title="Input"
          diff={input}
          load={async () => {
            const { before, after } = await reports();
            return { before: before.input, after: after.input };
          }}
        />
      )}
      {output && output.change !== 'same' && (
        <ValueChanges
          title="Output"
          diff={output}
          load={async () => {
            const { before, after } = await reports();
            return { before: before.output, after: after.output };
          }}
        />
      )}
      {output?.change === 'same' && <p className="px-3.5 pb-2 text-ink-2">The output is the same.</p>}
    </section>
  );
}

const WORDS: Record<Change, string> = { same: 'Same', changed: 'Changed', only_a: 'Only before', only_b: 'Only after', moved: 'Moved' };

function Step({ step: { path, moved_from: from, type, change, a: before, b: after, output }, a, b }: { step: StepDiff; a: string; b: string }) {
  const load = async () => {
    const [one, other] = await Promise.all([getStep(a, from ?? path), getStep(b, path)]);
    return { before: one.output, after: other.output };
  };
  return (
    <li className="border-t border-line" data-change={change}>
      <div className="grid grid-cols-[96px_minmax(0,1fr)] items-baseline gap-x-3 gap-y-1 px-3.5 py-2 desk:grid-cols-[96px_minmax(0,1fr)_minmax(0,290px)_minmax(0,290px)]">
        <span className={`text-meta font-strong ${change === 'same' ? 'text-ink-3' : 'text-ink'}`}>{WORDS[change]}</span>
        <span className="min-w-0 wrap-anywhere">
          <a href={writeAddress({ at: 'run', id: after ? b : a, step: path })} className="font-code font-bold hover:underline">
            {path}
          </a>{' '}
          <span className="text-meta text-ink-3">{from === undefined ? type : `was ${from}`}</span>
        </span>
        <SideFacts word="Before" side={before} />
        <SideFacts word="After" side={after} />
      </div>
      {output && output.change !== 'same' && <ValueChanges title="Output" diff={output} load={load} />}
    </li>
  );
}

function SideFacts({ word, side }: { word: string; side: StepSide | undefined }) {
  if (!side) return <span className="max-desk:hidden" />;
  const tokens = tokensOf(side.usage);
  const facts = [
    side.reused ? 'reused' : side.overridden ? 'set' : '',
    side.error,
    side.attempts > 1 ? `${side.attempts} attempts` : '',
    side.duration_ms === undefined || side.reused ? '' : duration(side.duration_ms),
    tokens > 0 ? `${count(tokens)} tok` : '',
    side.cost ? shortMoney(side.cost) : '',
  ].filter(Boolean);
  return (
    <span className="flex min-w-0 flex-wrap items-center gap-x-1.5 text-meta text-ink-2 max-desk:col-start-2">
      <span className="text-ink-3 desk:sr-only">{word} </span>
      <StateWord state={side.status as AnyState} />
      <span>{facts.join(' · ')}</span>
    </span>
  );
}
