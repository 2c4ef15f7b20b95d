// How the page writes numbers, times and ids.

/** 4 ms, 3.2 s, 1m 22s, 18m, 5h, 3d: the unit rises with the size. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 600) return `${Math.floor(whole / 60)}m ${whole % 60}s`;
  // What is just below a bound is rounded up to it, so the rounded number is compared.
  const minutes = Math.round(whole / 60);
  if (minutes < 120) return `${minutes}m`;
  const hours = Math.round(whole / 3600);
  if (hours < 48) return `${hours}h`;
  return `${Math.round(whole / 86_400)}d`;
}

/** In full to 9,999, then 18.4k. */
export function count(n: number): string {
  if (n < 10_000) return n.toLocaleString('en-US');
  if (n < 1_000_000) return `${(n / 1000).toFixed(1)}k`;
  return `${(n / 1_000_000).toFixed(1)}M`;
}

export const plural = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? '' : 's'}`;

const ENDINGS = { one: 'st', two: 'nd', few: 'rd', other: 'th' } as const;
const ordinals = new Intl.PluralRules('en', { type: 'ordinal' });

/** 1st, 12th, 23rd. */
export const ordinal = (n: number): string => `${n.toLocaleString('en-US')}${ENDINGS[ordinals.select(n) as keyof typeof ENDINGS]}`;

/** 12:04:09.4, in the reader's time zone. */
export function clock(time: string): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return '';
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${Math.floor(at.getMilliseconds() / 100)}`;
}

/** 14:05, tomorrow 14:05, 3 Mar 14:05: as much of a time as is needed to know it. */
export function moment(time: string, now: number): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return '';
  const day = (n: number) => new Date(new Date(now).getFullYear(), new Date(now).getMonth(), new Date(now).getDate() + n).toDateString();
  const minutes = clock(time).slice(0, 5);
  if (at.toDateString() === day(0)) return minutes;
  if (at.toDateString() === day(1)) return `tomorrow ${minutes}`;
  const isThisYear = at.getFullYear() === new Date(now).getFullYear();
  return `${at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', ...(isThisYear ? {} : { year: 'numeric' }) })} ${minutes}`;
}

/** How long ago: now, 2m, 5h, 3d. */
export function age(time: string, now: number): string {
  const ms = now - Date.parse(time);
  if (Number.isNaN(ms)) return '';
  if (ms < 60_000) return 'now';
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)}m`;
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)}h`;
  return `${Math.floor(ms / 86_400_000)}d`;
}

/** What a run was given, in a few words: the first text in it. */
export function titleOf(excerpt: string): string {
  const first = /^\s*[[{][^"]*(?:"(?:[^"\\]|\\.)*"\s*:[\s[{]*)*"((?:[^"\\]|\\.)*)/.exec(excerpt)?.[1];
  const text = (first ?? excerpt)
    .replaceAll(/\\n|\s+/g, ' ')
    .replaceAll('\\"', '"')
    .trim();
  return text === '' || text === 'null' || text === '""' ? 'No input' : text;
}

/** Any JSON as text: strings as they are, the rest laid out. */
export const asText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? ''));

/** Any JSON on one line. */
export const asLine = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** A sentence as it is shown: with a capital, unless it begins with code. */
export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A sentence that another one follows. */
export const ended = (text: string): string => (/[.?!…]$/.test(text) ? text : `${text}.`);

/** A sentence cut at its code, which the server writes between backquotes. */
export const parts = (text: string): { text: string; isCode: boolean }[] =>
  text
    .split(/`([^`]+)`/)
    .map((part, index) => ({ text: part, isCode: index % 2 === 1 }))
    .filter((part) => part.text !== '');

export const isMac: boolean = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.userAgent);
