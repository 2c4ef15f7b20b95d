// Says step and run states to those who listen to the page. Tokens are never said.
import { useEffect, useRef, useState } from 'react';
import type { LogLine } from '../run/log';
import { useSession } from '../session/session';

/** What happens at once is said at once, and not more of it than can be heard. */
const PAUSE = 400;
const MOST = 4;

/** Of what is inside a map or loop there may be thousands: only what asks or fails. */
const isSaid = (line: LogLine): boolean => !line.of.includes('/') || line.said !== undefined || line.state === 'failed';

const NO_LINES: LogLine[] = [];

export function Announcer() {
  const lines = useSession(({ view }) => view.run?.log ?? NO_LINES);
  const [words, setWords] = useState('');
  const said = useRef(0);
  const last = lines.at(-1)?.seq ?? 0;
  useEffect(() => {
    if (last < said.current) said.current = 0;
    const timer = setTimeout(() => {
      const news = lines.filter((line) => line.seq > said.current && isSaid(line)).slice(-MOST);
      if (news.length > 0) setWords(news.map((line) => line.said ?? `${line.of} ${line.word.toLowerCase()}.`).join(' '));
      said.current = last;
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [lines, last]);
  return (
    <div aria-live="polite" className="sr-only" data-testid="announced">
      {words}
    </div>
  );
}
