import { expect, it } from 'vitest';
import { promptOf } from './prompt';

it('is the system instruction and each turn', () => {
  const request = {
    systemInstruction: { parts: [{ text: 'Be kind.' }] },
    contents: [
      { role: 'user', parts: [{ text: 'Hello ' }, { inlineData: {} }, { text: 'you' }] },
      { role: 'model', parts: [{ text: 'Hi' }] },
    ],
  };
  expect(promptOf({ request })).toEqual([
    { who: 'system', text: 'Be kind.' },
    { who: 'user', text: 'Hello you' },
    { who: 'model', text: 'Hi' },
  ]);
});

it.each([[undefined], [null], ['x'], [{ request: { contents: [null, { parts: 'x' }] } }]])('is nothing in %j', (kept) => expect(promptOf(kept)).toEqual([]));
