// The conditions of the steps of the run on the page. Its events do not have them, so they come from the stored text, if that is
// the version that runs: what was edited since is no reason for what happened.
import { useMemo } from 'react';
import { own } from '../base/ownProperty';
import { runOf, useSession } from './session';

/** The condition of a step, by its path in the run. */
export type Conditions = (path: string) => string | undefined;

export function useConditions(): Conditions {
  const text = useSession((session) => {
    const { saved } = session.text;
    const run = runOf(session);
    return saved !== null && saved.id === run?.workflowId && saved.version === run.version ? saved.text : undefined;
  });
  return useMemo(() => conditionsIn(text === undefined ? undefined : JSON.parse(text)), [text]);
}

export function conditionsIn(spec: unknown): Conditions {
  const found = new Map<string, string>();
  collect(spec, '', found);
  return (path) =>
    found.get(
      path
        .split('/')
        .filter((part) => !/^\d/.test(part))
        .join('/'),
    );
}

/** The conditions of the nodes in a workflow or a body. */
function collect(holder: unknown, before: string, found: Map<string, string>): void {
  const nodes = own(holder, 'nodes');
  if (!Array.isArray(nodes)) return;
  for (const node of nodes) {
    const [id, when] = [own(node, 'id'), own(node, 'when')];
    if (typeof id !== 'string') continue;
    if (typeof when === 'string') found.set(before + id, when);
    collect(own(node, 'data'), `${before}${id}/`, found);
  }
}
