// Why a step did not run.
import { reasonOf } from './log';
import { idOf } from './outline';
import type { Step } from './run';

/** Why a step was skipped or cancelled, with its condition if that is known, or with what it needs. Code is in backquotes. */
export function whyNot({ state, reason, needs }: Pick<Step, 'state' | 'reason' | 'needs'>, when?: string): string {
  if (state !== 'skipped' && state !== 'cancelled') return '';
  if (reason === 'when_false' && when !== undefined) return `\`${when.trim()}\` was false.`;
  if (reason !== 'needs_skipped' || needs.length === 0) return reasonOf(state, reason);
  if (needs.length > FEW) return `All ${needs.length} steps it needs were skipped.`;
  return `It needs ${needs.map((need) => `\`${idOf(need)}\``).join(' and ')}, which ${needs.length === 1 ? 'was' : 'were'} skipped.`;
}

/** So many names can be read in a line. */
const FEW = 3;
