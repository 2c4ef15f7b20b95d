// stub
import type { Check } from '../editor/useCheck';
import type { Run } from '../run/run';
export function GraphPane(_: { run: Run | null; check: Check; chosen: string | undefined; onChoose: (path: string) => void }) {
  return <div />;
}
