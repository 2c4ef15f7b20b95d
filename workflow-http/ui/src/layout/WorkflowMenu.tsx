// The menu of the workflow and the run.
import { lazy, Suspense, useState } from 'react';
import { asProblem, deleteRun, deleteWorkflow } from '../api/client';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { Sentence } from '../parts/CodeText';
import { Icon } from '../parts/Icon';
import { Menu } from '../parts/Menu';
import { toast } from '../parts/Toast';
import { hasEnded } from '../run/run';
import type { Lists } from '../side/useLists';
import { useActions, useSession } from '../session/session';

const UseIt = lazy(() => import('../use/UseIt'));

interface Props {
  lists: Lists;
}

type What = 'workflow' | 'run';

export function WorkflowMenu({ lists }: Props) {
  const saved = useSession(({ text }) => text.saved);
  const canSave = useSession(({ phase }) => phase.canSave);
  const canDeleteRun = useSession(({ view: { run } }) => run !== null && hasEnded(run));
  const { begin, save } = useActions();
  const [asked, setAsked] = useState<What | null>(null);
  const [isUsing, setUsing] = useState(false);
  return (
    <>
      <Menu label="Workflow and run" face={<Icon name="chev" size={14} className="rotate-90" />} side="left">
        {(close) => {
          const then = (act: () => void) => () => {
            close();
            act();
          };
          return (
            <>
              <Item onClick={then(begin)}>New workflow</Item>
              {canSave && <Item onClick={then(save)}>Save</Item>}
              {saved && <Item onClick={then(() => setUsing(true))}>Use it in your app</Item>}
              {canDeleteRun && <Item onClick={then(() => setAsked('run'))}>Delete this run</Item>}
              {saved && <Item onClick={then(() => setAsked('workflow'))}>Delete workflow</Item>}
            </>
          );
        }}
      </Menu>
      {asked && <Delete what={asked} lists={lists} onClose={() => setAsked(null)} />}
      {isUsing && (
        <Suspense fallback={null}>
          <UseIt onClose={() => setUsing(false)} />
        </Suspense>
      )}
    </>
  );
}

function Item({ onClick, children }: { onClick: () => void; children: string }) {
  return (
    <button type="button" className="flex h-9 w-full items-center px-3 hover:bg-raised desk:h-8" onClick={onClick}>
      {children}
    </button>
  );
}

const COST = {
  workflow: 'Its runs stay, and those that are live continue.',
  run: 'Its results and its log are deleted, too.',
} as const;

function Delete({ what, lists, onClose }: Props & { what: What; onClose: () => void }) {
  const name = useSession(({ text }) => text.name);
  const saved = useSession(({ text }) => text.saved);
  const runId = useSession((session) => session.runId);
  const { go } = useActions();
  const [refusal, setRefusal] = useState('');
  const remove = () =>
    (what === 'workflow' ? deleteWorkflow(saved!.id) : deleteRun(runId!)).then(
      () => {
        toast(what === 'workflow' ? `Deleted ${name}.` : 'Deleted the run.');
        lists.workflows.refresh();
        lists.runs.refresh();
        onClose();
        go(what === 'run' && saved ? { at: 'workflow', id: saved.id } : { at: 'home' });
      },
      (error: unknown) => setRefusal(asProblem(error).detail),
    );
  return (
    <Dialog title={what === 'workflow' ? `Delete ${name}?` : 'Delete this run?'} onClose={onClose}>
      <p className="text-ink-2">{COST[what]}</p>
      {refusal && (
        <p role="alert" className="mt-2 text-fail">
          <Sentence text={refusal} />
        </p>
      )}
      <div className="mt-4 flex gap-2">
        <Button look="danger" onClick={() => void remove()}>
          Delete {what}
        </Button>
        <Button onClick={onClose}>Cancel</Button>
      </div>
    </Dialog>
  );
}
