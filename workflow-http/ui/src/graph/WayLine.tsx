// An edge: from a card to one that needs it.
import { memo } from 'react';
import { wayStateOf } from './facts';
import { pathOf } from './route';
import { isChosen, stepOf, useScene } from './scene';
import type { Way } from './layout';

export const WayLine = memo(function WayLine({ way: { from, to, points, isMaybe, isBack } }: { way: Way }) {
  const state = useScene((scene) => (isBack ? 'idle' : wayStateOf(stepOf(scene, from), stepOf(scene, to))));
  const isNear = useScene((scene) => isChosen(scene, from, false) || isChosen(scene, to, false));
  const [x, y] = points.at(-1)!;
  return (
    <g className="way" data-way={state} data-maybe={isMaybe || undefined} data-near={isNear || undefined}>
      <path d={pathOf(points)} className="line" />
      <path d={isBack ? `M${x} ${y}l6 -4v8z` : `M${x} ${y}l-4 -6h8z`} className="tip" />
    </g>
  );
});
