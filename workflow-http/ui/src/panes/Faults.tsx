import type { LocatedFault } from '../editor/useCheck';
import { Button } from '../parts/Button';
import { Sentence } from '../parts/Coded';
import { Icon } from '../parts/Icon';
import { PaneHead } from '../parts/PaneHead';
import { plural } from '../words';

interface Props {
  faults: LocatedFault[];
  warnings: LocatedFault[];
  onGoTo: (at: number) => void;
}

/** Faults first: they have to be mended. A warning stands in the way of nothing. */
export function Faults({ faults, warnings, onGoTo }: Props) {
  const counts = [faults.length > 0 && plural(faults.length, 'fault'), warnings.length > 0 && plural(warnings.length, 'warning')].filter(Boolean);
  if (counts.length === 0) return null;
  const label = faults.length > 0 ? (warnings.length > 0 ? 'Faults and warnings' : 'Faults') : 'Warnings';
  return (
    <section aria-label={label} data-pane="json" className="pane pane-faults border-t border-line bg-panel">
      <PaneHead title={counts.join(', ')} />
      <ul className="flex-1 overflow-auto" tabIndex={0} aria-label={label}>
        {[...faults, ...warnings].map((fault) => (
          <li
            key={`${fault.pointer} ${fault.code} ${fault.detail}`}
            className="grid grid-cols-[20px_minmax(0,1fr)_auto] gap-x-2 border-t border-line px-3.5 py-2 hover:bg-raised"
          >
            <Icon name={fault.isWarning ? 'warning' : 'failed'} className={`mt-0.5 ${fault.isWarning ? 'text-retry' : 'text-fail'}`} />
            <div className="min-w-0 wrap-anywhere">
              <p>
                {fault.isWarning && <span className="sr-only">Warning: </span>}
                <Sentence text={fault.detail} />
              </p>
              {fault.hint && (
                <p className="text-ink-2">
                  <Sentence text={fault.hint} />
                </p>
              )}
              <p className="text-meta text-ink-3">
                <code>{fault.code}</code> line {fault.line}, column {fault.column}
              </p>
            </div>
            <Button size="small" onClick={() => onGoTo(fault.from)} aria-label={`Go to line ${fault.line}`}>
              Go to
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
