// What a person decides about: a step that would act, with its request, or a budget that is used up.
import { isObject, own } from '../base/ownProperty';
import { asText, count } from '../base/format';
import { Sentence } from '../parts/CodeText';
import { Copy } from '../parts/Copy';
import { Pre } from '../parts/Section';
import { Tree } from '../tree/Tree';
import { isHolder } from '../tree/rows';
import type { Wait } from '../run/run';

export function Held({ wait: { kind, message = '', request } }: { wait: Wait }) {
  return (
    <section aria-label="Question" className="ask mx-4 mt-0.5 mb-3.5 grid gap-2.5 wrap-anywhere">
      <p className="font-bold whitespace-pre-wrap" dir="auto">
        <Sentence text={message} />
      </p>
      {kind === 'effect' && request !== undefined && <Request request={request} />}
    </section>
  );
}

/** The method and the address first, then each other part under its name. */
export function Request({ request }: { request: unknown }) {
  const [method, url] = [own(request, 'method'), own(request, 'url')];
  const isCall = typeof method === 'string' && typeof url === 'string';
  const parts = isObject(request) ? Object.entries(request).filter(([name]) => !isCall || (name !== 'method' && name !== 'url')) : [];
  return (
    <section aria-label="Request" className="rounded-card border border-line-2 bg-card">
      <div className="flex min-h-9 items-center gap-2 pr-1.5 pl-2.5">
        <h3 className="min-w-0 flex-1 py-1.5 text-meta font-bold text-ink-2">
          {isCall ? (
            <code className="font-normal text-ink">
              <b>{method}</b> {url}
            </code>
          ) : (
            'Request'
          )}
        </h3>
        <Copy text={asText(request)} />
      </div>
      {isObject(request) ? parts.map(([name, value]) => <Part key={name} name={name} value={value} />) : <Part name="" value={request} />}
    </section>
  );
}

function Part({ name, value }: { name: string; value: unknown }) {
  if (value === null || (isHolder(value) && Object.keys(value).length === 0)) return null;
  const isLong = typeof value === 'string' && (value.length > SHORT || value.includes('\n'));
  return (
    <div className="border-t border-line px-2.5 py-1.5">
      <h4 className="text-meta text-ink-3">
        <code>{name}</code>
        {isLong && ` ${count((value as string).length)} characters`}
        {!isLong && !isHolder(value) && <code className="ml-2 text-ink">{asText(value)}</code>}
      </h4>
      {isHolder(value) ? <Tree value={value} label={name || 'Request'} /> : isLong && <Pre text={value as string} />}
    </div>
  );
}

/** A text of this length stands beside its name. */
const SHORT = 60;
