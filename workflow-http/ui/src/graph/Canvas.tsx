// The drawing itself.
import { memo, useCallback, useDeferredValue, useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore, type RefObject } from 'react';
import { Icon, type IconName } from '../parts/Icon';
import { ActsContext } from './acts';
import { useLetters } from '../base/useKeys';
import { AddBetween } from './AddBetween';
import { Box } from './Box';
import { countOf, type Card } from './drawing';
import { fitIn, LEAST } from './fit';
import { layOutCards, type Layout, type Placed, type Way } from './layout';
import { Minimap } from './Minimap';
import { pathIn, useSceneNow } from './scene';
import { Search } from './Search';
import { containersOf } from './search';
import { StepCard } from './StepCard';
import { Viewport } from './viewport';
import { WayLine } from './WayLine';

interface Props {
  cards: Card[];
  /** The number of items of each map, as far as it is known. */
  items: ReadonlyMap<string, number>;
  /** The path of the card that is chosen, and whether a person chose it. */
  chosen: string | undefined;
  isPicked: boolean;
  /** Beside the text, where space is small: nothing is cut off at the sides. */
  isBeside: boolean;
  /** What is searched; `null` while the search is closed. */
  query: string | null;
  matches: string[];
  onQuery: (query: string | null) => void;
  onChoose: (path: string) => void;
  onList: () => void;
}

/** In a larger workflow, maps and loops start closed. A drawing of more cards has a map, and nothing in it moves by itself. */
const FEW = 60;
/** With more cards than this, only those in view are drawn. */
const MANY = 150;

export default function Canvas({ cards, items, chosen, isPicked, isBeside, query, matches, onQuery, onChoose, onList }: Props) {
  const [opened, setOpened] = useState<ReadonlyMap<string, boolean>>(new Map());
  const count = countOf(cards);
  const layout = useMemo(
    () => layOutCards(cards, { isOpen: (path) => opened.get(path) ?? count <= FEW, items: (path) => items.get(path) ?? 0 }),
    [cards, opened, items, count],
  );
  const open = useCallback((path: string, isOpen: boolean) => setOpened((opened) => new Map(opened).set(path, isOpen)), []);
  const acts = useMemo(() => ({ choose: onChoose, open }), [onChoose, open]);
  const [viewport] = useState(() => new Viewport());
  useFit(viewport, layout, chosen, isPicked, isBeside);
  const seek = useSeek(viewport, layout, open, onChoose);
  const input = useRef<HTMLInputElement>(null);
  const searchButton = useRef<HTMLButtonElement>(null);
  const onSearch = () => {
    onQuery(query ?? '');
    input.current?.focus();
  };
  const closeSearch = () => {
    onQuery(null);
    searchButton.current?.focus();
  };
  useLetters({
    '/': onSearch,
    '0': () => viewport.fit(layout),
    '+': () => viewport.zoomBy(STEP),
    '-': () => viewport.zoomBy(1 / STEP),
  });
  return (
    <ActsContext value={acts}>
      <div ref={viewport.attach} className="canvas" data-calm={layout.placed.length > FEW || undefined}>
        <Drawing layout={layout} chosen={chosen} viewport={viewport} />
      </div>
      {layout.placed.length > FEW && <Minimap layout={layout} viewport={viewport} chosen={chosen} />}
      {query !== null && <Search input={input} query={query} matches={matches} onQuery={onQuery} onGo={seek} onClose={closeSearch} />}
      <Tools layout={layout} viewport={viewport} searchButton={searchButton} onSearch={onSearch} onList={onList} />
    </ActsContext>
  );
}

const everything = (): string => '';

const Drawing = memo(function Drawing({ layout, chosen, viewport }: { layout: Layout; chosen: string | undefined; viewport: Viewport }) {
  const isLarge = layout.placed.length > MANY;
  const area = useSyncExternalStore(viewport.subscribe, isLarge ? viewport.areaShown : everything);
  // The card that was selected before stays until the focus has moved to the new one.
  const before = useDeferredValue(chosen);
  const { cards, ways } = useMemo(
    () => (area === '' ? { cards: layout.placed, ways: layout.ways } : within(layout, area, [chosen, before])),
    [layout, area, chosen, before],
  );
  const depths = [...new Set(ways.map((way) => way.depth))];
  return (
    <div className="absolute origin-top-left">
      {depths.map((depth) => (
        <svg key={depth} className="ways" style={{ zIndex: 2 * depth - 1 }} aria-hidden="true">
          {ways
            .filter((way) => way.depth === depth)
            // What is highlighted is drawn on what it shares a line with.
            .sort((one, other) => Number(isNear(one, chosen)) - Number(isNear(other, chosen)))
            .map((way) => (
              <WayLine key={`${way.from} ${way.to}${way.isBack ? ' back' : ''}`} way={way} />
            ))}
        </svg>
      ))}
      {cards.map((placed) => (
        <Place key={placed.card.path} placed={placed} />
      ))}
      <AddBetween ways={ways} />
    </div>
  );
});

const isNear = ({ from, to }: Way, chosen: string | undefined): boolean => from === chosen || to === chosen;

/** Cards and edges in an area, and the cards that can have the focus. */
function within(layout: Layout, area: string, focusable: (string | undefined)[]): { cards: Placed[]; ways: Way[] } {
  const [left, top, right, bottom] = area.split(' ').map(Number) as [number, number, number, number];
  const meets = (x: number, y: number, toX: number, toY: number) => x < right && toX > left && y < bottom && toY > top;
  return {
    cards: layout.placed.filter(({ card, x, y, width, height }) => focusable.includes(card.path) || meets(x, y, x + width, y + height)),
    ways: layout.ways.filter(({ points }) => {
      const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
      return meets(Math.min(...xs) - 1, Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys));
    }),
  };
}

const Place = memo(function Place({ placed: { card, x, y, width, height, top, depth, isOpen } }: { placed: Placed }) {
  const Kind = isOpen ? Box : StepCard;
  return (
    <div className="placed" style={{ left: x, top: y, width, height, zIndex: 2 * depth }}>
      <Kind card={card} top={top} />
    </div>
  );
});

function startOf({ placed: [first] }: Layout): number | undefined {
  return first && first.x + first.width / 2;
}

/** Fits the drawing as far as it stays readable, and shows what is running, until a person moves the drawing. A picked card is always shown. */
function useFit(viewport: Viewport, layout: Layout, chosen: string | undefined, isPicked: boolean, isBeside: boolean) {
  const width = useSyncExternalStore(viewport.subscribe, () => viewport.size.width);
  const height = useSyncExternalStore(viewport.subscribe, () => viewport.size.height);
  const isMoved = useRef(false);
  const shape = `${layout.width} ${layout.height} ${width} ${height}`;
  // After a change of the width, such as beside the text, the drawing is fitted again, so that nothing is cut off.
  const before = useRef(width);
  useEffect(() => {
    viewport.onGesture = () => {
      isMoved.current = true;
    };
  }, [viewport]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a drawing of the same size stays where it is, so `shape` stands for the layout
  useLayoutEffect(() => {
    const { size } = viewport;
    if (Math.abs(size.width - before.current) > 40) isMoved.current = false;
    before.current = size.width;
    if (viewport.isFitted) viewport.fit(layout);
    else if (size.width > 0 && !isMoved.current) viewport.show(fitIn({ ...layout, start: startOf(layout) }, size, ...(isBeside ? [undefined, LEAST] : [])));
  }, [shape, isBeside, viewport]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the viewport has the size; a change of it is a reason to look again
  useLayoutEffect(() => {
    const { view, size } = viewport;
    const card = layout.placed.find((one) => one.card.path === chosen);
    if (!card || size.width === 0 || (isMoved.current && !isPicked)) return;
    const { x, y, zoom } = view;
    const isSeen =
      card.x * zoom + x > -20 &&
      (card.x + card.width) * zoom + x < size.width + 20 &&
      card.y * zoom + y > -20 &&
      (card.y + card.height) * zoom + y < size.height + 20;
    if (isSeen || card.isOpen) return;
    viewport.show({ zoom, x: size.width / 2 - (card.x + card.width / 2) * zoom, y: size.height / 2 - (card.y + card.height / 2) * zoom });
  }, [chosen, isPicked, layout, width, height, viewport]);
}

/** A match is shown at least this large. */
const READABLE = 0.7;

/** Goes to a card: opens what it is in, chooses it, and shows it in the middle, large enough to be read. */
function useSeek(viewport: Viewport, layout: Layout, open: (path: string, isOpen: boolean) => void, onChoose: (path: string) => void) {
  const now = useSceneNow();
  const sought = useRef<string>(undefined);
  const [turn, setTurn] = useState(0);
  // The card has a place once its containers are open.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` stands for what is sought
  useEffect(() => {
    const card = layout.placed.find((one) => one.card.path === sought.current);
    if (!card) return;
    sought.current = undefined;
    const { zoom } = viewport.view;
    viewport.centre({ x: card.x + card.width / 2, y: card.y + card.height / 2 }, Math.max(zoom, READABLE));
  }, [layout, turn, viewport]);
  return (path: string) => {
    for (const container of containersOf(path)) open(container, true);
    sought.current = path;
    setTurn((turn) => turn + 1);
    onChoose(pathIn(now(), path) ?? path);
  };
}

interface ToolsProps {
  layout: Layout;
  viewport: Viewport;
  searchButton: RefObject<HTMLButtonElement | null>;
  onSearch: () => void;
  onList: () => void;
}

/** One press zooms by this. */
const STEP = 1.2;

function Tools({ layout, viewport, searchButton, onSearch, onList }: ToolsProps) {
  return (
    <div className="absolute right-2.5 bottom-2.5 z-5 flex rounded-[7px] border border-line-2 bg-panel">
      <Tool icon="rows" label="Steps as a list" onClick={onList} />
      <Tool ref={searchButton} icon="search" label="Search steps" keys="/" onClick={onSearch} />
      <Tool icon="minus" label="Smaller" keys="-" onClick={() => viewport.zoomBy(1 / STEP)} />
      <Tool icon="plus" label="Larger" keys="+" onClick={() => viewport.zoomBy(STEP)} />
      <Tool icon="fit" label="Fit" keys="0" onClick={() => viewport.fit(layout)} />
    </div>
  );
}

interface ToolProps {
  icon: IconName;
  label: string;
  keys?: string;
  onClick: () => void;
  ref?: RefObject<HTMLButtonElement | null>;
}

function Tool({ icon, label, keys, onClick, ref }: ToolProps) {
  return (
    <button
      ref={ref}
      type="button"
      className="grid size-7 place-items-center text-ink-2 not-first:border-l not-first:border-line hover:bg-raised"
      aria-label={label}
      title={keys === undefined ? label : `${label} (${keys})`}
      // A plus joins keys in this attribute, so the key itself has a name.
      aria-keyshortcuts={keys === '+' ? 'Plus' : keys}
      onClick={onClick}
    >
      <Icon name={icon} size={14} />
    </button>
  );
}
