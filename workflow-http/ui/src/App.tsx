// The page: panes in a grid, one choice of step for all of them.
import { Suspense, useCallback, useEffect, useRef, useState } from 'react';
import type { EditorRef } from './editor/Editor';
import { Timeline } from './later';
import { Announcer } from './panes/Announcer';
import { Detail } from './panes/Detail';
import { EditorPane } from './panes/EditorPane';
import { Faults } from './panes/Faults';
import { Header, RunBar } from './panes/Header';
import { InputPane } from './panes/InputPane';
import { Log } from './panes/Log';
import { StatusLine } from './panes/StatusLine';
import { StepList } from './panes/StepList';
import { TabBar, type Tab } from './panes/TabBar';
import { turnWord } from './parts/State';
import type { LogLine } from './run/log';
import { focusWithin, type Folds } from './run/fold';
import { useKeys } from './useKeys';
import { useServer } from './useServer';
import { useSession } from './useSession';

const NO_LINES: LogLine[] = [];

export function App() {
  const session = useSession();
  const server = useServer();
  const editor = useRef<EditorRef>(null);
  const [tab, setTab] = useState<Tab>('steps');
  const [picked, setPicked] = useState<string | null>(null);
  const [folds, setFolds] = useState<Folds>({});

  const { run, runId, check, name } = session;
  const chosen = run ? (picked !== null && run.steps[picked] ? picked : focusWithin(run, folds)) : undefined;
  const lines = run?.log ?? NO_LINES;

  useEffect(() => {
    setPicked(null);
    setFolds({});
    setTab('steps');
  }, [runId]);
  useEffect(() => {
    document.title = run ? `${turnWord(run.status)} · ${name}` : 'Workflow';
  }, [run?.status, name, run]);
  useKeys({ Enter: session.start, '.': session.cancel });

  // The text has a body once, a run has it for each item: a choice there is one of what contains it.
  const steps = useRef(run?.steps);
  useEffect(() => {
    steps.current = run?.steps;
  });
  const choose = useCallback((path: string) => {
    let known = path;
    while (steps.current && !steps.current[known] && known.includes('/')) known = known.slice(0, known.lastIndexOf('/'));
    setPicked(known);
  }, []);
  const show = useCallback((path: string) => {
    setPicked(path);
    setTab('steps');
  }, []);
  const goTo = useCallback((at: number) => editor.current?.goTo(at), []);
  const fold = useCallback((path: string, isFolded: boolean) => setFolds((folds) => ({ ...folds, [path]: isFolded })), []);
  const hasFaults = check.faults.length + check.warnings.length > 0;

  return (
    <div className="page" data-tab={tab} data-faulty={hasFaults || undefined}>
      <a href="#steps" onClick={skipToSteps} className="sr-only focus:not-sr-only focus:absolute focus:z-10 focus:m-2 focus:rounded-ctl focus:bg-card focus:px-3 focus:py-2">
        Skip to the steps
      </a>
      <Header session={session} />
      <RunBar session={session} />
      <main className="contents">
        <EditorPane session={session} chosen={chosen} onChoose={choose} editor={editor} />
        <Faults faults={check.faults} warnings={check.warnings} onGoTo={goTo} />
        <Suspense>
          <Timeline run={run} chosen={chosen} folds={folds} onChoose={choose} onFold={fold} />
        </Suspense>
        <Log run={run} onChoose={show} />
        <section aria-label="Input and steps" data-pane="steps" className="pane pane-side border-line bg-panel desk:border-l max-desk:overflow-auto">
          <InputPane session={session} />
          {!session.problem && <StepList run={run} outline={check.outline} chosen={chosen} folds={folds} onChoose={choose} onFold={fold} />}
          <Detail session={session} chosen={chosen} onChoose={choose} isSimulated={server.isSimulated} />
        </section>
      </main>
      <StatusLine session={session} server={server} />
      <TabBar tab={tab} faults={check.faults.length} onTab={setTab} />
      <Announcer lines={lines} />
    </div>
  );

  // The address belongs to the run, so the link moves the focus and leaves it alone.
  function skipToSteps(event: React.MouseEvent) {
    event.preventDefault();
    setTab('steps');
    document.getElementById('steps')?.focus();
  }
}
