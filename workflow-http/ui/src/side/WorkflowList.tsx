import { useMemo } from 'react';
import { writeAddress } from '../session/address';
import type { RunItem } from '../api/types';
import { Icon } from '../parts/Icon';
import { stateWord } from '../parts/State';
import { statusOf, type RunStatus } from '../run/run';
import type { Lists } from './useLists';

interface Props {
  lists: Lists;
  onOpen: () => void;
}

export function WorkflowList({ lists, onOpen }: Props) {
  const { items, hasMore, more } = lists.workflows;
  const busy = useMemo(() => busiest(lists.runs.items ?? []), [lists.runs.items]);
  const here = lists.of;
  if (items?.length === 0) {
    return (
      <p className="px-3.5 py-3 text-meta text-ink-3">
        None yet. Run an example or press <kbd className="key">n</kbd> to write one.
      </p>
    );
  }
  return (
    <ul className="max-h-[40%] flex-none overflow-auto border-b border-line pb-2" aria-label="Workflows">
      {items?.map(({ id, name, version }) => (
        <li key={id}>
          <a
            href={writeAddress({ at: 'workflow', id })}
            aria-current={id === here || undefined}
            onClick={onOpen}
            className="relative flex h-9 items-center gap-2 pr-3 pl-3.5 hover:bg-raised aria-[current]:bg-raised desk:h-[30px]"
          >
            <span className="flex-1 truncate">{name || 'Untitled'}</span>
            <Busy status={busy.get(id)} />
            <code className="text-[11.5px] text-ink-3">v{version}</code>
          </a>
        </li>
      ))}
      {hasMore && (
        <li>
          <button type="button" className="mx-3.5 my-1 text-meta text-ink-2 hover:underline" onClick={more}>
            Load more workflows
          </button>
        </li>
      )}
    </ul>
  );
}

function Busy({ status }: { status: RunStatus | undefined }) {
  return (
    status && (
      <span data-state={status} className="text-state">
        <Icon name={status} size={14} />
        <span className="sr-only">{stateWord(status)}</span>
      </span>
    )
  );
}

/** The workflows with a live run; one that waits for a person comes first. */
function busiest(runs: RunItem[]): ReadonlyMap<string, RunStatus> {
  const busy = new Map<string, RunStatus>();
  for (const run of runs) {
    const status = statusOf(run);
    if (status === 'waiting' || ((status === 'running' || status === 'delayed') && !busy.has(run.workflow.id))) busy.set(run.workflow.id, status);
  }
  return busy;
}
