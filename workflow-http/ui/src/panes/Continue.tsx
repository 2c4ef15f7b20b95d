// Continuing the run on the page: what is unchanged is reused. Or the same with outputs that were set: what if?
import { useId } from 'react';
import { useLetters } from '../base/useKeys';
import { Button } from '../parts/Button';
import { Icon } from '../parts/Icon';
import { ceilingWords, forecastWords } from '../run/forecast';
import { valueWords } from '../run/origin';
import type { Run } from '../run/run';
import { CodeText } from '../parts/CodeText';
import { runOf, useActions, useChoiceActions, useSession } from '../session/session';
import { useContinuation, useContinuedForecast, useFirstForecast } from '../session/useForecast';
import { dropOutput, useWhatIf } from '../session/whatIf';

/** Beside the button that starts a new run: on a phone, it is in the line below. */
export function Continue() {
  const canContinue = useSession(({ phase }) => phase.canContinue);
  const run = useSession(runOf);
  return run && canContinue ? <ContinueButton run={run} isLong /> : <Ceiling />;
}

function ContinueButton({ run, isLong = false }: { run: Run; isLong?: boolean }) {
  const how = useContinuation(run);
  const forecast = useContinuedForecast(run, how);
  const isEdited = useSession(({ phase }) => phase.isMended);
  const { rerun } = useActions();
  const id = useId();
  const words = forecast ? forecastWords(forecast) : '';
  const word = how.overrides ? 'Run what if' : 'Continue';
  useLetters(isLong ? { c: () => rerun(how) } : {});
  return (
    <>
      <Button
        size={isLong ? 'base' : 'small'}
        className={isLong ? 'max-desk:hidden' : 'desk:hidden'}
        aria-keyshortcuts="c"
        aria-describedby={id}
        title={words || 'Reuses what did not change'}
        onClick={(event) => event.detail < 2 && rerun(how)}
      >
        <Icon name="retrying" size={14} />
        <span>
          {word}
          {isLong && words && <span className="hidden font-normal text-ink-2 wide:inline">{`: ${words}`}</span>}
        </span>
      </Button>
      <span id={id} className="sr-only">
        {words || 'Reuses what did not change'}.{isEdited && ' Saves your changes.'}
      </span>
    </>
  );
}

/** The outputs that were set, and where the header has no place for it, what the next run would do. */
export function NextLine() {
  const canContinue = useSession(({ phase }) => phase.canContinue);
  const run = useSession(runOf);
  return run && canContinue && <Next run={run} />;
}

function Next({ run }: { run: Run }) {
  const how = useContinuation(run);
  const forecast = useContinuedForecast(run, how);
  const outputs = useWhatIf(run.id);
  const { choose } = useChoiceActions();
  const isWhatIf = outputs.size > 0;
  return (
    <section
      aria-label="Next run"
      className={`flex flex-wrap items-center gap-x-2 gap-y-1.5 border-t border-line bg-panel px-3.5 py-1.5 text-meta ${isWhatIf ? '' : 'wide:hidden'} ${isWhatIf || forecast ? '' : 'desk:hidden'}`}
    >
      <ContinueButton run={run} />
      {isWhatIf && (
        <>
          <b className="text-ink-2">What if</b>
          <ul className="contents">
            {[...outputs].map(([path, output]) => (
              <li key={path} className="flex min-w-0 items-center rounded-full border border-line-2 bg-card pl-2.5">
                <button type="button" className="min-w-0 truncate py-1 hover:underline [&_code]:text-ink" onClick={() => choose(path)}>
                  <code className="font-bold">{path}</code> is <CodeText text={valueWords(output)} />
                </button>
                <button
                  type="button"
                  aria-label={`Do not set ${path}`}
                  className="grid size-8 flex-none place-items-center rounded-full text-ink-2 hover:bg-raised hover:text-ink desk:size-6"
                  onClick={() => dropOutput(run.id, path)}
                >
                  <Icon name="cross" size={12} />
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      {forecast && <span className={`text-ink-2 ${isWhatIf ? '' : 'wide:hidden'}`}>{forecastWords(forecast)}</span>}
    </section>
  );
}

/** What a first run costs at most, if that is known. */
function Ceiling() {
  const words = useFirstForecast();
  const most = words && ceilingWords(words.cost);
  return most ? <span className="text-meta text-ink-2 max-desk:hidden">{most}</span> : null;
}
