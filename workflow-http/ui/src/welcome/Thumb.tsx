import { hintsOf, useTypes } from '../api/nodeTypes';
import { iconOf } from '../parts/Icon';
import { BOX, boxesOf, shownOf, type Box, type Node } from './thumb';

/** Room for the lines at the edges, and the most pixels a picture is high. */
const [EDGE, MOST] = [2, 118];

/** Room for the way back of a loop. */
const BACK = 24;

/** A decorative picture of a workflow. */
export function Thumb({ nodes }: { nodes: Node[] }) {
  const types = useTypes();
  const shown = shownOf(nodes);
  const { boxes, width, height } = boxesOf(shown.nodes);
  const [across, down] = [width + 2 * EDGE + (shown.isLoop ? BACK : 0), height + 2 * EDGE];
  const scale = Math.min(1, MOST / down);
  return (
    <svg className="icon" width={across * scale} height={down * scale} viewBox={`${-EDGE} ${-EDGE} ${across} ${down}`} aria-hidden="true">
      {boxes.flatMap((box) =>
        box.from.map((id) => (
          <path
            key={`${id} ${box.id}`}
            d={wayOf(
              boxes.find((one) => one.id === id),
              box,
            )}
            className="stroke-ctl"
            strokeDasharray={box.isMaybe ? '4 3' : undefined}
          />
        )),
      )}
      {shown.isLoop && (
        <path d={`M${width} ${height - BOX.height / 2}h${BACK - EDGE}V${BOX.height / 2}H${width}`} className="stroke-ctl" strokeDasharray="4 3" />
      )}
      {boxes.map((box) => (
        <g key={box.id}>
          <rect
            x={box.x}
            y={box.y}
            width={BOX.width}
            height={BOX.height}
            rx="6"
            className={`fill-card ${hintsOf(box.type, types).streams_text ? 'stroke-live' : box.type === 'HumanNode' ? 'stroke-wait' : 'stroke-ctl'}`}
          />
          <use
            href={`#icon-${iconOf(hintsOf(box.type, types).icon)}`}
            x={box.x + BOX.width / 2 - 8}
            y={box.y + BOX.height / 2 - 8}
            width="16"
            height="16"
            className="text-ink-2"
          />
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
