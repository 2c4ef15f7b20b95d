// The sources of a grounded answer, from the metadata of the model's API.
import { own } from '../base/ownProperty';
import { linkOf } from '../parts/link';

export interface Source {
  title: string;
  /** A URL that is safe to link. */
  to?: string;
}

/** Of more sources the first are listed. */
const MOST = 100;

/** Web pages, places, files, pages that were read and works that are quoted; each once. */
export function sourcesOf(metadata: unknown): Source[] {
  const found = [
    ...list(metadata, 'grounding', 'groundingChunks').map((chunk) => own(chunk, 'web') ?? own(chunk, 'maps') ?? own(chunk, 'retrievedContext')),
    ...list(metadata, 'url_context', 'urlMetadata').map((page) => ({ uri: own(page, 'retrievedUrl') })),
    ...list(metadata, 'citations', 'citationSources'),
    ...list(metadata, 'citations', 'citations'),
  ];
  const sources = new Map<string, Source>();
  for (const one of found) {
    const uri = text(own(one, 'uri'));
    const title = text(own(one, 'title')) ?? uri;
    if (title === undefined || sources.size >= MOST) continue;
    const to = uri === undefined ? undefined : linkOf(uri);
    const key = uri ?? title;
    if (!sources.has(key)) sources.set(key, { title, ...(to === undefined ? {} : { to }) });
  }
  return [...sources.values()];
}

/** What was searched for. */
export const queriesOf = (metadata: unknown): string[] => list(metadata, 'grounding', 'webSearchQueries').flatMap((query) => text(query) ?? []);

function list(metadata: unknown, name: string, part: string): unknown[] {
  const found = own(own(metadata, name), part);
  return Array.isArray(found) ? found : [];
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
