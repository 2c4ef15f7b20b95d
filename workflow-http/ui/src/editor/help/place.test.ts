import { json } from '@codemirror/lang-json';
import { EditorState } from '@codemirror/state';
import { describe, expect, it } from 'vitest';
import { placeAt, valueIn } from './place';

const stateOf = (text: string) => EditorState.create({ doc: text, extensions: [json()] });

/** The place of the `|` in a text, as a pointer, and what is written there. */
function at(text: string): string | undefined {
  const cursor = text.indexOf('|');
  const written = text.replace('|', '');
  const place = placeAt(stateOf(written), cursor);
  return place && `${place.kind} /${place.path.join('/')} ${written.slice(place.from, place.to)}`.trim();
}

describe('a place', () => {
  it.each([
    ['{ "no|des": [] }', 'name / "nodes"'],
    ['{ "nodes": [ { "id": "a" }, { "i|d": "b" } ] }', 'name /nodes/1 "id"'],
    ['{ "nodes": [ { "type": "LL|M" } ] }', 'value /nodes/0/type "LLM"'],
    ['{ "a": { "b": tr|ue } }', 'value /a/b true'],
    ['{ "a": [ 1, 2| ] }', 'value /a/1 2'],
  ])('in %s is %s', (text, place) => expect(at(text)).toBe(place));

  it.each([
    ['{ | }', 'name /'],
    ['{|', 'name /'],
    ['{ "a": 1, | }', 'name /'],
    ['{ "a": { "b": 1, |', 'name /a'],
    ['{ "a": | }', 'value /a'],
    ['{ "a": |', 'value /a'],
    ['{ "a": { "b": | }, "c": 1 }', 'value /a/b'],
    ['{ "a": fa| }', 'value /a fa'],
    ['{ "a": [ | ] }', 'value /a/0'],
    ['{ "a": [ 1, | ] }', 'value /a/1'],
  ])('of what is not written yet, %s, is %s', (text, place) => expect(at(text)).toBe(place));

  it.each(['|', '{ "a": 1 | }', '{ "a" | }', '[] |'])('is none in %s', (text) => expect(at(text)).toBeUndefined());
});

it('the value is what is written so far', () => {
  expect(valueIn(stateOf('{ "nodes": [ { "id": "a", "data": {'))).toEqual({ nodes: [{ id: 'a', data: {} }] });
  expect(valueIn(stateOf('{ "a": , "b": [1, tru'))).toMatchObject({ b: [1] });
  expect(valueIn(stateOf(''))).toBeUndefined();
});
