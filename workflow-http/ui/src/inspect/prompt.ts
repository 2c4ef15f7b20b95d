// The prompt in what a model was sent.

export interface Said {
  who: string;
  text: string;
}

/** What was said to the model, part by part, if `kept` holds a request of the Gemini API. */
export function promptOf(kept: unknown): Said[] {
  const request = field(kept, 'request');
  const system = textOf(field(request, 'systemInstruction'));
  const contents = field(request, 'contents');
  const turns = Array.isArray(contents) ? contents.map((turn: unknown) => ({ who: String(field(turn, 'role') ?? 'user'), text: textOf(turn) })) : [];
  return [...(system ? [{ who: 'system', text: system }] : []), ...turns].filter(({ text }) => text !== '');
}

function textOf(turn: unknown): string {
  const parts = field(turn, 'parts');
  if (!Array.isArray(parts)) return '';
  return parts.map((part: unknown) => field(part, 'text')).filter((text) => typeof text === 'string').join('');
}

const field = (holder: unknown, name: string): unknown =>
  typeof holder === 'object' && holder !== null ? (holder as Record<string, unknown>)[name] : undefined;
