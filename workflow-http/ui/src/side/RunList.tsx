import { writeAddress } from '../session/address';
import { Choice } from '../parts/Choice';
import { PaneHead } from '../parts/PaneHead';
import { useNow } from '../parts/useNow';
import { useSession } from '../session/session';
import { RunRow } from './RunRow';
import type { Lists } from './useLists';

interface Props {
  lists: Lists;
  onOpen: () => void;
}

const STATES = [
  { value: 'all', word: 'All' },
  { value: 'live', word: 'Live' },
  { value: 'failed', word: 'Failed' },
] as const;

export function RunList({ lists, onOpen }: Props) {
  const runId = useSession((session) => session.runId);
  const { runs, states, setStates, of } = lists;
  const { items } = runs;
  const now = useNow(true, 1000);
  const isEmpty = items?.length === 0;
  return (
    <section aria-label="Runs" className="flex min-h-0 flex-1 flex-col">
      <PaneHead title={of ? 'Runs' : 'All runs'}>
        <a
          href={writeAddress({ at: 'runs' })}
          onClick={onOpen}
          className="rounded-ctl px-2 py-1 text-meta font-strong text-ink-2 hover:bg-raised hover:text-ink"
        >
          See all
        </a>
      </PaneHead>
      {(!isEmpty || states !== 'all') && (
        <div className="flex-none px-3 pb-2">
          <Choice label="Which runs" options={STATES} value={states === 'live' || states === 'failed' ? states : 'all'} onChange={setStates} look="pills" />
        </div>
      )}
      {isEmpty && <p className="px-3.5 py-3 text-meta text-ink-3">{states === 'all' ? 'Runs you start appear here, newest first.' : 'No run matches.'}</p>}
      <ul className="min-h-0 flex-1 overflow-auto pb-2" aria-label="Runs">
        {items?.map((run) => (
          <RunRow key={run.id} run={run} now={now} isHere={run.id === runId} onOpen={onOpen} />
        ))}
        {runs.hasMore && (
          <li>
            <button type="button" className="mx-5 my-2 text-ink-2 hover:text-ink hover:underline" onClick={runs.more}>
              Load more
            </button>
          </li>
        )}
      </ul>
    </section>
  );
}
