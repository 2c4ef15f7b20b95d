// All runs, filtered by state and text, with their timelines. This module is a lazy chunk.
import { useCallback, useDeferredValue, useMemo, useRef, useState } from 'react';
import type { RunItem, RunPage } from '../api/types';
import { writeAddress } from '../session/address';
import { Button, LINK } from '../parts/Button';
import { Choice } from '../parts/Choice';
import { Icon } from '../parts/Icon';
import { stateWord } from '../parts/State';
import { useNow } from '../parts/useNow';
import { readRuns, type RunStates } from '../side/useLists';
import { stepOf, useLetters } from '../base/useKeys';
import { usePages } from '../side/usePages';
import { RunSummary } from './RunSummary';
import { HistoryRow, elapsedOf } from './HistoryRow';
import { dayOf } from './days';

const PAGE = 50;
const STATES = ['waiting', 'completed', 'failed', 'cancelled'] as const;

export default function History() {
  const [states, setStates] = useState<RunStates>('all');
  const [words, setWords] = useState('');
  const q = useDeferredValue(words.trim());
  const read = useCallback((cursor?: string) => readRuns(q === '' ? {} : { q }, states, PAGE, cursor), [q, states]);
  const { items, first, hasMore, more } = usePages<RunItem, RunPage>(read, q);
  const now = useNow(true, 1000);
  const [picked, setPicked] = useState<string>();
  const [pair, setPair] = useState<readonly string[]>([]);
  // A third takes the place of the first.
  const pick = useCallback((id: string) => setPair((pair) => (pair.includes(id) ? pair.filter((one) => one !== id) : [...pair, id].slice(-2))), []);
  const shown = items?.find(({ id }) => id === picked) ?? items?.[0];
  return (
    <div className="pane pane-main bg-bg desk:flex-row" data-pane="home">
      <section aria-label="All runs" className="flex min-h-0 min-w-0 flex-1 flex-col">
        <Filters states={states} words={words} counts={first?.counts} onStates={setStates} onWords={setWords} />
        {pair.length > 0 && <Pair pair={pair} items={items ?? []} onClear={() => setPair([])} />}
        <div className="min-h-0 flex-1 overflow-auto" tabIndex={0} role="region" aria-label="Runs found" onKeyDown={moveAmong}>
          {items && items.length > 0 && <Table items={items} now={now} shown={shown?.id} onShow={setPicked} pair={pair} onPick={pick} />}
          {items?.length === 0 && (
            <p className="px-3.5 py-6 text-ink-3">
              {states === 'all' && q === '' ? (
                'Runs you start appear here, newest first.'
              ) : (
                <>
                  No run matches.{' '}
                  <button
                    type="button"
                    className="font-strong text-live underline underline-offset-3"
                    onClick={() => {
                      setStates('all');
                      setWords('');
                    }}
                  >
                    Clear the filters
                  </button>
                </>
              )}
            </p>
          )}
          {hasMore && (
            <Button size="small" className="m-3.5" onClick={more}>
              Load {PAGE} more
            </Button>
          )}
        </div>
      </section>
      {shown && <RunSummary run={shown} elapsed={elapsedOf(shown, now)} now={now} />}
    </div>
  );
}

/** What is selected to be compared: the earlier run is the one before. */
function Pair({ pair, items, onClear }: { pair: readonly string[]; items: RunItem[]; onClear: () => void }) {
  const startOf = (id: string) => items.find((run) => run.id === id)?.created_at ?? '';
  const [before, after] = [...pair].sort((one, other) => (startOf(one) < startOf(other) ? -1 : 1));
  return (
    <div className="flex flex-none flex-wrap items-center gap-2 border-b border-line bg-panel px-3.5 py-1.5" role="status">
      {before !== undefined && after !== undefined ? (
        <a href={writeAddress({ at: 'diff', id: before, other: after })} className={LINK}>
          Compare these 2 runs
        </a>
      ) : (
        <span className="text-ink-2">Select another run to compare.</span>
      )}
      <Button look="quiet" size="small" onClick={onClear}>
        Clear
      </Button>
    </div>
  );
}

/** Up and down go from run to run. */
function moveAmong(event: React.KeyboardEvent<HTMLElement>): void {
  const step = stepOf(event.key);
  const here = (event.target as Element).closest('a');
  if (!step || !here) return;
  const rows = [...event.currentTarget.querySelectorAll('a')];
  rows[rows.indexOf(here) + step]?.focus();
  event.preventDefault();
}

interface FilterProps {
  states: RunStates;
  words: string;
  counts: RunPage['counts'] | undefined;
  onStates: (states: RunStates) => void;
  onWords: (words: string) => void;
}

function Filters({ states, words, counts, onStates, onWords }: FilterProps) {
  const sum = (...of: RunItem['status'][]) => of.reduce((sum, state) => sum + (counts?.[state] ?? 0), 0);
  const search = useRef<HTMLInputElement>(null);
  useLetters({ '/': () => search.current?.focus() });
  const isCounted = counts !== undefined;
  const all: { value: RunStates; word: string; count: number }[] = [
    { value: 'all', word: 'All', count: sum('queued', 'running', ...STATES) },
    { value: 'live', word: 'Live', count: sum('queued', 'running', 'waiting') },
    ...STATES.map((state) => ({ value: state, word: stateWord(state), count: sum(state) })),
  ];
  return (
    <div className="flex flex-none flex-wrap items-center gap-x-3 gap-y-2 border-b border-line px-3.5 py-2">
      <h1 className="text-[15px] font-bold">Runs</h1>
      <label className="relative flex items-center max-desk:flex-1">
        <span className="sr-only">Search runs</span>
        <Icon name="search" size={14} className="absolute left-2.5 text-ink-3" />
        <input
          ref={search}
          type="search"
          className="field h-8 py-0 pl-8 desk:h-[30px] desk:w-56"
          placeholder="Search input"
          value={words}
          onChange={(event) => onWords(event.target.value)}
          // biome-ignore lint/a11y/noAutofocus: who comes here searches
          autoFocus
        />
      </label>
      <Choice
        label="Which runs"
        look="pills"
        value={states}
        onChange={onStates}
        options={all.map(({ count, ...one }) => (isCounted ? { ...one, count: counts.at_least ? atLeast(count) : count } : one))}
      />
    </div>
  );
}

/** Of a number that may be larger, zero says nothing. */
const atLeast = (count: number): string | undefined => (count > 0 ? `${count}+` : undefined);

interface TableProps {
  items: RunItem[];
  now: number;
  shown: string | undefined;
  onShow: (id: string) => void;
  pair: readonly string[];
  onPick: (id: string) => void;
}

function Table({ items, now, shown, onShow, pair, onPick }: TableProps) {
  // All strips have the same scale, so that they can be compared.
  const scale = useMemo(() => Math.max(1, ...items.map((run) => elapsedOf(run, now))), [items, now]);
  const days = useMemo(() => {
    const days = new Map<string, RunItem[]>();
    for (const run of items) {
      const day = dayOf(run.created_at, now);
      const same = days.get(day);
      if (same) same.push(run);
      else days.set(day, [run]);
    }
    return [...days];
  }, [items, now]);
  return (
    <>
      <div className="history-row head sticky top-0 z-2 bg-bg text-meta text-ink-3 max-desk:hidden" aria-hidden="true">
        <span className="[grid-area:state]">State</span>
        <span className="[grid-area:1/2/3]">Input</span>
        <span className="[grid-area:time]">Started</span>
        <span className="[grid-area:strip]">Where time went</span>
        <span className="text-right [grid-area:took]">Took</span>
        <span className="text-right [grid-area:tokens]">Used</span>
      </div>
      {days.map(([day, runs]) => (
        <section key={day} aria-label={day}>
          <h2 className="px-3.5 pt-3 pb-1.5 text-meta font-bold text-ink-2">{day}</h2>
          <ul>
            {runs.map((run) => (
              <HistoryRow
                key={run.id}
                run={run}
                elapsed={elapsedOf(run, now)}
                scale={scale}
                isShown={run.id === shown}
                onShow={onShow}
                isPicked={pair.includes(run.id)}
                onPick={onPick}
              />
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}
