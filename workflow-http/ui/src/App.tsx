// The page: panes in a grid with one selected step.
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react';
import { Centre } from './layout/Centre';
import { useDock } from './layout/useDock';
import { Header, RunBar } from './layout/Header';
import { Inspector } from './layout/Inspector';
import { StatusLine } from './layout/StatusLine';
import { TabBar, type Tab } from './layout/TabBar';
import { Announcer, Dock, Side } from './lazyPanes';
import { turnWord } from './parts/State';
import { Toast } from './parts/Toast';
import { useLists } from './side/useLists';
import { useKeys, useLetters } from './base/useKeys';
import { usePaste } from './session/usePaste';
import { useServer } from './api/useServer';
import { SessionProvider } from './session/SessionProvider';
import { useActions, useChoiceActions, useSession } from './session/session';
import { useMedia, useView } from './layout/useView';

const Home = lazy(() => import('./welcome/Home'));
const Compare = lazy(() => import('./diff/Compare'));
const History = lazy(() => import('./history/History'));
const Keys = lazy(() => import('./layout/Keys'));

export function App() {
  return (
    <SessionProvider>
      <Page />
    </SessionProvider>
  );
}

function Page() {
  const at = useSession(({ address }) => address.at);
  const runId = useSession((session) => session.runId);
  const isWriting = useSession(({ address, text }) => address.at === 'new' || text.isEdited);
  const faults = useSession(({ text }) => text.check.faults.length);
  const title = useSession(({ view: { run }, text: { name } }) => (run ? `${turnWord(run.status)} · ${name}` : 'Workflow'));
  const isLive = useSession(({ view }) => view.connection.state === 'live');
  const isList = useSession(({ choice }) => choice.isList);
  const actions = useActions();
  const choice = useChoiceActions();
  const server = useServer(isLive);
  const lists = useLists();
  const steps = useRef<HTMLDivElement>(null);
  const [tab, setTab] = useState<Tab>('steps');
  const [isSideOpen, setSideOpen] = useState(false);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const isPhone = !useMedia('(width >= 761px)');
  const view = useView(isWriting);
  const dock = useDock(view.hasRoom);
  const isAlone = at === 'home' || at === 'runs' || at === 'diff';
  const isGraph = !isAlone && !isPhone && !isList && view.view !== 'json';

  // biome-ignore lint/correctness/useExhaustiveDependencies: another run begins at its steps
  useEffect(() => setTab(isAlone ? 'home' : 'steps'), [runId, isAlone]);
  useEffect(() => {
    document.title = title;
  }, [title]);

  const showStep = useCallback(
    (path: string) => {
      choice.show(path);
      setTab('steps');
    },
    [choice],
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

  useKeys({ Enter: actions.start, '.': actions.cancel, s: actions.save });
  usePaste(actions.take);
  // Keys of one part of the page, such as `r` to retry a step, are in that part.
  useLetters({
    n: actions.begin,
    g: () => view.setView('graph'),
    j: () => view.setView('json'),
    b: () => view.setView('both'),
    t: () => dock.setPane('timeline'),
    l: () => dock.setPane('log'),
    f: () => dock.setPane('faults'),
    // Where the graph is shown it is searched, and the list of all runs has a search of its own.
    ...(at === 'runs' || isGraph ? {} : { '/': () => actions.go({ at: 'runs' }) }),
    '?': () => setHelpOpen(true),
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
      <Header lists={lists} isSideOpen={isSideOpen} onSide={() => setSideOpen(!isSideOpen)} onHelp={() => setHelpOpen(true)} />
      {!isAlone && <RunBar />}
      <main className="panes">
        <Suspense fallback={<aside className="pane pane-side border-line bg-panel desk:border-r" />}>
          <Side lists={lists} isOpen={isSideOpen} onClose={closeSide} />
        </Suspense>
        {isAlone ? (
          <Suspense fallback={null}>{at === 'diff' ? <Compare /> : at === 'runs' ? <History /> : <Home isSimulated={server.isSimulated} />}</Suspense>
        ) : (
          <>
            <Centre view={view} isPhone={isPhone} steps={steps} />
            <Inspector onGoTo={goTo} />
            <Suspense fallback={null}>
              <Dock dock={dock} onShow={showStep} onGoTo={goTo} onFix={(fixes) => inText(() => choice.mend(fixes))} />
            </Suspense>
          </>
        )}
      </main>
      <StatusLine server={server} />
      <TabBar
        tab={tab}
        faults={faults}
        alone={at === 'home' ? 'Start' : at === 'runs' ? 'All runs' : at === 'diff' ? 'Comparison' : undefined}
        onTab={setTab}
      />
      <Suspense fallback={null}>
        <Announcer />
      </Suspense>
      <Toast />
      <Suspense fallback={null}>{isHelpOpen && <Keys onClose={() => setHelpOpen(false)} />}</Suspense>
    </div>
  );

  // The hash names what is shown, so this link only moves the focus.
  function skipToSteps(event: React.MouseEvent) {
    event.preventDefault();
    setTab('steps');
    choice.setList(true);
    if (view.view === 'json') view.setView('graph');
    // Once it can be seen.
    requestAnimationFrame(() => steps.current?.focus());
  }
}
