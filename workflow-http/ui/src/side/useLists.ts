// The lists of the side, read once for all that show them.
import { useCallback, useState } from 'react';
import { listRuns, listWorkflows } from '../api/client';
import type { RunItem, RunPage, Workflow } from '../api/types';
import type { Session } from '../useSession';
import { usePages, type Pages } from './usePages';

export type RunStates = 'all' | 'live' | RunItem['status'];

export interface Lists {
  workflows: Pages<Workflow>;
  runs: Pages<RunItem, RunPage>;
  states: RunStates;
  setStates: (states: RunStates) => void;
  /** Whose runs are listed, if not everybody's. */
  of: string | undefined;
}

const PAGE = 30;

/** What goes on or waits is live; the server is asked for one state at a time. */
const isLive = ({ status }: RunItem): boolean => status === 'queued' || status === 'running' || status === 'waiting';

export function useLists({ saved, address, run, runId }: Session): Lists {
  const [states, setStates] = useState<RunStates>('all');
  const of = address.at === 'home' || address.at === 'new' ? undefined : saved?.id;
  const stamp = `${runId} ${run?.status} ${saved?.id} ${saved?.version}`;
  const workflows = usePages<Workflow, Awaited<ReturnType<typeof listWorkflows>>>(listWorkflows, stamp);
  const read = useCallback(
    async (cursor?: string) => {
      const status = states === 'all' || states === 'live' ? undefined : states;
      const page = await listRuns({ workflow_id: of, status }, PAGE, cursor);
      return states === 'live' ? { ...page, items: page.items.filter(isLive) } : page;
    },
    [of, states],
  );
  const runs = usePages<RunItem, RunPage>(read, stamp);
  return { workflows, runs, states, setStates, of };
}
