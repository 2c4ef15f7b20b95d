// The page: panes in a grid, one choice of step for all of them.
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react';
import type { EditorRef } from './editor/Editor';
import { Centre } from './layout/Centre';
import { Dock, useDock } from './layout/Dock';
import { Header, RunBar } from './layout/Header';
import { Inspector } from './layout/Inspector';
import { StatusLine } from './layout/StatusLine';
import { TabBar, type Tab } from './layout/TabBar';
import { Side } from './lazyPanes';
import { Announcer } from './panes/Announcer';
import { turnWord } from './parts/State';
import { Toast } from './parts/Toast';
import type { LogLine } from './run/log';
import { useLists } from './side/useLists';
import { useChoice } from './session/useChoice';
import { useKeys, useLetters } from './base/useKeys';
import { usePaste } from './session/usePaste';
import { useServer } from './api/useServer';
import { useSession } from './session/useSession';
import { useMedia, useView } from './layout/useView';

const Home = lazy(() => import('./welcome/Home'));
const History = lazy(() => import('./history/History'));
const Keys = lazy(() => import('./layout/Keys'));

const NO_LINES: LogLine[] = [];

export function App() {
  const session = useSession();
  const server = useServer(session.connection.state === 'live');
  const lists = useLists(session);
  const editor = useRef<EditorRef>(null);
  const { address, run, runId, check, name, go } = session;
  const [tab, setTab] = useState<Tab>('steps');
  const [isSideOpen, setSideOpen] = useState(false);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const isPhone = !useMedia('(width >= 761px)');
  const view = useView(address.at === 'new' || session.isTextEdited);
  const dock = useDock(session, view.hasRoom);
  const choice = useChoice(session, editor);
  const isAlone = address.at === 'home' || address.at === 'runs';
  const lines = run?.log ?? NO_LINES;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another run begins at its steps
  useEffect(() => setTab(isAlone ? 'home' : 'steps'), [runId, isAlone]);
  useEffect(() => {
    document.title = run ? `${turnWord(run.status)} · ${name}` : 'Workflow';
  }, [run?.status, name, run]);

  const { show } = choice;
  const showStep = useCallback(
    (path: string) => {
      show(path);
      setTab('steps');
    },
    [show],
  );
  const inText = (act: () => void) => {
    if (view.view === 'graph') view.setView('json');
    setTab('json');
    // Once the text can be seen.
    requestAnimationFrame(act);
  };
  const goTo = (at: number) => inText(() => choice.goTo(at));
  const closeSide = useCallback(() => {
    setSideOpen(false);
    setTab((tab) => (tab === 'runs' ? (isAlone ? 'home' : 'steps') : tab));
  }, [isAlone]);

  useKeys({ Enter: session.start, '.': session.cancel, s: session.save });
  usePaste(session.take);
  useLetters({
    n: session.begin,
    g: () => view.setView('graph'),
    j: () => view.setView('json'),
    b: () => view.setView('both'),
    t: () => dock.setPane('timeline'),
    l: () => dock.setPane('log'),
    f: () => dock.setPane('faults'),
    '/': () => (address.at === 'runs' ? document.getElementById('search')?.focus() : go({ at: 'runs' })),
    '?': () => setHelpOpen(true),
    r: () => document.querySelector<HTMLElement>('[data-retry]')?.click(),
    e: () => document.querySelector<HTMLElement>('[data-follow]')?.click(),
    '[': () => choice.turn(-1),
    ']': () => choice.turn(1),
    ArrowUp: () => choice.move(-1),
    ArrowDown: () => choice.move(1),
    F8: () => choice.nextFault(),
    Escape: closeSide,
  });

  return (
    <div className="page" data-tab={tab} data-alone={isAlone || undefined} style={dock.style}>
      {!isAlone && (
        // biome-ignore lint/a11y/useValidAnchor: a skip link leads to a place; the address belongs to what is shown
        <a
          href="#steps"
          onClick={skipToSteps}
          className="sr-only focus:not-sr-only focus:absolute focus:z-30 focus:m-2 focus:rounded-ctl focus:bg-card focus:px-3 focus:py-2"
        >
          Skip to the steps
        </a>
      )}
      <Header session={session} lists={lists} isSideOpen={isSideOpen} onSide={() => setSideOpen(!isSideOpen)} onHelp={() => setHelpOpen(true)} />
      {!isAlone && <RunBar session={session} />}
      <main className="panes">
        <Suspense fallback={<aside className="pane pane-side border-line bg-panel desk:border-r" />}>
          <Side session={session} lists={lists} isOpen={isSideOpen} onClose={closeSide} />
        </Suspense>
        {isAlone ? (
          <Suspense fallback={null}>{address.at === 'runs' ? <History /> : <Home session={session} isSimulated={server.isSimulated} />}</Suspense>
        ) : (
          <>
            <Centre session={session} view={view} isPhone={isPhone} choice={choice} editor={editor} />
            <Inspector session={session} chosen={choice.chosen} onChoose={choice.choose} onGoTo={goTo} />
            <Dock dock={dock} session={session} choice={choice} onShow={showStep} onGoTo={goTo} onFix={(fixes) => inText(() => choice.mend(fixes))} />
          </>
        )}
      </main>
      <StatusLine session={session} server={server} />
      <TabBar tab={tab} faults={check.faults.length} alone={address.at === 'home' ? 'Start' : address.at === 'runs' ? 'All runs' : undefined} onTab={setTab} />
      <Announcer lines={lines} />
      <Toast />
      <Suspense fallback={null}>{isHelpOpen && <Keys onClose={() => setHelpOpen(false)} />}</Suspense>
    </div>
  );

  // The address belongs to what is shown, so the link moves the focus and leaves it alone.
  function skipToSteps(event: React.MouseEvent) {
    event.preventDefault();
    setTab('steps');
    choice.setList(true);
    if (view.view === 'json') view.setView('graph');
    // Once it can be seen.
    requestAnimationFrame(() => document.getElementById('steps')?.focus());
  }
}
