// The budget of the next run, remembered for each workflow.
import { useSyncExternalStore } from 'react';
import type { Problem } from '../api/types';
import { readStored, writeStored } from '../base/storage';
import { NO_BUDGET, readBudget, type WrittenBudget } from '../run/writtenBudget';

const KEY = 'workflow-budgets';
/** The oldest over this number are dropped. */
const MOST = 30;

let all: ReadonlyMap<string, WrittenBudget> | undefined;
const listeners = new Set<() => void>();

const budgets = (): ReadonlyMap<string, WrittenBudget> => (all ??= stored());

function stored(): ReadonlyMap<string, WrittenBudget> {
  try {
    const found = JSON.parse(readStored('localStorage', KEY) ?? '[]') as [string, Partial<WrittenBudget>][];
    return new Map(found.map(([id, budget]) => [id, { ...NO_BUDGET, ...budget }]));
  } catch {
    return new Map();
  }
}

/** `workflow`: its id, or `NEW`. */
export const writtenBudget = (workflow: string): WrittenBudget => budgets().get(workflow) ?? NO_BUDGET;

export function writeBudget(workflow: string, budget: WrittenBudget): void {
  const others = [...budgets()].filter(([id]) => id !== workflow);
  const isEmpty = JSON.stringify(budget) === JSON.stringify(NO_BUDGET);
  all = new Map([...others, ...(isEmpty ? [] : [[workflow, budget] as const])].slice(-MOST));
  writeStored('localStorage', KEY, JSON.stringify([...all]));
  for (const listener of listeners) listener();
}

/** A workflow that was stored for the first time has another id. */
export function moveBudget(from: string, to: string): void {
  if (from === to || !budgets().has(from)) return;
  writeBudget(to, writtenBudget(from));
  writeBudget(from, NO_BUDGET);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export const useWrittenBudget = (workflow: string): WrittenBudget => useSyncExternalStore(subscribe, () => writtenBudget(workflow));

/** Why the budget cannot be sent. */
export function budgetProblem(workflow: string): Problem | undefined {
  const { faults } = readBudget(writtenBudget(workflow));
  return faults[0] && { code: 'invalid_value', detail: `The budget of the run: ${faults[0].detail}`, errors: faults };
}

/** The field of a request; empty if nothing is limited. */
export function budgetField(written: WrittenBudget): { budget?: NonNullable<ReturnType<typeof readBudget>['budget']> } {
  const { budget } = readBudget(written);
  return budget ? { budget } : {};
}
