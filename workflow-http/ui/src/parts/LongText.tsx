// Very long text: its end, and all of it for those who ask.
import { useState, type ReactNode } from 'react';
import { count } from '../base/format';
import { Button } from './Button';

/** More than this is cut at the front. */
const SHOWN = 200_000;
/** It is cut in pieces of this size, so that what is shown is seldom written anew. */
const PIECE = 50_000;

export function LongText({ text, children }: { text: string; children: (shown: string) => ReactNode }) {
  const [isAll, setAll] = useState(false);
  const left = isAll ? 0 : Math.ceil(Math.max(0, text.length - SHOWN) / PIECE) * PIECE;
  return (
    <>
      {left > 0 && (
        <Button size="small" className="mb-2" onClick={() => setAll(true)}>
          Show all {count(text.length)} characters
        </Button>
      )}
      {children(text.slice(left))}
    </>
  );
}
