// Actions on a step of a run that has ended. They stay visible.
import { useLetters } from '../base/useKeys';
import { Button } from '../parts/Button';
import { Icon } from '../parts/Icon';
import { priceOf } from '../run/retry';
import type { Run } from '../run/run';
import { useActions, useSession } from '../session/session';
import { plural } from '../base/format';

interface Props {
  run: Run;
  path: string;
}

export function Foot({ run, path }: Props) {
  const isStarting = useSession(({ phase }) => phase.isStarting);
  const isMended = useSession(({ phase }) => phase.isMended);
  const { retry } = useActions();
  const { from, keeps, runs } = priceOf(run, path);
  useLetters({ r: () => retry(from) });
  return (
    <div className="sticky bottom-0 z-3 mt-auto flex flex-wrap items-center gap-x-2.5 gap-y-1 border-t border-line bg-panel px-4 py-2.5">
      <Button aria-keyshortcuts="r" aria-disabled={isStarting} aria-describedby="retry-price" onClick={() => retry(from)}>
        <Icon name="retrying" size={14} />
        <span>
          Retry from <code>{from}</code>
        </span>
      </Button>
      <span id="retry-price" className="text-meta text-ink-3">
        {isMended && 'Saves your changes. '}
        {keeps > 0 ? `Keeps ${plural(keeps, 'result')}, runs` : 'Runs'} {plural(runs, 'step')}.
      </span>
    </div>
  );
}
