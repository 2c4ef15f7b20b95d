// The search in the graph: matches are marked and counted, Enter goes from one to the next.
import { useEffect, useState, type RefObject } from 'react';
import { Icon } from '../parts/Icon';

interface Props {
  input: RefObject<HTMLInputElement | null>;
  query: string;
  matches: string[];
  onQuery: (query: string) => void;
  onGo: (path: string) => void;
  onClose: () => void;
}

export function Search({ input, query, matches, onQuery, onGo, onClose }: Props) {
  /** The index of the match that was gone to; none before the first Enter. */
  const [at, setAt] = useState(-1);
  useEffect(() => input.current?.focus(), [input]);
  const go = (by: 1 | -1) => {
    if (matches.length === 0) return;
    const next = at < 0 ? (by > 0 ? 0 : matches.length - 1) : (at + by + matches.length) % matches.length;
    setAt(next);
    onGo(matches[next]!);
  };
  const press = (event: React.KeyboardEvent) => {
    if (event.key === 'Enter') go(event.shiftKey ? -1 : 1);
    else if (event.key === 'Escape') onClose();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const found = query.trim() === '' ? '' : matches.length === 0 ? 'No step' : at < 0 ? String(matches.length) : `${at + 1} of ${matches.length}`;
  return (
    <search className="absolute top-2.5 right-2.5 z-5 flex h-[30px] items-center rounded-[7px] border border-ctl bg-panel pl-2 focus-within:border-live">
      <Icon name="search" size={14} className="text-ink-3" />
      <input
        ref={input}
        type="text"
        aria-label="Search steps by id or type"
        placeholder="Id or type"
        className="h-full w-36 bg-transparent px-2 font-code text-meta outline-none placeholder:text-ink-3"
        value={query}
        onChange={({ target }) => {
          setAt(-1);
          onQuery(target.value);
        }}
        onKeyDown={press}
      />
      <output className="min-w-14 pr-1.5 text-right text-meta whitespace-nowrap text-ink-2">{found}</output>
      <SearchButton label="Match before" icon="chev" turn="-rotate-90" onClick={() => go(-1)} />
      <SearchButton label="Next match" icon="chev" turn="rotate-90" onClick={() => go(1)} />
      <SearchButton label="Close the search" icon="cross" onClick={onClose} />
    </search>
  );
}

function SearchButton({ label, icon, turn = '', onClick }: { label: string; icon: 'chev' | 'cross'; turn?: string; onClick: () => void }) {
  return (
    <button
      type="button"
      className="grid h-full w-6 place-items-center text-ink-2 last:rounded-r-[6px] hover:bg-raised"
      aria-label={label}
      title={label}
      onClick={onClick}
    >
      <Icon name={icon} size={14} className={turn} />
    </button>
  );
}
