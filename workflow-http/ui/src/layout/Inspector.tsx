// The inspector: the input of a run, the selected step, and the result.
import { Suspense, useEffect, useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import { writeAddress } from '../session/address';
import { Detail, InputPane } from '../lazyPanes';
import { Button } from '../parts/Button';
import { Choice } from '../parts/Choice';
import { Icon } from '../parts/Icon';
import { toast } from '../parts/Toast';
import { hasEnded } from '../run/run';
import { useSession } from '../session/session';

interface Props {
  onGoTo: (at: number) => void;
}

type Tab = 'input' | 'step' | 'result';

export function Inspector({ onGoTo }: Props) {
  const runId = useSession((session) => session.runId);
  const shownId = useSession(({ view }) => view.run?.id);
  const isOver = useSession(({ view: { run } }) => run !== null && hasEnded(run));
  const chosen = useSession(({ choice }) => choice.chosen);
  const hasMessage = useSession(({ view: { problem }, messages: { refusal, note } }) => (problem ?? refusal ?? note) !== null);
  const [picked, setPicked] = useState<Tab>('step');
  // Selecting a step shows it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: set when the choice or the run changes
  useEffect(() => setPicked('step'), [chosen, runId]);
  const tab = runId === null || (picked === 'result' && !isOver) ? (runId === null ? 'input' : 'step') : picked;
  return (
    <section aria-label="Inspector" data-pane="steps" data-inspector tabIndex={-1} className="pane pane-insp border-line bg-panel outline-none desk:border-l">
      <div className="flex h-11 flex-none items-center gap-2 px-3 desk:h-10">
        <Choice
          label="Show"
          value={tab}
          onChange={setPicked}
          options={[
            { value: 'input', word: 'Input' },
            { value: 'step', word: 'Step', disabled: runId === null },
            { value: 'result', word: 'Result', disabled: !isOver },
          ]}
        />
        <span className="flex-1" />
        {shownId !== undefined && chosen !== undefined && (
          <Button
            look="quiet"
            size="small"
            className="w-8 px-0 desk:w-[26px]"
            aria-label="Copy a link to this step"
            onClick={() => void copyLink(writeAddress({ at: 'run', id: shownId, step: chosen }))}
          >
            <Icon name="link" size={14} />
          </Button>
        )}
      </div>
      <Suspense fallback={null}>
        {tab === 'input' && (
          <Leaving>
            <InputPane />
          </Leaving>
        )}
        {(tab !== 'input' || hasMessage) && <Detail chosen={tab === 'input' ? undefined : chosen} isResult={tab === 'result'} onGoTo={onGoTo} />}
      </Suspense>
    </section>
  );
}

/** Moves the focus to the inspector when its focused content is removed. */
function Leaving({ children }: { children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const here = box.current;
    return () => {
      if (here?.contains(document.activeElement)) here.closest<HTMLElement>('[data-inspector]')?.focus();
    };
  }, []);
  return <div ref={box}>{children}</div>;
}

export async function copyLink(address: string): Promise<void> {
  const link = new URL(address, document.baseURI).href;
  await navigator.clipboard.writeText(link).then(
    () => toast('Link copied.'),
    () => toast('The browser does not allow to copy.'),
  );
}
