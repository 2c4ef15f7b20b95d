// What the server knows that the text does not say: the language, and the workflows that can be called.
import { getSchema, getWorkflow, listWorkflows } from '../../api/client';
import type { WorkflowItem } from '../../api/types';
import { own } from '../../base/ownProperty';
import { ON_FAILURE } from '../../run/outline';
import { bodiesOf, toolsOf } from '../bodies';
import type { Schema } from './schema';
import type { Known } from './sight';

let language: Promise<Schema | undefined> | undefined;

/** Loaded once, when it is first needed. Without it there is no help; all else works. */
const loadLanguage = (): Promise<Schema | undefined> => (language ??= getSchema().catch(() => (language = undefined)));

/** What is needed to help with this specification. */
export async function knownFor(spec: unknown): Promise<Known | undefined> {
  const language = await loadLanguage();
  if (!language) return undefined;
  const specs = await Promise.all(callsIn(spec).map(async (name) => [name, await loadSpec(name)] as const));
  return { language, called: new Map(specs.filter(([, spec]) => spec !== undefined)) };
}

/** How long a list of the stored workflows is used. */
const FRESH_FOR = 5000;
let stored: { at: number; items: Promise<WorkflowItem[]> } | undefined;
const loaded = new Map<string, Promise<unknown>>();

/** The stored workflows, newest first. */
export function storedWorkflows(): Promise<WorkflowItem[]> {
  if (!stored || performance.now() - stored.at > FRESH_FOR) {
    const items = listWorkflows().then(
      ({ items }) => items,
      () => [],
    );
    stored = { at: performance.now(), items };
  }
  return stored.items;
}

async function loadSpec(name: string): Promise<unknown> {
  const item = (await storedWorkflows()).find((item) => item.name === name || item.id === name);
  if (!item) return undefined;
  const version = `${item.id} ${item.version}`;
  if (!loaded.has(version))
    loaded.set(
      version,
      getWorkflow(item.id, undefined).then(
        ({ spec }) => spec,
        () => undefined,
      ),
    );
  return loaded.get(version);
}

/** The names and ids of the workflows that are called. */
function callsIn(spec: unknown): string[] {
  const found = new Set<unknown>();
  const visit = (nodes: unknown) => {
    for (const node of Array.isArray(nodes) ? nodes : []) {
      const data = own(node, 'data');
      if (own(node, 'type') === 'WorkflowNode') found.add(own(data, 'workflow'));
      for (const { tool } of toolsOf(data)) found.add(tool.workflow);
      for (const { nodes } of bodiesOf(data)) visit(nodes);
    }
  };
  visit(own(spec, 'nodes'));
  visit(own(spec, ON_FAILURE));
  return [...found].filter((name) => typeof name === 'string' && name !== '') as string[];
}
