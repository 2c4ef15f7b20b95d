// The workflow: drawn, written, or both.
import { lazy, Suspense, useEffect, type RefObject } from 'react';
import { writeAddress } from '../session/address';
import type { EditorRef } from '../editor/Editor';
import { Conflict, StepList, Versions } from '../lazyPanes';
import { EditorPane } from '../panes/EditorPane';
import { Button } from '../parts/Button';
import { Choice } from '../parts/Choice';
import type { Choice as StepChoice } from '../session/useChoice';
import type { Session } from '../session/useSession';
import type { useView, View } from './useView';
import { copyLink } from './Inspector';

// Its place is empty until it is there.
const GraphPane = lazy(() => import('../graph/GraphPane'));

interface Props {
  session: Session;
  view: ReturnType<typeof useView>;
  isPhone: boolean;
  choice: StepChoice;
  editor: RefObject<EditorRef | null>;
}

export function Centre({ session, view: { view, setView, hasRoom }, isPhone, choice, editor }: Props) {
  const { run, runId, check, problem, saved, theirs } = session;
  const { chosen, isPicked, folds, show, choose, reveal, fold, isList, setList } = choice;
  const faults = check.faults.length;
  // A text that was out of sight shows what was chosen meanwhile.
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
        <Suspense fallback={null}>{saved && <Versions session={session} />}</Suspense>
        {address && (
          <Button look="quiet" size="small" onClick={() => void copyLink(address)}>
            Copy link
          </Button>
        )}
      </div>
      <Suspense fallback={null}>{theirs && <Conflict session={session} theirs={theirs} />}</Suspense>
      <div className="split">
        <EditorPane session={session} chosen={chosen} onChoose={choose} editor={editor} />
        {/* The skip link leads here. */}
        {!problem && (
          <div id="steps" tabIndex={-1} data-part="graph" className="part border-line outline-none desk:border-t">
            {isPhone || isList ? (
              <Suspense fallback={null}>
                <StepList run={run} outline={check.outline} chosen={chosen} folds={folds} onChoose={show} onFold={fold} />
              </Suspense>
            ) : (
              <Suspense fallback={null}>
                <GraphPane
                  run={run}
                  check={check}
                  chosen={chosen}
                  isPicked={isPicked}
                  isBeside={view === 'both'}
                  onChoose={show}
                  onList={() => setList(true)}
                />
              </Suspense>
            )}
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
