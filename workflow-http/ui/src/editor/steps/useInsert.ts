// Inserts a node into the workflow text, from wherever on the page it is asked for.
import { useCallback } from 'react';
import { currentTypes, TOOL_CALL } from '../../api/nodeTypes';
import { containerOf } from '../../run/outline';
import { writtenOf } from '../../run/run';
import { runOf, useChoiceActions, useEditor, useSession } from '../../session/session';
import { toast } from '../../parts/Toast';
import { knownFor } from '../help/server';
import type { Path } from '../help/schema';
import { writtenAt, type Outline } from '../useCheck';
import { insertNode, type Target } from './insert';

/** Two steps of one list, by their paths. */
export interface Edge {
  from: string;
  to: string;
}

/** Without an edge, the node follows the step that a person chose, or is the last one of the workflow. */
export function useInsert(edge?: Edge): (type: string) => Promise<void> {
  const text = useSession((session) => session.text.text);
  const outline = useSession((session) => session.text.check.outline);
  const chosen = useSession((session) => {
    const { chosen, isPicked } = session.choice;
    return isPicked && chosen !== undefined ? writtenOf(runOf(session), chosen) : undefined;
  });
  const editor = useEditor();
  const { choose } = useChoiceActions();
  return useCallback(
    async (type) => {
      const target = edge ? between(outline, edge) : behind(outline, chosen);
      const known = await knownFor(jsonOf(text));
      const insertion = known && target && insertNode(text, type, target, { known, types: currentTypes() });
      if (!known) toast('The server does not answer. Try again.');
      else if (!insertion) toast('The text has no list of nodes yet. Fix its first fault, then add a step.');
      else {
        editor.current?.insert(insertion);
        choose(insertion.step);
        toast(`Added ${insertion.step}.`);
      }
    },
    [edge, text, outline, chosen, editor, choose],
  );
}

function behind(outline: Outline[], chosen: string | undefined): Target | undefined {
  const written = chosen === undefined ? undefined : writtenAt(outline, chosen);
  const step = outline.find(({ path }) => path === written);
  if (step?.type === TOOL_CALL) return inTool(step, outline);
  if (step) return placeOf(step, 1);
  return { list: ['nodes'], index: outline.filter(({ depth }) => depth === 0).length };
}

function between(outline: Outline[], { from, to }: Edge): Target | undefined {
  const [source, target] = [from, to].map((path) => outline.find((step) => step.path === path));
  return source && target && { ...placeOf(target, 0), between: { from: source.id, to: target.id } };
}

/** After the nodes of a tool; after the agent, if the tool calls a workflow. */
function inTool({ path, pointer, node }: Outline, outline: Outline[]): Target | undefined {
  if (Array.isArray(node.nodes)) return { list: [...pathOf(pointer), 'nodes'], index: node.nodes.length };
  const agent = outline.find((step) => step.path === containerOf(path));
  return agent && placeOf(agent, 1);
}

/** The place of a step in its list, or after it. */
function placeOf({ pointer }: Outline, by: number): Target {
  const path = pathOf(pointer);
  return { list: path.slice(0, -1), index: Number(path.at(-1)) + by };
}

const pathOf = (pointer: string): Path =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
