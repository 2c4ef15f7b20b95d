import type { LocatedFault } from '../editor/useCheck';
import { Button } from '../parts/Button';
import { Sentence } from '../parts/Coded';
import { Icon } from '../parts/Icon';
import { PaneHead } from '../parts/PaneHead';
import { plural } from '../words';

export function Faults({ faults, onGoTo }: { faults: LocatedFault[]; onGoTo: (at: number) => void }) {
  if (faults.length === 0) return null;
  return (
    <section aria-label="Faults" data-pane="json" className="pane pane-faults border-t border-line bg-panel">
      <PaneHead title={plural(faults.length, 'fault')} />
      <ul className="flex-1 overflow-auto" tabIndex={0} aria-label="Faults">
        {faults.map((fault) => (
          <li
            key={`${fault.pointer} ${fault.code} ${fault.detail}`}
            className="grid grid-cols-[20px_minmax(0,1fr)_auto] gap-x-2 border-t border-line px-3.5 py-2 hover:bg-raised"
          >
            <Icon name="failed" className="mt-0.5 text-fail" />
            <div className="min-w-0 wrap-anywhere">
              <p>
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
