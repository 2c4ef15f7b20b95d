// A JSON value under its name, with a way to copy it.
import { asText } from '../base/format';
import { Copy } from '../parts/Copy';
import { Pre } from '../parts/Section';
import { isHolder } from '../tree/rows';
import { Tree } from '../tree/Tree';

interface Props {
  title: string;
  value: unknown;
  /** Said beside its name. */
  fact?: string;
}

export function Value({ title, value, fact }: Props) {
  return (
    <div role="group" aria-label={title} className="min-w-0">
      <div className="-mr-1.5 flex h-8 items-center gap-2">
        <h4 className="flex-1 text-meta font-bold text-ink-2">
          {title} {fact && <span className="font-normal text-ink-3">{fact}</span>}
        </h4>
        <Copy text={asText(value)} />
      </div>
      {isHolder(value) ? <Tree value={value} label={title} /> : <Pre text={asText(value ?? null)} />}
    </div>
  );
}
