// The summary of a run beside the list of runs: how it ended, why, and the state of each step.
import { useEffect, useState } from 'react';
import { writeAddress } from '../session/address';
import { getRun } from '../api/client';
import type { Outage, RunItem, RunReport } from '../api/types';
import { LINK } from '../parts/Button';
import { ErrorCard } from '../parts/ErrorCard';
import { Pre } from '../parts/Section';
import { StateChip, StateWord } from '../parts/State';
import { money } from '../run/cost';
import { tokensOf } from '../run/log';
import { statusOf } from '../run/run';
import { age, asText, count, duration, plural } from '../base/format';

interface Props {
  run: RunItem;
  elapsed: number;
  now: number;
}

/** Of more steps the first are shown. */
const FEW = 30;

export function RunSummary({ run, elapsed, now }: Props) {
  const report = useReport(run);
  return (
    <section
      aria-label="Run at a glance"
      className="hidden w-[340px] flex-none flex-col overflow-auto border-l border-line bg-panel broad:flex wide:w-[408px]"
      tabIndex={0}
    >
      <header className="grid gap-1.5 px-4 pt-3 pb-2.5">
        <div className="flex items-center gap-2">
          <h2 className="min-w-0 flex-1 truncate text-[15px] leading-5 font-bold">{run.workflow.name || 'Untitled'}</h2>
          <StateChip state={statusOf(run)} />
        </div>
        <Facts run={run} elapsed={elapsed} now={now} outages={report?.outages ?? []} />
      </header>
      {report?.error && <ErrorCard problem={report.error} />}
      <p className="px-4 pb-3.5">
        <a
          href={writeAddress({ at: 'run', id: run.id })}
          className="inline-flex h-[30px] items-center rounded-ctl bg-live px-[11px] font-bold text-live-on hover:brightness-106"
        >
          Open run
        </a>
      </p>
      {report && <Steps steps={report.steps} />}
      {report?.input !== undefined && (
        <Part title="Input">
          <Pre text={asText(report.input)} />
        </Part>
      )}
      {run.retry_of !== undefined && (
        <p className="border-t border-line px-4 py-3 text-ink-2">
          Retries{' '}
          <a href={writeAddress({ at: 'run', id: run.retry_of })} className="font-strong text-live underline underline-offset-3">
            an earlier run
          </a>
          .{' '}
          <a href={writeAddress({ at: 'diff', id: run.retry_of, other: run.id })} className={LINK}>
            Compare
          </a>
        </p>
      )}
    </section>
  );
}

function Facts({ run, elapsed, now, outages }: Props & { outages: Outage[] }) {
  const down = outages.reduce((sum, { since, until }) => sum + Date.parse(until) - Date.parse(since), 0);
  const tokens = tokensOf(run.usage);
  const ago = age(run.created_at, now);
  const facts = [
    ['version', String(run.workflow.version)],
    ['started', ago === 'now' ? ago : `${ago} ago`],
    ['took', duration(elapsed)],
    tokens > 0 ? ['tokens', count(tokens)] : [],
    run.cost ? ['cost', money(run.cost)] : [],
    down > 0 ? ['server down', duration(down)] : [],
  ];
  return (
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
  );
}

/** Steps inside maps, loops and calls are on the page of the run only. */
function Steps({ steps }: Pick<RunReport, 'steps'>) {
  const own = steps.filter(({ path }) => !path.includes('/'));
  return (
    <Part title="Steps">
      <ul>
        {own.slice(0, FEW).map(({ path, status, duration_ms }) => (
          <li key={path} className="grid grid-cols-[104px_minmax(0,1fr)_auto] items-center gap-x-3 py-1 not-first:border-t not-first:border-line">
            <StateWord state={status} />
            <code className="truncate text-meta">{path}</code>
            <time className="text-meta text-ink-2">{duration_ms === undefined ? '' : duration(duration_ms)}</time>
          </li>
        ))}
      </ul>
      {own.length > FEW && <p className="pt-1.5 text-meta text-ink-3">And {plural(own.length - FEW, 'other')}.</p>}
    </Part>
  );
}

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section aria-label={title} className="border-t border-line px-4 pb-3.5">
      <h3 className="py-2.5 text-meta font-bold text-ink-2">{title}</h3>
      {children}
    </section>
  );
}

/** Loaded again when the state of the run changes. */
function useReport({ id, status }: RunItem): RunReport | undefined {
  const [report, setReport] = useState<RunReport>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a run in another state has another report
  useEffect(() => {
    const stop = new AbortController();
    getRun(id, stop.signal).then(setReport, () => undefined);
    return () => stop.abort();
  }, [id, status]);
  return report?.id === id ? report : undefined;
}
