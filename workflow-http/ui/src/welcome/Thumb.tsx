import { iconOfType } from '../parts/Icon';
import { BOX, boxesOf, type Box, type Node } from './thumb';

/** A picture; the words beside it say the same. */
export function Thumb({ nodes }: { nodes: Node[] }) {
  const { boxes, width, height } = boxesOf(nodes);
  const scale = Math.min(1, 118 / height);
  return (
    <svg className="icon" width={(width + 2) * scale} height={(height + 2) * scale} viewBox={`-1 -1 ${width + 2} ${height + 2}`} aria-hidden="true">
      {boxes.flatMap((box) => box.from.map((id) => <path key={`${id} ${box.id}`} d={wayOf(boxes.find((one) => one.id === id), box)} className="stroke-ctl" strokeDasharray={box.isMaybe ? '4 3' : undefined} />))}
      {boxes.map((box) => (
        <g key={box.id}>
          <rect x={box.x} y={box.y} width={BOX.width} height={BOX.height} rx="6" className={`fill-card ${box.type === 'LLMNode' ? 'stroke-live' : box.type === 'HumanNode' ? 'stroke-wait' : 'stroke-ctl'}`} />
          <use href={`#icon-${iconOfType(box.type)}`} x={box.x + BOX.width / 2 - 8} y={box.y + BOX.height / 2 - 8} width="16" height="16" className="text-ink-2" />
        </g>
      ))}
    </svg>
  );
}

function wayOf(from: Box | undefined, to: Box): string {
  if (!from) return '';
  const [x, y] = [from.x + BOX.width / 2, from.y + BOX.height];
  return `M${x} ${y}V${to.y - BOX.down / 2}H${to.x + BOX.width / 2}V${to.y}`;
}
