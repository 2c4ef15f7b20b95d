// The items of a map that failed, each one press away.
import { Sentence } from '../parts/CodeText';
import type { Run, Step } from '../run/run';
import { failedIn, turnsOf } from '../run/turns';
import { plural } from '../base/format';

interface Props {
  run: Run;
  step: Step;
  onChoose: (path: string) => void;
}

/** Of more failures the first are listed. */
const MOST = 50;

export function FailedItems({ run, step, onChoose }: Props) {
  if (step.items === undefined) return null;
  const failed = turnsOf(run, step.path).filter(({ state }) => state === 'failed');
  if (failed.length === 0) return null;
  return (
    <section aria-label="Failed items" className="border-t border-line px-4 pb-3.5">
      <h3 className="flex h-[34px] items-center text-meta font-bold text-ink-2">{plural(failed.length, 'failed item')}</h3>
      <ul className="grid gap-1 wrap-anywhere">
        {failed.slice(0, MOST).map(({ index }) => {
          const path = failedIn(run, step, index);
          const error = path === undefined ? undefined : run.steps.get(path)?.error;
          return (
            <li key={index}>
              <button type="button" className="font-strong text-live underline underline-offset-3" onClick={() => path !== undefined && onChoose(path)}>
                Item {index}
              </button>{' '}
              {error && <Sentence text={error.detail} />}
            </li>
          );
        })}
      </ul>
      {failed.length > MOST && <p className="mt-1 text-meta text-ink-3">And {plural(failed.length - MOST, 'other')}.</p>}
    </section>
  );
}
