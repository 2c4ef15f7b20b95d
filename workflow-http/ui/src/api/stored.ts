import { own } from '../base/ownProperty';
import { getWorkflow, listWorkflows } from './client';
import type { Workflow } from './types';

/** The number of pages of the list to search, newest first. */
const PAGES = 4;

/** A stored workflow with the same name and content, so that an example is not stored twice. */
export async function findStored(spec: unknown): Promise<Workflow | undefined> {
  const name = own(spec, 'name');
  let cursor: string | undefined;
  for (let page = 0; page < PAGES; page += 1) {
    const { items, next_cursor } = await listWorkflows(cursor);
    for (const { id } of items.filter((item) => item.name === name)) {
      const workflow = await getWorkflow(id, undefined).catch(() => undefined);
      if (workflow && JSON.stringify(workflow.spec) === JSON.stringify(spec)) return workflow;
    }
    if (!next_cursor) return undefined;
    cursor = next_cursor;
  }
  return undefined;
}
