import { fixOf, type Fix } from '../editor/fix';
import type { LocatedFault } from '../editor/useCheck';
import { useSession } from '../session/session';
import { Button } from '../parts/Button';
import { Sentence } from '../parts/CodeText';
import { Icon } from '../parts/Icon';
import { PaneHead } from '../parts/PaneHead';
import { ended, plural } from '../base/format';

interface Props {
  onGoTo: (at: number) => void;
  onFix: (fixes: Fix[]) => void;
}

/** Faults first: they have to be mended. A warning stands in the way of nothing. */
export function Faults({ onGoTo, onFix }: Props) {
  const text = useSession((session) => session.text.text);
  const { faults, warnings } = useSession((session) => session.text.check);
  const counts = [faults.length > 0 && plural(faults.length, 'fault'), warnings.length > 0 && plural(warnings.length, 'warning')].filter(Boolean);
  if (counts.length === 0) return null;
  const label = faults.length > 0 ? (warnings.length > 0 ? 'Faults and warnings' : 'Faults') : 'Warnings';
  const rows = [...faults, ...warnings].map((fault) => ({ fault, fix: fixOf(text, fault) }));
  const fixes = rows.flatMap(({ fix }) => fix ?? []);
  return (
    <section aria-label={label} data-pane="json" className="pane pane-faults border-t border-line bg-panel">
      <PaneHead title={counts.join(', ')}>
        {fixes.length > 1 && (
          <Button look="quiet" size="small" onClick={() => onFix(fixes)}>
            Fix {fixes.length} that have one answer
          </Button>
        )}
      </PaneHead>
      <ul className="flex-1 overflow-auto" tabIndex={0} aria-label={label}>
        {rows.map(({ fault, fix }) => (
          <Row key={`${fault.pointer} ${fault.code} ${fault.detail}`} fault={fault} fix={fix} onGoTo={onGoTo} onFix={onFix} />
        ))}
      </ul>
    </section>
  );
}

function Row({ fault, fix, onGoTo, onFix }: Pick<Props, 'onGoTo' | 'onFix'> & { fault: LocatedFault; fix: Fix | undefined }) {
  const { isWarning, detail, hint, code, line, column, from } = fault;
  return (
    <li className="grid grid-cols-[20px_minmax(0,1fr)_auto] gap-x-2 border-t border-line px-3.5 py-2 hover:bg-raised">
      <Icon name={isWarning ? 'warning' : 'failed'} className={`mt-0.5 ${isWarning ? 'text-retry' : 'text-fail'}`} />
      <p className="min-w-0 wrap-anywhere">
        {isWarning && <span className="sr-only">Warning: </span>}
        <Sentence text={ended(detail)} /> <span className="text-ink-2">{hint && <Sentence text={ended(hint)} />}</span>
      </p>
      <span className="text-meta leading-5 text-ink-3">
        line {line}, column {column}
      </span>
      <div className="col-span-2 col-start-2 flex flex-wrap items-center gap-x-3 text-meta text-ink-3">
        <Code code={code} />
        {fix && (
          <Act label={`Fix: ${fix.written} becomes ${fix.meant}`} onClick={() => onFix([fix])}>
            Fix
          </Act>
        )}
        <Act onClick={() => onGoTo(from)}>Go to line {line}</Act>
      </div>
    </li>
  );
}

/** The code, which leads to what it means. A text that is not JSON has no place in the language. */
function Code({ code }: { code: string }) {
  if (code === 'invalid_json' || code === 'refused') return <code>{code}</code>;
  return (
    <a href={`docs/language#faults-${code}`} target="_blank" rel="noreferrer" className="font-code underline underline-offset-3" title="What this means">
      {code}
    </a>
  );
}

function Act({ label, onClick, children }: { label?: string; onClick: () => void; children: React.ReactNode }) {
  return (
    <button type="button" aria-label={label} className="h-8 font-strong text-live underline underline-offset-3 desk:h-6" onClick={onClick}>
      {children}
    </button>
  );
}
