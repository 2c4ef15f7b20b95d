import { Suspense, useId } from 'react';
import { Continue, WorkflowMenu } from '../lazyPanes';
import { Button, Kbd } from '../parts/Button';
import { Icon } from '../parts/Icon';
import { RunChip } from '../parts/RunChip';
import { isKnown } from '../run/run';
import type { Lists } from '../side/useLists';
import { toggleTheme } from '../base/theme';
import { runOf, useActions, useSession } from '../session/session';
import { isMac, plural } from '../base/format';

interface Props {
  lists: Lists;
  isSideOpen: boolean;
  onSide: () => void;
  onHelp: () => void;
}

export function Header({ lists, isSideOpen, onSide, onHelp }: Props) {
  const at = useSession(({ address }) => address.at);
  const isAlone = at === 'home' || at === 'runs' || at === 'diff';
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
      {!isAlone && <Crumb lists={lists} />}
      <span className="flex-1" />
      {!isAlone && (
        <div className="hidden items-center gap-2 desk:flex">
          <Chip />
          <Actions />
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

/** The state of the run. */
function Chip() {
  const run = useSession(runOf);
  return isKnown(run) && <RunChip run={run} />;
}

function Crumb({ lists }: Pick<Props, 'lists'>) {
  const name = useSession(({ text }) => text.name);
  const saved = useSession(({ text }) => text.saved);
  const isSaved = useSession(({ text }) => text.saved?.text === text.text);
  const isEdited = useSession(({ text }) => text.isEdited);
  return (
    <>
      <h1 className="truncate text-lead font-bold">{name}</h1>
      <Suspense fallback={null}>
        <WorkflowMenu lists={lists} />
      </Suspense>
      <span className="hidden flex-none text-ink-3 desk:inline">
        {saved ? (
          <>
            <code className="mr-1.5 text-meta">v{saved.version}</code>
            {isSaved ? 'Saved' : 'edited, not saved'}
          </>
        ) : (
          isEdited && 'Not saved'
        )}
      </span>
    </>
  );
}

/** On a phone, the state and the button have their own row. */
export function RunBar() {
  const run = useSession(runOf);
  return (
    <div className="flex min-h-[53px] items-center gap-2 border-b border-line bg-panel px-3.5 py-2 [grid-area:bar] desk:hidden" role="region" aria-label="Run">
      {isKnown(run) ? <RunChip run={run} /> : <span className="text-ink-3">{run ? 'Loading' : 'Not run yet'}</span>}
      <span className="flex-1" />
      <Actions />
    </div>
  );
}

function Actions() {
  const faults = useSession(({ text }) => text.check.faults.length);
  const isGoing = useSession(({ phase }) => phase.isGoing);
  const canSave = useSession(({ phase }) => phase.canSave);
  const isUnsaved = useSession(({ text: { isEdited, saved, text } }) => isEdited || (saved !== null && saved.text !== text));
  const isOpening = useSession(({ phase }) => phase.isOpening);
  const { save } = useActions();
  const why = useId();
  const isBarred = !isGoing && !isOpening && faults > 0;
  return (
    <>
      {isOpening && (
        <span id={why} className="animate-[appear_1ms_300ms_both] text-meta text-ink-2">
          Loading the workflow.
        </span>
      )}
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
      <Suspense fallback={null}>
        <Continue />
      </Suspense>
      <RunButton why={isBarred || isOpening ? why : undefined} />
    </>
  );
}

/** One button that uses `aria-disabled`: a replaced or disabled button would lose the focus. */
function RunButton({ why }: { why: string | undefined }) {
  const isGoing = useSession(({ phase }) => phase.isGoing);
  const canAct = useSession(({ phase }) => (phase.isGoing ? phase.canCancel : phase.canRun));
  const word = useSession(({ phase }) =>
    phase.isGoing ? (phase.isCancelling ? 'Cancelling' : 'Cancel run') : phase.isStarting ? 'Starting' : phase.canContinue ? 'Run new' : 'Run',
  );
  const { start, cancel } = useActions();
  const act = isGoing ? cancel : start;
  return (
    <Button
      look={isGoing ? 'danger' : 'primary'}
      // The second click of a double click must not cancel what the first one started, nor a key that is held down.
      onClick={(event) => event.detail < 2 && act()}
      onKeyDown={(event) => event.repeat && event.key === 'Enter' && event.preventDefault()}
      aria-disabled={!canAct}
      aria-describedby={why}
      aria-keyshortcuts={isGoing ? 'Control+. Meta+.' : 'Control+Enter Meta+Enter'}
    >
      <Icon name={isGoing ? 'stop' : 'play'} size={14} />
      {word}
      {!isGoing && <Kbd>{isMac ? '⌘↵' : 'Ctrl ↵'}</Kbd>}
    </Button>
  );
}
