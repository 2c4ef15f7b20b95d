// Where a grounded answer comes from.
import { plural } from '../base/format';
import { queriesOf, sourcesOf } from './sources';

export function Sources({ metadata }: { metadata: unknown }) {
  const sources = sourcesOf(metadata);
  const queries = queriesOf(metadata);
  if (sources.length === 0 && queries.length === 0) return null;
  return (
    <section aria-label="Sources" className="border-t border-line px-4 pb-3.5">
      <h3 className="flex h-[34px] items-center gap-2 text-meta font-bold text-ink-2">
        Sources <span className="font-normal text-ink-3">{sources.length > 0 ? plural(sources.length, 'source') : 'None are named'}</span>
      </h3>
      <ol className="grid list-decimal gap-1 pl-6 wrap-anywhere marker:text-ink-3">
        {sources.map(({ title, to }) => (
          <li key={title + to}>
            {to === undefined ? (
              title
            ) : (
              <a href={to} target="_blank" rel="noopener noreferrer nofollow" className="text-live underline underline-offset-3">
                {title}
              </a>
            )}
          </li>
        ))}
      </ol>
      {queries.length > 0 && <p className="mt-2 text-meta text-ink-3 wrap-anywhere">Searched for: {queries.join(' · ')}</p>}
    </section>
  );
}
