import { Icon, type IconName } from '../parts/Icon';

export type Tab = 'home' | 'steps' | 'json' | 'time' | 'log' | 'runs';

const TABS: readonly { tab: Tab; word: string; icon: IconName }[] = [
  { tab: 'steps', word: 'Steps', icon: 'rows' },
  { tab: 'json', word: 'JSON', icon: 'text' },
  { tab: 'time', word: 'Timeline', icon: 'time' },
  { tab: 'log', word: 'Log', icon: 'log' },
  { tab: 'runs', word: 'Runs', icon: 'list' },
];

interface Props {
  tab: Tab;
  faults: number;
  /** The title of a page without panes. */
  alone: string | undefined;
  onTab: (tab: Tab) => void;
}

/** A phone shows one pane at a time. */
export function TabBar({ tab, faults, alone, onTab }: Props) {
  const tabs = alone === undefined ? TABS : [{ tab: 'home' as const, word: alone, icon: 'play' as const }, TABS.at(-1)!];
  return (
    <nav aria-label="Panes" className="grid h-14 auto-cols-fr grid-flow-col border-t border-line bg-panel [grid-area:tabs] desk:hidden">
      {tabs.map((one) => (
        <button
          key={one.tab}
          type="button"
          aria-current={one.tab === tab ? 'page' : undefined}
          onClick={() => onTab(one.tab)}
          className="relative grid content-center justify-items-center gap-[3px] text-[11.5px] text-ink-2 aria-[current]:font-bold aria-[current]:text-live aria-[current]:before:absolute aria-[current]:before:top-0 aria-[current]:before:h-0.5 aria-[current]:before:w-1/2 aria-[current]:before:rounded-b-[2px] aria-[current]:before:bg-live"
        >
          <Icon name={one.icon} />
          {one.word}
          {one.tab === 'json' && faults > 0 && (
            <span className="absolute top-1.5 left-[calc(50%+8px)] rounded-full bg-fail px-1 font-code text-micro leading-[15px] font-[700] text-panel">
              {faults}
              <span className="sr-only"> faults</span>
            </span>
          )}
        </button>
      ))}
    </nav>
  );
}
