// The prompt in what a model was sent.
import { own } from '../base/ownProperty';

export interface PromptPart {
  who: string;
  text: string;
}

/** What was said to the model, part by part, if the attempt recorded a request of the Gemini API: on its own, or in logs of earlier versions within `debug`. */
export function promptOf(attempt: unknown): PromptPart[] {
  const request = own(own(attempt, 'request'), 'body') ?? own(own(attempt, 'debug'), 'request');
  const system = textOf(own(request, 'systemInstruction'));
  const contents = own(request, 'contents');
  const turns = Array.isArray(contents) ? contents.map((turn: unknown) => ({ who: String(own(turn, 'role') ?? 'user'), text: textOf(turn) })) : [];
  return [...(system ? [{ who: 'system', text: system }] : []), ...turns].filter(({ text }) => text !== '');
}

function textOf(turn: unknown): string {
  const parts = own(turn, 'parts');
  if (!Array.isArray(parts)) return '';
  return parts
    .map((part: unknown) => own(part, 'text'))
    .filter((text) => typeof text === 'string')
    .join('');
}
