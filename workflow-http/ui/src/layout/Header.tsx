import { Suspense, useId } from 'react';
import { WorkflowMenu } from '../lazyPanes';
import { Button, Kbd } from '../parts/Button';
import { Icon } from '../parts/Icon';
import { RunChip } from '../parts/RunChip';
import { isKnown } from '../run/run';
import type { Lists } from '../side/useLists';
import { toggleTheme } from '../base/theme';
import type { Session } from '../session/useSession';
import { isMac, plural } from '../base/format';

interface Props {
  session: Session;
  lists: Lists;
  isSideOpen: boolean;
  onSide: () => void;
  onHelp: () => void;
}

export function Header({ session, lists, isSideOpen, onSide, onHelp }: Props) {
  const { at } = session.address;
  const isAlone = at === 'home' || at === 'runs';
  return (
    <header className="flex min-w-0 items-center gap-2 border-b border-line bg-panel pr-2.5 pl-3.5 [grid-area:head]">
      <Button
        look="quiet"
        size="icon"
        className="-ml-2 max-desk:hidden broad:hidden"
        aria-label="Workflows and runs"
        aria-expanded={isSideOpen}
        onClick={onSide}
      >
        <Icon name="list" />
      </Button>
      <a href="#/" className="flex flex-none items-center gap-[9px] text-lead font-bold tracking-[-0.01em] broad:w-[200px] wide:w-[222px]">
        <Icon name="mark" size={22} className="stroke-2" />
        <span className={isAlone ? '' : 'sr-only broad:not-sr-only'}>Workflow</span>
      </a>
      {!isAlone && <Crumb session={session} lists={lists} />}
      <span className="flex-1" />
      {!isAlone && (
        <div className="hidden items-center gap-2 desk:flex">
          {isKnown(session.run) && <RunChip run={session.run} />}
          <Actions session={session} />
        </div>
      )}
      <Button look="quiet" size="icon" onClick={toggleTheme} aria-label="Switch between light and dark">
        <Icon name="sun" />
      </Button>
      <Button look="quiet" size="icon" className="max-desk:hidden" onClick={onHelp} aria-label="Keys" aria-keyshortcuts="?">
        <Icon name="help" />
      </Button>
    </header>
  );
}

function Crumb({ session, lists }: Pick<Props, 'session' | 'lists'>) {
  const { name, saved, text, isTextEdited } = session;
  const isSaved = saved?.text === text;
  return (
    <>
      <h1 className="truncate text-lead font-bold">{name}</h1>
      <Suspense fallback={null}>
        <WorkflowMenu session={session} lists={lists} />
      </Suspense>
      <span className="hidden flex-none text-ink-3 desk:inline">
        {saved ? (
          <>
            <code className="mr-1.5 text-meta">v{saved.version}</code>
            {isSaved ? 'Saved' : 'edited, not saved'}
          </>
        ) : (
          isTextEdited && 'Not saved'
        )}
      </span>
    </>
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
  const { check, isGoing, saved, text, isTextEdited, canSave, save } = session;
  const faults = check.faults.length;
  const isUnsaved = isTextEdited || (saved !== null && saved.text !== text);
  const why = useId();
  const isBarred = !isGoing && faults > 0;
  return (
    <>
      {isBarred && (
        <span id={why} className="text-meta text-fail">
          Fix {plural(faults, 'fault')} to run.
        </span>
      )}
      {isUnsaved && (
        <Button aria-disabled={!canSave} aria-keyshortcuts="Control+S Meta+S" onClick={save} className="max-desk:hidden">
          Save
        </Button>
      )}
      <RunButton session={session} why={isBarred ? why : undefined} />
    </>
  );
}

/** One button that is never disabled, only said to be: another one, or a disabled one, would lose the focus. */
function RunButton({ session, why }: { session: Session; why: string | undefined }) {
  const { isGoing, canRun, canCancel, isStarting, isCancelling, start, cancel } = session;
  const act = isGoing ? cancel : start;
  return (
    <Button
      look={isGoing ? 'danger' : 'primary'}
      // The second half of a double click, or of a key held down, is no wish to cancel what the first half started.
      onClick={(event) => event.detail < 2 && act()}
      onKeyDown={(event) => event.repeat && event.key === 'Enter' && event.preventDefault()}
      aria-disabled={isGoing ? !canCancel : !canRun}
      aria-describedby={why}
      aria-keyshortcuts={isGoing ? 'Control+. Meta+.' : 'Control+Enter Meta+Enter'}
    >
      <Icon name={isGoing ? 'stop' : 'play'} size={14} />
      {isGoing ? (isCancelling ? 'Cancelling' : 'Cancel run') : isStarting ? 'Starting' : 'Run'}
      {!isGoing && <Kbd>{isMac ? '⌘↵' : 'Ctrl ↵'}</Kbd>}
    </Button>
  );
}
