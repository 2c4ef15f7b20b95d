// The drawing itself.
import { Position, ReactFlow, ReactFlowProvider, useReactFlow, useStore, type Edge, type Node } from '@xyflow/react';
import { memo, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { Icon, type IconName } from '../parts/Icon';
import { ActsContext } from './acts';
import { Box } from './Box';
import { countOf, type Card } from './drawing';
import { fitIn, LEAST } from './fit';
import { layOutCards, type Layout, type Placed, type Way } from './layout';
import { StepCard } from './StepCard';
import { WayEdge } from './WayEdge';

interface Props {
  cards: Card[];
  /** How many items each map is known to have: `each 20`. */
  items: ReadonlyMap<string, number>;
  /** The path of the card that is chosen, and whether somebody chose it. */
  chosen: string | undefined;
  isPicked: boolean;
  /** Beside the text, where there is little room: nothing is cut off. */
  isBeside: boolean;
  onChoose: (path: string) => void;
  onList: () => void;
}

const nodeTypes = { card: StepCard, box: Box };
const edgeTypes = { way: WayEdge };

/** In a larger workflow, maps and loops start closed. */
const FEW = 60;
/** Of more than this, only what is in sight is drawn. */
const MANY = 150;

export default function Canvas(props: Props) {
  return (
    <ReactFlowProvider>
      <Drawing {...props} />
    </ReactFlowProvider>
  );
}

function Drawing({ cards, items, chosen, isPicked, isBeside, onChoose, onList }: Props) {
  const [opened, setOpened] = useState<ReadonlyMap<string, boolean>>(new Map());
  const count = countOf(cards);
  const layout = useMemo(
    () => layOutCards(cards, { isOpen: (path) => opened.get(path) ?? count <= FEW, items: (path) => items.get(path) ?? 0 }),
    [cards, opened, items, count],
  );
  const open = useCallback((path: string, isOpen: boolean) => setOpened((opened) => new Map(opened).set(path, isOpen)), []);
  const acts = useMemo(() => ({ choose: onChoose, open }), [onChoose, open]);
  return (
    <ActsContext value={acts}>
      <Flow layout={layout} chosen={chosen} isPicked={isPicked} isBeside={isBeside}>
        <Tools layout={layout} onList={onList} />
      </Flow>
    </ActsContext>
  );
}

interface FlowProps extends Pick<Props, 'chosen' | 'isPicked' | 'isBeside'> {
  layout: Layout;
  children: ReactNode;
}

const Flow = memo(function Flow({ layout, chosen, isPicked, isBeside, children }: FlowProps) {
  const nodes = useMemo(() => layout.placed.map(nodeOf), [layout]);
  const edges = useMemo(() => layout.ways.map(edgeOf), [layout]);
  const onMove = useFit(layout, chosen, isPicked, isBeside);
  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      nodeTypes={nodeTypes}
      edgeTypes={edgeTypes}
      nodesDraggable={false}
      nodesConnectable={false}
      nodesFocusable={false}
      edgesFocusable={false}
      elementsSelectable={false}
      disableKeyboardA11y
      panOnScroll
      zoomOnDoubleClick={false}
      minZoom={LEAST}
      maxZoom={1.5}
      onlyRenderVisibleElements={nodes.length > MANY}
      proOptions={{ hideAttribution: true }}
      onMoveStart={onMove}
    >
      {children}
    </ReactFlow>
  );
});

/** Everything in sight, as far as it can be read, and what is at work, until somebody moves the drawing; what is picked, always. */
function useFit(layout: Layout, chosen: string | undefined, isPicked: boolean, isBeside: boolean) {
  const { setViewport, getViewport } = useReactFlow();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const isMoved = useRef(false);
  const shape = `${layout.width} ${layout.height} ${width} ${height}`;
  // Another width, such as that beside the text, shows another part: what was moved begins anew, so that nothing is cut off.
  const before = useRef(width);
  useEffect(() => {
    if (Math.abs(width - before.current) > 40) isMoved.current = false;
    before.current = width;
    if (width > 0 && !isMoved.current) void setViewport(fitIn(layout, { width, height }, ...(isBeside ? [undefined, LEAST] : [])));
    // A drawing of the same size stays where it is.
  }, [shape, isBeside, setViewport]);
  useEffect(() => {
    const card = layout.placed.find((one) => one.card.path === chosen);
    if (!card || width === 0 || (isMoved.current && !isPicked)) return;
    const { x, y, zoom } = getViewport();
    const isSeen = card.x * zoom + x > -20 && (card.x + card.width) * zoom + x < width + 20 && card.y * zoom + y > -20 && (card.y + card.height) * zoom + y < height + 20;
    if (isSeen || card.isOpen) return;
    void setViewport({ zoom, x: width / 2 - (card.x + card.width / 2) * zoom, y: height / 2 - (card.y + card.height / 2) * zoom });
  }, [chosen, isPicked, layout, width, height, getViewport, setViewport]);
  return useCallback((event: MouseEvent | TouchEvent | null) => {
    if (event) isMoved.current = true;
  }, []);
}

/** The places are known, so nothing has to be measured first. */
function nodeOf({ card, x, y, width, height, top, depth, isOpen }: Placed): Node {
  const handle = { width: 1, height: 1, x: width / 2 };
  const handles = [
    { ...handle, type: 'source' as const, position: Position.Bottom, y: height },
    { ...handle, type: 'target' as const, position: Position.Top, y: 0 },
  ];
  return { id: card.path, type: isOpen ? 'box' : 'card', position: { x, y }, width, height, handles, zIndex: 2 * depth, data: { card, top, isOpen } };
}

const edgeOf = (way: Way): Edge => ({
  id: `${way.from} ${way.to}${way.isBack ? ' back' : ''}`,
  type: 'way',
  source: way.from,
  target: way.to,
  zIndex: 2 * way.depth - 1,
  data: { way },
});

function Tools({ layout, onList }: { layout: Layout; onList: () => void }) {
  const { zoomIn, zoomOut, setViewport } = useReactFlow();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  return (
    <div className="absolute right-2.5 bottom-2.5 z-5 flex rounded-[7px] border border-line-2 bg-panel">
      <Tool icon="rows" label="Steps as a list" onClick={onList} />
      <Tool icon="minus" label="Smaller" onClick={() => void zoomOut()} />
      <Tool icon="plus" label="Larger" onClick={() => void zoomIn()} />
      <Tool icon="fit" label="All in sight" onClick={() => void setViewport(fitIn(layout, { width, height }, LEAST))} />
    </div>
  );
}

function Tool({ icon, label, onClick }: { icon: IconName; label: string; onClick: () => void }) {
  return (
    <button type="button" className="grid size-7 place-items-center text-ink-2 not-first:border-l not-first:border-line hover:bg-raised" aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} size={14} />
    </button>
  );
}
