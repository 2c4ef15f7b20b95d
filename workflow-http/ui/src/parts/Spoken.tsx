// The model's own words, growing once per frame.
import { useLayoutEffect, useRef, useState } from 'react';
import { count } from '../words';
import { Button } from './Button';

/** More than this is cut at the front until someone asks for all of it. */
const SHOWN = 200_000;
/** It is cut in pieces of this size, so that what is shown is seldom written anew. */
const PIECE = 50_000;

/** `isLive`: the last words are still warm and the caret stands after them. */
export function Spoken({ text, isLive }: { text: string; isLive: boolean }) {
  const [isAll, setAll] = useState(false);
  const shown = isAll ? text : text.slice(Math.ceil(Math.max(0, text.length - SHOWN) / PIECE) * PIECE);
  const [settled, warm] = isLive ? coolingAt(shown) : [shown, []];
  return (
    <>
      {shown.length < text.length && (
        <Button size="small" className="mb-2" onClick={() => setAll(true)}>
          Show all {count(text.length)} characters
        </Button>
      )}
      <div className="spoken" dir="auto" data-testid="spoken">
        <Settled text={settled} />
        {warm.map((word, index) => (
          <span key={index} className="warm">
            {word}
          </span>
        ))}
        {isLive && <i className="caret" />}
      </div>
    </>
  );
}

/** One text node that is appended to, not written anew. */
function Settled({ text }: { text: string }) {
  const node = useRef<Text | null>(null);
  const host = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    if (!host.current) return;
    node.current ??= host.current.appendChild(document.createTextNode(''));
    const said = node.current.data;
    if (text.startsWith(said)) node.current.appendData(text.slice(said.length));
    else node.current.data = text;
  }, [text]);
  return <span ref={host} />;
}

/** What has cooled, and the last four words. */
function coolingAt(text: string): [string, string[]] {
  const words = text.slice(-200).split(/(?<=\s)(?=\S)/).slice(-4);
  return [text.slice(0, text.length - words.join('').length), words];
}
