// The workflow as a graph with the state of the run. This module is a lazy chunk.
import './graph.css';
import { useCallback, useDeferredValue, useMemo, useRef, useState } from 'react';
import { useTypes } from '../api/nodeTypes';
import { useStore } from '../base/store';
import type { Check } from '../editor/useCheck';
import { isKnown, writtenOf, type Run } from '../run/run';
import { runOf, useChoiceActions, useSession } from '../session/session';
import Canvas from './Canvas';
import { cardsOf } from './drawing';
import { SceneContext } from './scene';
import { matchesOf, neighboursOf } from './search';

/** `isBeside`: the text is shown, too. */
export default function GraphPane({ isBeside }: { isBeside: boolean }) {
  const run = useSession(runOf);
  const check = useSession(({ text }) => text.check);
  const chosen = useSession(({ choice }) => choice.chosen);
  const isPicked = useSession(({ choice }) => choice.isPicked);
  const { show, setList } = useChoiceActions();
  const onList = useCallback(() => setList(true), [setList]);
  const types = useTypes();
  const known = isKnown(run) ? run : null;
  const outline = known?.outline;
  // The outline of a run comes with its first event; later events change no cards.
  const drawn = useMemo(() => cardsOf(check.outline, outline, types), [check.outline, outline, types]);
  const cards = useSame(drawn, JSON.stringify(drawn));
  const counted = known ? itemsOf(known) : NONE;
  const items = useSame(counted, JSON.stringify([...counted]));
  const faults = useMemo(() => faultsOf(check), [check]);
  const [query, setQuery] = useState<string | null>(null);
  const matches = useMemo(() => matchesOf(cards, query ?? ''), [cards, query]);
  const found = useMemo(() => (query?.trim() ? new Set(matches) : null), [query, matches]);
  const card = chosen === undefined ? undefined : writtenOf(known, chosen);
  const near = useMemo(() => new Set(neighboursOf(cards, card)), [cards, card]);
  const store = useStore({ run: known, chosen, faults, near, found });
  const isJson = check.spec !== undefined;
  return (
    <section aria-label="Graph" data-graph className="relative min-h-0 flex-1">
      {!isJson && cards.length > 0 && <p className="absolute top-2.5 left-3 z-4 text-meta text-ink-2">Drawn from what can be read so far.</p>}
      <SceneContext value={store}>
        <Canvas
          cards={useDeferredValue(cards)}
          items={items}
          chosen={card}
          isPicked={isPicked}
          isBeside={isBeside}
          query={query}
          matches={matches}
          onQuery={setQuery}
          onChoose={show}
          onList={onList}
        />
      </SceneContext>
    </section>
  );
}

const NONE: ReadonlyMap<string, number> = new Map();

/** The largest number of items of each map, for which its cells need space. */
function itemsOf(run: Run): ReadonlyMap<string, number> {
  const items = new Map<string, number>();
  for (const step of run.steps.values()) {
    // A step of any item is drawn by one card.
    if (step.items !== undefined) items.set(step.written, Math.max(items.get(step.written) ?? 0, step.items));
  }
  return items;
}

function faultsOf({ faults, outline }: Check): ReadonlyMap<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { pointer } of faults) {
    const at = decodeURIComponent(pointer.slice(1));
    const node = outline.findLast((step) => at === step.pointer || at.startsWith(`${step.pointer}/`));
    if (node)
      found.set(node.path, [
        ...(found.get(node.path) ?? []),
        at
          .slice(node.pointer.length + 1)
          .split('/')
          .at(-1) || node.id,
      ]);
  }
  return found;
}

/** The same object as long as its key is the same. */
function useSame<T>(value: T, key: string): T {
  const last = useRef({ value, key: '' });
  if (last.current.key !== key) last.current = { value, key };
  return last.current.value;
}
