import { useId } from 'react';
import { hasEnded, isKnown } from '../run/run';
import { Button, Kbd } from '../parts/Button';
import { Icon } from '../parts/Icon';
import { RunChip } from '../parts/RunChip';
import { toggleTheme } from '../theme';
import type { Session } from '../useSession';
import { isMac } from '../words';

export function Header({ session }: { session: Session }) {
  const { name, version, isTextEdited, run } = session;
  return (
    <header className="flex items-center gap-2 border-b border-line bg-panel pr-2.5 pl-3.5 [grid-area:head]">
      <span className="flex flex-none items-center gap-[9px] text-lead font-bold tracking-[-0.01em] desk:mr-6">
        <Icon name="mark" size={22} className="stroke-2" />
        <span className="sr-only desk:not-sr-only">Workflow</span>
      </span>
      <h1 className="truncate text-lead font-bold">{name}</h1>
      <span className="hidden text-ink-3 desk:inline">
        {version === undefined ? isTextEdited && 'Not saved' : <><code className="mr-1.5 text-meta">v{version}</code>Saved</>}
      </span>
      <span className="flex-1" />
      <div className="hidden items-center gap-2 desk:flex">
        {isKnown(run) && <RunChip run={run} />}
        <Actions session={session} />
      </div>
      <Button look="quiet" size="icon" onClick={toggleTheme} aria-label="Switch between light and dark">
        <Icon name="sun" />
      </Button>
    </header>
  );
}

/** On a phone the state and the one button stand in a row of their own. */
export function RunBar({ session }: { session: Session }) {
  const { run } = session;
  return (
    <div className="flex min-h-[53px] items-center gap-2 border-b border-line bg-panel px-3.5 py-2 [grid-area:bar] desk:hidden" role="region" aria-label="Run">
      {isKnown(run) ? <RunChip run={run} /> : <span className="text-ink-3">{run ? 'Loading' : 'Not run yet'}</span>}
      <span className="flex-1" />
      <Actions session={session} />
    </div>
  );
}

function Actions({ session }: { session: Session }) {
  const { run, check, problem, canRun, canCancel, isStarting, isCancelling, start, cancel } = session;
  const faults = check.faults.length;
  const why = useId();
  const isGoing = run !== null && !hasEnded(run) && !problem;
  const isBarred = !isGoing && faults > 0;
  const act = isGoing ? cancel : start;
  // One button that is never disabled, only said to be: another one, or a disabled one, would lose the focus.
  return (
    <>
      {isBarred && <span id={why} className="text-meta text-fail">Fix {faults === 1 ? '1 fault' : `${faults} faults`} to run.</span>}
      <Button
        look={isGoing ? 'danger' : 'primary'}
        // The second half of a double click, or of a key held down, is no wish to cancel what the first half started.
        onClick={(event) => event.detail < 2 && act()}
        onKeyDown={(event) => event.repeat && event.key === 'Enter' && event.preventDefault()}
        aria-disabled={isGoing ? !canCancel : !canRun}
        aria-describedby={isBarred ? why : undefined}
        aria-keyshortcuts={isGoing ? 'Control+. Meta+.' : 'Control+Enter Meta+Enter'}
      >
        <Icon name={isGoing ? 'stop' : 'play'} size={14} />
        {isGoing ? (isCancelling ? 'Cancelling' : 'Cancel run') : isStarting ? 'Starting' : 'Run'}
        {!isGoing && <Kbd>{isMac ? '⌘↵' : 'Ctrl ↵'}</Kbd>}
      </Button>
    </>
  );
}
