// Formats JSON: a value that fits on one line is written on one line.

const WIDTH = 72;

/** JSON as it is written: numbers, texts and names stay character by character, and a name that stands twice stays twice. */
export type Written = string | { items: Written[] } | { members: [name: string, value: Written][] };

export const layOut = (value: unknown, indent = ''): string => layOutWritten(writtenOf(value), indent);

/** `indent`: of the line that it is on. `used`: what stands before it on that line. */
export function layOutWritten(value: Written, indent = '', used = 0): string {
  const line = onOneLine(value);
  const isShort = indent.length + used + line.length <= WIDTH;
  if (isShort || typeof value === 'string') return line;
  const inner = `${indent}  `;
  if ('items' in value) {
    const items = value.items.map((item) => inner + layOutWritten(item, inner));
    return items.length === 0 ? '[]' : `[\n${items.join(',\n')}\n${indent}]`;
  }
  const members = value.members.map(([key, member]) => {
    const name = `${key}: `;
    return inner + name + layOutWritten(member, inner, name.length + 1);
  });
  return members.length === 0 ? '{}' : `{\n${members.join(',\n')}\n${indent}}`;
}

function onOneLine(value: Written): string {
  if (typeof value === 'string') return value;
  if ('items' in value) return `[${value.items.map(onOneLine).join(', ')}]`;
  const members = value.members.map(([key, member]) => `${key}: ${onOneLine(member)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

function writtenOf(value: unknown): Written {
  if (Array.isArray(value)) return { items: value.map(writtenOf) };
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  return { members: Object.entries(value).map(([name, member]) => [JSON.stringify(name), writtenOf(member)]) };
}
