// The answers to an approval, and the form of the arguments.
import type { AskedCall, Fault } from '../api/types';
import { formOf, type Field } from '../form/fields';
import { isSameJson, jsonOf, valueFrom } from '../form/values';

/** What a person says: nothing more to approve the call as it is, other arguments, or why it is refused. */
export type Said = { args: unknown } | { reason: string } | undefined;

export function answerOf({ args }: AskedCall, said: Said): unknown {
  if (said && 'reason' in said) {
    const reason = said.reason.trim();
    return { action: 'refuse', ...(reason === '' ? {} : { reason }) };
  }
  // Arguments that were looked at and left alone are those of the model.
  return { action: 'approve', ...(said && !isSameJson(said.args, args) ? { args: said.args } : {}) };
}

/** A form that can say all that the arguments say; else they are JSON. */
export function argsFormOf({ args, input }: AskedCall): Field | null {
  const form = formOf(input);
  return form?.kind === 'group' && isSameJson(jsonOf(form, valueFrom(form, args)).json, args) ? form : null;
}

/** The faults of an answer, as faults of the arguments in it. */
export const faultsOfArgs = (faults: Fault[]): Fault[] => faults.map((fault) => ({ ...fault, pointer: fault.pointer.replace(/^#\/args(?=\/|$)/, '#') }));
