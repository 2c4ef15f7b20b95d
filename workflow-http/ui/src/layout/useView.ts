// Which views the centre shows: one where there is no space for both.
import { useEffect, useState } from 'react';
import { readStored, writeStored } from '../base/storage';

export type View = 'graph' | 'json' | 'both';

const KEY = 'workflow-view';

/** Whether a media query matches. */
export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const follow = () => setMatches(list.matches);
    follow();
    list.addEventListener('change', follow);
    return () => list.removeEventListener('change', follow);
  }, [query]);
  return matches;
}

/** `isWriting`: the text is being edited, or was. */
export function useView(isWriting: boolean) {
  const isWide = useMedia('(width >= 1400px)');
  const hasRoom = useMedia('(width >= 1101px)');
  const [picked, setPicked] = useState(readView);
  // Once a person writes, the text stays in view.
  const [hasWritten, setWritten] = useState(isWriting);
  useEffect(() => {
    if (isWriting) setWritten(true);
  }, [isWriting]);
  const view = picked ?? (isWide || hasWritten ? 'both' : 'graph');
  const setView = (view: View) => {
    setPicked(view);
    writeStored('localStorage', KEY, view);
  };
  const one: View = hasWritten ? 'json' : 'graph';
  return { view: view === 'both' && !hasRoom ? one : view, setView, hasRoom };
}

function readView(): View | null {
  const stored = readStored('localStorage', KEY);
  return stored === 'graph' || stored === 'json' || stored === 'both' ? stored : null;
}
