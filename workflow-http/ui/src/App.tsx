// The page: panes in a grid, one choice of step for all of them.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { EditorRef } from './editor/Editor';
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
import { stateWord } from './parts/State';
import type { LogLine } from './run/log';
import { focusOf } from './run/run';
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

  const { run, runId, check, name } = session;
  const chosen = run ? (picked !== null && run.steps[picked] ? picked : focusOf(run)) : undefined;
  const lines = run?.log ?? NO_LINES;

  useEffect(() => {
    setPicked(null);
    setTab('steps');
  }, [runId]);
  useEffect(() => {
    document.title = run ? `${stateWord(run.status)} · ${name}` : 'Workflow';
  }, [run?.status, name, run]);
  useKeys({ Enter: session.start, '.': session.cancel });

  const choose = useCallback((path: string) => setPicked(path), []);
  const show = useCallback((path: string) => {
    setPicked(path);
    setTab('steps');
  }, []);
  const goTo = useCallback((at: number) => editor.current?.goTo(at), []);
  const hasFaults = check.faults.length > 0;

  return (
    <div className="page" data-tab={tab} data-faulty={hasFaults || undefined}>
      <a href="#steps" onClick={skipToSteps} className="sr-only focus:not-sr-only focus:absolute focus:z-10 focus:m-2 focus:rounded-ctl focus:bg-card focus:px-3 focus:py-2">
        Skip to the steps
      </a>
      <Header session={session} />
      <RunBar session={session} />
      <main className="contents">
        <EditorPane session={session} chosen={chosen} onChoose={choose} editor={editor} />
        <Faults faults={check.faults} onGoTo={goTo} />
        <Log lines={lines} onChoose={show} />
        <section aria-label="Input and steps" data-pane="steps" className="pane pane-side border-line bg-panel desk:border-l max-desk:overflow-auto">
          <InputPane session={session} />
          {!session.problem && <StepList run={run} outline={check.outline} chosen={chosen} onChoose={choose} />}
          <Detail session={session} chosen={chosen} isSimulated={server.isSimulated} />
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
