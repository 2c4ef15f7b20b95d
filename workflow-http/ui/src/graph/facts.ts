// The second row of a card: a summary of what the step did or will do.
import type { Step, StepState } from '../run/run';
import { idOf } from '../run/outline';
import { saidWords } from '../run/agent';
import { placeWords } from '../run/log';
import { whyNot } from '../run/whyNot';
import { paceOf } from '../run/pace';
import { count, moment, plural } from '../base/format';
import type { Card } from './drawing';

/** `now` is on the server's clock. */
export function factOf(card: Card, step: Step | undefined, now: number): string {
  if (!step) return card.plan || card.type;
  switch (step.state) {
    case 'pending':
      return pendingWords(card);
    case 'running':
      if (step.progress !== undefined) return step.progress;
      if (card.streamsText) return writingWords(card, step, now);
      return card.plan || (step.attempt === 1 && step.maxAttempts && step.maxAttempts > 1 ? `attempt 1 of ${step.maxAttempts}` : '');
    case 'queued':
      return step.queue ? `${placeWords(step.queue)} for the model` : '';
    case 'retrying':
      return step.attempts.at(-1)?.error?.code ?? '';
    case 'waiting':
      if (step.wait?.kind) return HELD[step.wait.kind];
      return step.wait?.expiresAt ? `until ${moment(step.wait.expiresAt, Date.parse(step.wait.since))}` : 'waits for you';
    case 'delayed':
      return step.wait?.resumesAt ? `resumes at ${moment(step.wait.resumesAt, Date.parse(step.wait.since))}` : '';
    case 'completed':
      if (step.said) return saidWords(step.said);
      if (step.isTruncated) return 'cut off at the token limit';
      return [step.isReused ? 'reused' : step.isSet ? 'set' : '', step.progress ? doneWords(step) : outputWords(step.output)].filter(Boolean).join(' · ');
    case 'failed':
      return [step.error?.code, step.handled && (step.callIndex === undefined ? 'the workflow continued' : 'the model was told')].filter(Boolean).join(', ');
    case 'skipped':
    case 'cancelled':
      // The condition is above the card, with its value.
      return plain(whyNot(step));
  }
}

const HELD = { effect: 'held: may act', budget: 'budget used up', approval: 'to be approved' };

/** A sentence as a part of a line. */
const plain = (sentence: string): string => (sentence.charAt(0).toLowerCase() + sentence.slice(1)).replaceAll('`', '').replace(/\.$/, '');

/** What comes first is seen on a narrow card, too: the model is known, how much it wrote is not. */
function writingWords({ plan }: Card, step: Step, now: number): string {
  const pace = paceOf(step, now);
  if (!pace) return `${step.thought === '' ? 'asking' : 'thinking,'} ${plan || 'the model'}`;
  const speed = pace.perSecond === undefined ? '' : `≈${count(pace.perSecond)}/s`;
  return [`≈${count(pace.tokens)} tok`, speed, plan].filter(Boolean).join(' · ');
}

function pendingWords({ needs, plan }: Card): string {
  if (plan || needs.length === 0) return plan;
  return `after ${needs.map(idOf).join(', ')}`;
}

const doneWords = ({ items, progress }: Step): string => (items === undefined ? (progress ?? '') : plural(items, 'item'));

/** A short value as it is, else its size. */
function outputWords(output: unknown): string {
  if (output === undefined || output === null) return '';
  if (typeof output === 'string') return output.length <= 24 && !output.includes('\n') ? output : `${count(output.length)} characters`;
  if (typeof output !== 'object') return String(output);
  if (Array.isArray(output)) return plural(output.length, 'item');
  const values = Object.values(output);
  const areShort = values.length > 0 && values.every((value) => ['string', 'number', 'boolean'].includes(typeof value) && String(value).length <= 16);
  return areShort && values.length <= 3 ? values.join(', ') : plural(values.length, 'field');
}

/** The value of its condition, once it is known. */
export function verdictOf(step: Step | undefined): boolean | undefined {
  if (!step || step.state === 'pending') return undefined;
  if (step.state === 'skipped') return step.reason === 'when_false' || step.reason === 'case_not_chosen' ? false : undefined;
  return step.state === 'cancelled' && step.startedAt === undefined ? undefined : true;
}

export type WayState = 'idle' | 'passed' | 'live';

/** Live: the step that it leads to is running, with the output of the step it comes from. */
export function wayStateOf(from: Step | undefined, to: Step | undefined): WayState {
  const isDone = from?.state === 'completed' || (from?.state === 'failed' && from.handled === true);
  if (!isDone || !to || to.state === 'pending' || to.state === 'skipped') return 'idle';
  return to.state === 'running' || to.state === 'retrying' || to.state === 'queued' ? 'live' : 'passed';
}

/** Its last words, on one line. */
export const whisperOf = (step: Step | undefined): string | undefined =>
  step?.state === 'running' && step.text !== '' ? step.text.slice(-90).replaceAll(/\s+/g, ' ') : undefined;

export interface Tally {
  state: StepState;
  count: number;
}

/** The number of items in each state, including those that have not started. */
export function tallyOf(states: StepState[], items: number | undefined): Tally[] {
  const counts = new Map<StepState, number>();
  for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
  const toCome = (items ?? states.length) - states.length;
  if (toCome > 0) counts.set('pending', (counts.get('pending') ?? 0) + toCome);
  return ORDER.flatMap((state) => (counts.has(state) ? [{ state, count: counts.get(state)! }] : []));
}

const ORDER: StepState[] = ['completed', 'failed', 'running', 'queued', 'retrying', 'waiting', 'delayed', 'cancelled', 'skipped', 'pending'];
