// Actions on a step of a run that has ended. They stay visible.
import { useState } from 'react';
import { useLetters } from '../base/useKeys';
import { Button } from '../parts/Button';
import { Icon } from '../parts/Icon';
import { keptWords, priceOf } from '../run/retry';
import { isInAgent, isInSequence, type Run, type Step } from '../run/run';
import { useActions, useSession } from '../session/session';
import { useRetryForecast } from '../session/useForecast';
import { useWhatIf } from '../session/whatIf';
import { SetOutput } from './SetOutput';

interface Props {
  run: Run;
  step: Step;
}

export function Foot({ run, step }: Props) {
  const { path } = step;
  const isStarting = useSession(({ phase }) => phase.isStarting);
  const isMended = useSession(({ phase }) => phase.isMended);
  const outputs = useWhatIf(run.id);
  const [isSetting, setSetting] = useState(false);
  const { rerun } = useActions();
  const price = priceOf(run, path);
  const { from } = price;
  const forecast = useRetryForecast(run, from);
  const retry = () => rerun({ from });
  const runOnly = () => rerun({ only: path, ...(outputs.size > 0 ? { overrides: Object.fromEntries(outputs) } : {}) });
  const canRunOnly = !isInSequence(run, step) && !outputs.has(path);
  const canSet = !isInAgent(run, step);
  useLetters({ r: retry, ...(canRunOnly ? { x: runOnly } : {}), ...(canSet ? { o: () => setSetting(true) } : {}) });
  return (
    <div className="sticky bottom-0 z-3 mt-auto flex flex-wrap items-center gap-x-2.5 gap-y-1 border-t border-line bg-panel px-4 py-2.5">
      <Button aria-keyshortcuts="r" aria-disabled={isStarting} aria-describedby="retry-price" onClick={retry}>
        <Icon name="retrying" size={14} />
        <span>
          Retry from <code>{from}</code>
        </span>
      </Button>
      <span id="retry-price" className="text-meta text-ink-3">
        {isMended && 'Saves your changes. '}
        {keptWords(forecast, price)}
      </span>
      <div className="-ml-2 flex basis-full flex-wrap gap-1">
        {canRunOnly && (
          <Button look="quiet" size="small" aria-keyshortcuts="x" aria-disabled={isStarting} title="With the results before it" onClick={runOnly}>
            Run only this
          </Button>
        )}
        {canSet && (
          <Button look="quiet" size="small" aria-keyshortcuts="o" onClick={() => setSetting(true)}>
            {outputs.has(path) ? 'Change output…' : 'Set output…'}
          </Button>
        )}
      </div>
      {isSetting && <SetOutput run={run.id} path={path} output={outputs.has(path) ? outputs.get(path) : step.output} onClose={() => setSetting(false)} />}
    </div>
  );
}
