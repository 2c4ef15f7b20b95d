// Where a run came from, in a sentence around the link to the earlier run. Code is in backquotes.
import { asLine, plural } from '../base/format';
import { hasEnded, type Run } from './run';

export interface OriginWords {
  before: string;
  after: string;
}

/** `undefined` for a run that was started with an input only. */
export function originWords(run: Run): OriginWords | undefined {
  const { retry_of, continues, from, only } = run.origin;
  if (retry_of === undefined) return undefined;
  const results = withWords(run);
  const end = `${[results && ` ${results}`, ...settings(run)].join(', ')}.${unreachedWords(run)}`;
  if (only !== undefined) return { before: `Only ${code(only)}, with the results of `, after: end };
  if (continues) return { before: 'Continued from ', after: end };
  if (from !== undefined) return { before: `Run again from ${code(from)} of `, after: end };
  return { before: 'Another run of ', after: end };
}

function withWords(run: Run): string {
  const { continues, only } = run.origin;
  if (only !== undefined) return '';
  const reused = [...run.steps.values()].filter((step) => step.isReused).length;
  const leftOut = continues?.left_out ?? 0;
  const words = reused === 0 ? (continues && hasEnded(run) ? 'with no result reused' : '') : `with ${plural(reused, 'result')} reused`;
  return leftOut === 0 ? words : `${words}${words && ' and '}${words ? '' : 'with '}${count(leftOut)} too large to take over`;
}

const count = (n: number): string => plural(n, 'result');

function settings({ origin: { continues, from, overrides = {} } }: Run): string[] {
  const all = Object.entries(overrides);
  const shown = all.slice(0, FEW).map(([path, output]) => `${code(path)} set to ${valueWords(output)}`);
  return [
    ...(continues && from !== undefined ? [`${code(from)} run again in any case`] : []),
    ...shown,
    ...(all.length > FEW ? [`${plural(all.length - FEW, 'more output')} set`] : []),
  ];
}

function unreachedWords(run: Run): string {
  const unreached = Object.keys(run.origin.overrides ?? {}).filter((path) => !run.steps.get(path)?.isSet);
  if (!hasEnded(run) || unreached.length === 0) return '';
  return ` ${unreached.slice(0, FEW).map(code).join(' and ')}${unreached.length > FEW ? ' and others' : ''} ${unreached.length === 1 ? 'was' : 'were'} not reached.`;
}

/** So many outputs that were set are named. */
const FEW = 2;
const LONGEST = 40;

export const code = (text: string): string => `\`${text.replaceAll('`', '’')}\``;

/** A short value as it is. */
export function valueWords(value: unknown): string {
  const line = asLine(value);
  return code(line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line === '' ? '""' : line);
}
