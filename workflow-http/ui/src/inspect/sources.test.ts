import { expect, it } from 'vitest';
import { queriesOf, sourcesOf } from './sources';

it('sources are each there once, and followed only to the web', () => {
  const metadata = {
    grounding: {
      webSearchQueries: ['tides', 7],
      groundingChunks: [
        { web: { uri: 'https://a.example/1', title: 'a.example' } },
        { web: { uri: 'https://a.example/1', title: 'a.example' } },
        { maps: { uri: 'https://maps.example/x', title: 'Harbour' } },
        { retrievedContext: { title: 'notes.pdf', text: 'words' } },
        { web: { uri: 'javascript:alert(1)', title: 'bad' } },
        {},
        null,
      ],
    },
    url_context: { urlMetadata: [{ retrievedUrl: 'https://b.example/', urlRetrievalStatus: 'URL_RETRIEVAL_STATUS_SUCCESS' }] },
    citations: { citationSources: [{ uri: 'https://c.example/', startIndex: 1 }] },
  };
  expect(sourcesOf(metadata)).toEqual([
    { title: 'a.example', to: 'https://a.example/1' },
    { title: 'Harbour', to: 'https://maps.example/x' },
    { title: 'notes.pdf' },
    { title: 'bad' },
    { title: 'https://b.example/', to: 'https://b.example/' },
    { title: 'https://c.example/', to: 'https://c.example/' },
  ]);
  expect(queriesOf(metadata)).toEqual(['tides']);
});

it.each([undefined, null, 7, [], {}, { grounding: { omitted: { bytes: 70000 } } }, { grounding: { groundingChunks: 'x' } }])('%j has none', (metadata) => {
  expect(sourcesOf(metadata)).toEqual([]);
  expect(queriesOf(metadata)).toEqual([]);
});
