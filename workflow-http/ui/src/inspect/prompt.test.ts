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
  const said = [
    { who: 'system', text: 'Be kind.' },
    { who: 'user', text: 'Hello you' },
    { who: 'model', text: 'Hi' },
  ];
  expect(promptOf({ request: { model: 'm', body: request }, debug: { model: 'm' } })).toEqual(said);
  // As earlier versions recorded it.
  expect(promptOf({ debug: { model: 'm', request } })).toEqual(said);
});

it.each([[undefined], [null], ['x'], [{ request: { url: 'x' } }], [{ debug: { request: { contents: [null, { parts: 'x' }] } } }]])('is nothing in %j', (kept) =>
  expect(promptOf(kept)).toEqual([]),
);
