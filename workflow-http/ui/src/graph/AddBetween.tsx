// A button on each edge of the text, which inserts a step there.
import { memo, useState } from 'react';
import { TypeList } from '../editor/steps/TypeList';
import { useInsert, type Edge } from '../editor/steps/useInsert';
import { Dialog } from '../parts/Dialog';
import { Icon } from '../parts/Icon';
import { useSession } from '../session/session';
import type { Way } from './layout';
import { isChosen, useScene } from './scene';
import './between.css';

export const AddBetween = memo(function AddBetween({ ways }: { ways: Way[] }) {
  const outline = useSession(({ text }) => text.check.outline);
  const [edge, setEdge] = useState<Edge | null>(null);
  const written = new Set(outline.map(({ path }) => path));
  return (
    <>
      {ways
        .filter(({ from, to, isBack }) => !isBack && written.has(from) && written.has(to))
        .map((way) => (
          <Plus key={`${way.from} ${way.to}`} way={way} onPress={() => setEdge({ from: way.from, to: way.to })} />
        ))}
      {edge && <Insert edge={edge} onClose={() => setEdge(null)} />}
    </>
  );
});

/** The Tab key reaches those at the chosen step: there may be hundreds. */
function Plus({ way: { from, to, points, depth }, onPress }: { way: Way; onPress: () => void }) {
  const isNear = useScene((scene) => isChosen(scene, from, false) || isChosen(scene, to, false));
  const [x, y] = middleOf(points);
  const label = `Add a step between ${from} and ${to}`;
  return (
    <button
      type="button"
      className="add-between"
      style={{ left: x, top: y, zIndex: 2 * depth + 1 }}
      tabIndex={isNear ? 0 : -1}
      aria-label={label}
      title={label}
      onClick={onPress}
    >
      <span>
        <Icon name="plus" size={12} />
      </span>
    </button>
  );
}

function Insert({ edge, onClose }: { edge: Edge; onClose: () => void }) {
  const insert = useInsert(edge);
  return (
    <Dialog title={`Add a step between ${edge.from} and ${edge.to}`} onClose={onClose}>
      <TypeList
        onPick={(type) => {
          onClose();
          void insert(type);
        }}
      />
    </Dialog>
  );
}

/** Half of the way along its corners. Edges that share a beginning or an end differ there. */
export function middleOf(points: Way['points']): [number, number] {
  const legs = points.slice(1).map((point, index) => ({ from: points[index]!, to: point, length: distance(points[index]!, point) }));
  let left = legs.reduce((sum, { length }) => sum + length, 0) / 2;
  for (const { from, to, length } of legs) {
    if (left <= length && length > 0) return [from[0] + ((to[0] - from[0]) * left) / length, from[1] + ((to[1] - from[1]) * left) / length];
    left -= length;
  }
  return points[0] ?? [0, 0];
}

const distance = ([x, y]: [number, number], [u, v]: [number, number]): number => Math.abs(u - x) + Math.abs(v - y);
