// The lists of the side, read once for all that show them.
import { useCallback, useState } from 'react';
import { listRuns, listWorkflows, type RunFilter } from '../api/client';
import type { Page, RunItem, RunPage, WorkflowItem } from '../api/types';
import { useSession } from '../session/session';
import { usePages, type Pages } from './usePages';

export type RunStates = 'all' | 'live' | RunItem['status'];

export interface Lists {
  workflows: Pages<WorkflowItem>;
  runs: Pages<RunItem, RunPage>;
  states: RunStates;
  setStates: (states: RunStates) => void;
  /** Whose runs are listed, if not everybody's. */
  of: string | undefined;
}

const PAGE = 30;

const LIVE = ['queued', 'running', 'waiting'] as const;

export function useLists(): Lists {
  const [states, setStates] = useState<RunStates>('all');
  const of = useSession(({ address: { at }, text: { saved } }) => (at === 'workflow' || at === 'run' ? saved?.id : undefined));
  const stamp = useSession(({ runId, view: { run }, text: { saved } }) => `${runId} ${run?.status} ${saved?.id} ${saved?.version}`);
  const workflows = usePages<WorkflowItem, Page<WorkflowItem>>(listWorkflows, stamp);
  const read = useCallback((cursor?: string) => readRuns({ ...(of === undefined ? {} : { workflow_id: of }) }, states, PAGE, cursor), [of, states]);
  const runs = usePages<RunItem, RunPage>(read, stamp);
  return { workflows, runs, states, setStates, of };
}

/** A run that is queued, running or waiting is live. The server lists one state at a time, and there are never many of these. */
export async function readRuns(filter: RunFilter, states: RunStates, limit: number, cursor?: string): Promise<RunPage> {
  if (states !== 'live') return listRuns(states === 'all' ? filter : { ...filter, status: states }, limit, cursor);
  const [first, ...rest] = await Promise.all(LIVE.map((status) => listRuns({ ...filter, status }, limit)));
  const items = [first!, ...rest].flatMap((page) => page.items).sort((one, other) => other.created_at.localeCompare(one.created_at));
  return { ...first!, items, next_cursor: null };
}
