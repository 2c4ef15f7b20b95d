// What is being written at a position in a template or expression: a reference, a filter, a test or a statement.

export interface Word {
  kind: 'reference' | 'filter' | 'test' | 'statement';
  /** Of a reference: what stands before the name that is being written, such as `a.output`. */
  path: string;
  /** How many characters of the word are written. */
  written: number;
}

/** `for` and `set` define a name for the rest of the block. */
export interface Defined {
  name: string;
  /** The expression of its value, or of the list whose items it has. */
  value: string;
  isItem: boolean;
}

/** `text`: the JSON text of a string up to the position. `isBare`: the string is an expression, without braces. */
export function wordAt(text: string, isBare: boolean): Word | undefined {
  const code = isBare ? text : openTag(text);
  if (code === undefined || isInText(code)) return undefined;
  const statement = /^%-?\s*(\w*)$/.exec(code);
  if (statement) return { kind: 'statement', path: '', written: statement[1]!.length };
  const filter = /\|\s*(\w*)$/.exec(code);
  if (filter) return { kind: 'filter', path: '', written: filter[1]!.length };
  const test = /\bis\s+(?:not\s+)?(\w*)$/.exec(code);
  if (test) return { kind: 'test', path: '', written: test[1]!.length };
  const name = /(?:^|[^\w.'"\])])((?:[A-Za-z_]\w*(?:\[\d+\]|\['[^']*'\])*\.)*)([A-Za-z_]\w*)?$/.exec(code);
  // A new name is not one that exists: `{% for item in …`.
  if (!name || /^%-?\s*(?:for|set|with)\s+\w*$/.test(code)) return undefined;
  const [, path = '', word = ''] = name;
  if (isComplete(code.slice(0, code.length - path.length - word.length).trimEnd())) return undefined;
  return { kind: 'reference', path: path.replace(/\.$/, ''), written: word.length };
}

/** The names that the template defines before its end, the innermost last. */
export function definedIn(text: string): Defined[] {
  const open: Defined[][] = [[]];
  for (const [, word, rest] of text.matchAll(/\{%-?\s*(\w+)\s*(.*?)-?%\}/gs)) {
    if (word === 'for' || word === 'with') open.push(definition(word, rest!));
    else if (word === 'endfor' || word === 'endwith') open.pop();
    else if (word === 'set') open.at(-1)?.push(...definition(word, rest!));
  }
  return open.flat();
}

function definition(word: string, rest: string): Defined[] {
  const [, name, value] = (word === 'for' ? /^(\w+)\s+in\s+(.*?)\s*$/s : /^(\w+)\s*=\s*(.*?)\s*$/s).exec(rest) ?? [];
  return name === undefined || value === undefined ? [] : [{ name, value, isItem: word === 'for' }];
}

/** Whether a value ends here, so that no other can follow. */
const isComplete = (code: string): boolean => /[\w)\]'"]$/.test(code) && !/(?:^|\W)(?:and|or|not|in|if|elif|else|is)$/.test(code);

/** The code after the last brace that is open. */
function openTag(text: string): string | undefined {
  const at = Math.max(text.lastIndexOf('{{'), text.lastIndexOf('{%'));
  if (at < 0) return undefined;
  const code = text.slice(at + 1);
  if (code.includes('}}') || code.includes('%}')) return undefined;
  return code.startsWith('{') ? code.slice(1) : code;
}

/** Whether a text in quotes is open. In JSON, a double quote has a backslash before it. */
function isInText(code: string): boolean {
  let quote = '';
  for (const [mark] of code.matchAll(/\\?"|'/g)) {
    if (quote === '') quote = mark;
    else if (quote === mark) quote = '';
  }
  return quote !== '';
}
