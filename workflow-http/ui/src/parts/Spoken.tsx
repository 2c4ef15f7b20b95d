// The model's own words, growing once per frame.
import { useLayoutEffect, useRef } from 'react';
import { Cut } from './Cut';

/** `isLive`: the last words are still warm and the caret stands after them. */
export function Spoken({ text, isLive }: { text: string; isLive: boolean }) {
  return <Cut text={text}>{(shown) => <Shown text={shown} isLive={isLive} />}</Cut>;
}

function Shown({ text, isLive }: { text: string; isLive: boolean }) {
  const [settled, warm] = isLive ? coolingAt(text) : [text, []];
  return (
    <div className="spoken" dir="auto" data-testid="spoken">
      <Settled text={settled} />
      {warm.map((word, index) => (
        <span key={index} className="warm">
          {word}
        </span>
      ))}
      {isLive && <i className="caret" />}
    </div>
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
