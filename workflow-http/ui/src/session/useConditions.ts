// The conditions of the steps of the run on the page. Its events do not have them, so they come from the stored text, if that is
// the version that runs: what was edited since is no reason for what happened.
import { useMemo } from 'react';
import { own } from '../base/ownProperty';
import { bodiesOf } from '../editor/bodies';
import { ON_FAILURE } from '../run/outline';
import { runOf, useSession } from './session';

/** The condition of a step, by its path in the text. */
export type Conditions = (written: string) => string | undefined;

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
  collect(own(spec, 'nodes'), '', found);
  collect(own(spec, ON_FAILURE), `${ON_FAILURE}/`, found);
  return (written) => found.get(written);
}

/** The conditions of the nodes in a list. */
function collect(nodes: unknown, before: string, found: Map<string, string>): void {
  if (!Array.isArray(nodes)) return;
  for (const node of nodes) {
    const [id, when] = [own(node, 'id'), own(node, 'when')];
    if (typeof id !== 'string') continue;
    if (typeof when === 'string') found.set(before + id, when);
    for (const { tool, nodes } of bodiesOf(own(node, 'data'))) collect(nodes, `${before}${id}/${tool === undefined ? '' : `${tool}/`}`, found);
  }
}
