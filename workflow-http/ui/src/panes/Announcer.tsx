// Announces states of steps and runs to screen readers. Tokens are not announced.
import { useEffect, useRef, useState } from 'react';
import type { LogLine } from '../run/log';
import { useSession } from '../session/session';

/** Events in this time are announced together, at most so many of them. */
const PAUSE = 400;
const MOST = 4;

/** Of the steps inside maps and loops, only questions and failures are announced: there may be thousands. */
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
