// The workflow as a graph, as JSON, or both.
import { lazy, Suspense, useEffect, type RefObject } from 'react';
import { writeAddress } from '../session/address';
import { BudgetLine, Conflict, EditTools, NextLine, OriginLine, StepList, Versions } from '../lazyPanes';
import { EditorPane } from '../panes/EditorPane';
import { Button } from '../parts/Button';
import { Choice } from '../parts/Choice';
import { useChoiceActions, useSession } from '../session/session';
import type { useView, View } from './useView';
import { copyLink } from './Inspector';

// The space stays empty until the chunk is loaded.
const GraphPane = lazy(() => import('../graph/GraphPane'));

interface Props {
  view: ReturnType<typeof useView>;
  isPhone: boolean;
  /** The target of the skip link. */
  steps: RefObject<HTMLDivElement | null>;
}

export function Centre({ view: { view, setView, hasRoom }, isPhone, steps }: Props) {
  const runId = useSession((session) => session.runId);
  const hasProblem = useSession((session) => session.view.problem !== null);
  const faults = useSession(({ text }) => text.check.faults.length);
  const saved = useSession(({ text }) => text.saved);
  const theirs = useSession(({ messages }) => messages.theirs);
  const chosen = useSession(({ choice }) => choice.chosen);
  const isList = useSession(({ choice }) => choice.isList);
  const { reveal, setList } = useChoiceActions();
  // When the text becomes visible, it scrolls to the selected step.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when the view changes
  useEffect(() => {
    if (view !== 'graph' && chosen !== undefined) requestAnimationFrame(() => reveal(chosen));
  }, [view]);
  const views: { value: View; word: string; count?: number; isFaulty?: boolean }[] = [
    { value: 'graph', word: 'Graph' },
    { value: 'json', word: 'JSON', ...(faults > 0 ? { count: faults, isFaulty: true } : {}) },
    ...(hasRoom ? [{ value: 'both' as const, word: 'Both' }] : []),
  ];
  const address = runId === null ? saved && writeAddress({ at: 'workflow', id: saved.id }) : writeAddress({ at: 'run', id: runId });
  return (
    <div className="pane pane-main bg-bg" data-pane="steps json" data-view={view}>
      <div className="flex h-10 flex-none items-center gap-2 pr-2.5 pl-3 max-desk:hidden">
        <Choice label="View" options={views} value={view} onChange={setView} />
        <span className="flex-1" />
        {!isPhone && (
          <Suspense fallback={null}>
            <EditTools isTextShown={view !== 'graph'} />
          </Suspense>
        )}
        <Suspense fallback={null}>{saved && <Versions saved={saved} />}</Suspense>
        {address && (
          <Button look="quiet" size="small" onClick={() => void copyLink(address)}>
            Copy link
          </Button>
        )}
      </div>
      <Suspense fallback={null}>
        {theirs && <Conflict theirs={theirs} />}
        {runId !== null && (
          <>
            <OriginLine />
            <BudgetLine />
            <NextLine />
          </>
        )}
      </Suspense>
      <div className="split">
        <EditorPane tools={isPhone && <EditTools isTextShown side="left" />} />
        {/* The skip link leads here. */}
        {!hasProblem && (
          <div ref={steps} id="steps" tabIndex={-1} data-part="graph" className="part border-line outline-none desk:border-t">
            <Suspense fallback={null}>{isPhone || isList ? <StepList /> : <GraphPane isBeside={view === 'both'} />}</Suspense>
            {!isPhone && isList && (
              <Button size="small" className="absolute right-2.5 bottom-2.5 z-3" onClick={() => setList(false)}>
                Steps as a graph
              </Button>
            )}
          </div>
        )}
      </div>
    </div>
  );
}
