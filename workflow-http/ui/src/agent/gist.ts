// Turns and calls in a few words.
import { saidWords, short, type AgentTurn } from '../run/agent';
import type { Step } from '../run/run';

/** What a turn did and said. */
export const gistOf = ({ said, step }: AgentTurn): string =>
  said.calls?.length ? saidWords(said) : short(said.output ?? said.text ?? step?.text ?? step?.error?.detail ?? '');

/** What became of a call: its result, or what the model was told instead. */
export function resultWords(step: Step | undefined): string {
  if (step?.state === 'failed') return short(step.error?.detail);
  return step?.output === undefined ? '' : short(step.output);
}

/** What a person decided. */
export function decisionWords({ decision }: Pick<Step, 'decision'>): string {
  if (!decision) return '';
  if (!decision.isApproved) return decision.reason === undefined ? 'A person refused the call.' : `A person refused the call: ${decision.reason}`;
  return 'args' in decision ? 'A person approved the call with other arguments.' : 'A person approved the call.';
}

/** The word for the state of a call, where it is not the usual one. */
export function callWord({ state, error, handled }: Step): string | undefined {
  if (state !== 'failed') return undefined;
  if (error?.code === 'refused') return 'Refused';
  return error?.code === 'expired' ? 'Expired' : handled ? 'Failed, model told' : undefined;
}
