// A JSON parser with positions: a span for each JSON pointer, or the first syntax error.

export interface Range {
  from: number;
  to: number;
}

export interface Span extends Range {
  /** The name of this value in its object, with quotes. */
  name?: Range;
}

export interface SyntaxFault {
  at: number;
  detail: string;
  hint?: string;
}

export type Scan = { spans: Map<string, Span>; fault?: undefined } | { fault: SyntaxFault; spans?: undefined };

const DEEPEST = 200;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON refuses them in strings
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SPACE = /[ \t\r\n]*/y;

class Stop extends Error {
  readonly fault: SyntaxFault;

  constructor(fault: SyntaxFault) {
    super(fault.detail);
    this.fault = fault;
  }
}

const BYTE_ORDER_MARK = '\uFEFF';

/** What a text is meant to be that is no JSON, from its first characters. */
function hintFor(text: string): string | undefined {
  if (/^['\u2018-\u201f]/.test(text)) return 'Write text in double quotes.';
  if (/^(?:\/[/*]|#)/.test(text)) return 'JSON has no comments. Remove it.';
  const word = /^(?:None|True|False|undefined)\b/.exec(text)?.[0];
  return word && `Write \`${word === 'True' || word === 'False' ? word.toLowerCase() : 'null'}\`.`;
}

/** The JSON in what was pasted: without a byte-order mark and without the Markdown fence around it. */
export function withoutWrapping(text: string): string {
  const bare = text.replace(/^\uFEFF/, '');
  return /^\s*```[\w-]*[ \t]*\r?\n([\s\S]*?)\r?\n?[ \t]*```\s*$/.exec(bare)?.[1] ?? bare;
}

export function scan(text: string): Scan {
  const spans = new Map<string, Span>();
  let at = 0;

  const stop = (detail: string, hint?: string, where = at): never => {
    throw new Stop({ at: where, detail, ...(hint ? { hint } : {}) });
  };
  const take = (token: RegExp): Range | undefined => {
    token.lastIndex = at;
    const match = token.exec(text);
    if (!match) return undefined;
    const from = at;
    at += match[0].length;
    return { from, to: at };
  };
  const next = (): string | undefined => {
    take(SPACE);
    return text[at];
  };
  const string = (): Range =>
    take(STRING) ?? stop('This text in quotes does not end as it should.', 'Close the quotes on the same line and write a backslash as `\\\\`.');

  /** What other programs put before JSON. */
  const preamble = () => {
    if (text[at] === BYTE_ORDER_MARK) stop('The text begins with a byte-order mark, which is no JSON.', 'Remove it.');
    if (text.startsWith('```', at)) stop('The JSON stands in a Markdown fence.', 'Remove the lines that begin with three backquotes.');
  };

  const value = (pointer: string, depth: number, name?: Range): void => {
    const first = next();
    const from = at;
    if (depth > DEEPEST) stop(`Nested more than ${DEEPEST} levels deep.`);
    if (pointer === '') preamble();
    if (first === '{') object(pointer, depth);
    else if (first === '[') array(pointer, depth);
    else if (first === '"') string();
    else if (first === undefined) stop('The text ends too early.', 'A value is missing here.');
    else if (!take(NUMBER) && !take(WORD)) stop('A value is missing here.', hintFor(text.slice(at, at + 8)));
    spans.set(pointer, { from, to: at, ...(name ? { name } : {}) });
  };

  /** The members of an object or array: one, a comma, one more, until `close`. */
  const members = (close: '}' | ']', member: (index: number) => void): void => {
    at += 1;
    if (next() === close) {
      at += 1;
      return;
    }
    for (let index = 0; ; index += 1) {
      member(index);
      const after = next();
      if (after === close) {
        at += 1;
        return;
      }
      if (after !== ',') {
        if (after === undefined) stop(`The text ends before \`${close}\`.`);
        stop(`A comma or \`${close}\` is missing here.`);
      }
      const comma = at;
      at += 1;
      if (next() === close) stop(`This comma stands before \`${close}\`.`, 'Remove it.', comma);
    }
  };

  const object = (pointer: string, depth: number) =>
    members('}', () => {
      if (next() !== '"') stop('A name in double quotes is missing here.', hintFor(text.slice(at, at + 8)));
      const name = string();
      const key = JSON.parse(text.slice(name.from, name.to)) as string;
      if (next() !== ':') stop('A colon is missing here.');
      at += 1;
      value(`${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, depth + 1, name);
    });

  const array = (pointer: string, depth: number) => members(']', (index) => value(`${pointer}/${index}`, depth + 1));

  try {
    value('', 0);
    if (next() !== undefined) stop('There is more text after the end of the JSON.');
    return { spans };
  } catch (error) {
    if (error instanceof Stop) return { fault: error.fault };
    throw error;
  }
}

/** The text a pointer means. Of what is not there, the nearest thing around it; of what is long, its name or its first line. `isName`: it means the name. */
export function rangeOf(spans: Map<string, Span>, pointer: string, text: string, isName = false): Range {
  let path = decode(pointer);
  let span = spans.get(path);
  while (!span && path !== '') {
    path = path.slice(0, path.lastIndexOf('/'));
    span = spans.get(path);
  }
  if (!span) return { from: 0, to: Math.min(1, text.length) };
  const isLong = text[span.from] === '{' || text[span.from] === '[';
  if (isName && span.name) return span.name;
  if (!isLong) return { from: span.from, to: span.to };
  if (span.name) return span.name;
  const line = text.indexOf('\n', span.from);
  return { from: span.from, to: line < 0 || line > span.to ? span.to : line };
}

function decode(pointer: string): string {
  const path = pointer.replace(/^#/, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Line and column, both counted from 1. */
export function positionOf(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at);
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') };
}
