// The model's own words, growing once per frame.
import { useLayoutEffect, useRef } from 'react';
import { LongText } from './LongText';

/** `isLive`: the last words are still warm and the caret stands after them. */
export function PlainText({ text, isLive }: { text: string; isLive: boolean }) {
  return <LongText text={text}>{(shown) => <Shown text={shown} isLive={isLive} />}</LongText>;
}

function Shown({ text, isLive }: { text: string; isLive: boolean }) {
  const [settled, warm] = isLive ? coolingAt(text) : [text, []];
  return (
    <div className="spoken" dir="auto" data-testid="spoken">
      <Settled text={settled} />
      {isLive && <Last words={warm} />}
    </div>
  );
}

/** The last words, and the caret. */
function Last({ words }: { words: string[] }) {
  return (
    <>
      {words.map((word, index) => (
        <span key={index} className="warm">
          {word}
        </span>
      ))}
      <i className="caret" />
    </>
  );
}

/** Text with its last words still warm. */
export function Warm({ text }: { text: string }) {
  const [settled, warm] = coolingAt(text);
  return (
    <>
      {settled}
      <Last words={warm} />
    </>
  );
}

/** More than this is set apart, so that what comes next lays out only what is near it. */
const NEAR = 4000;

/** One text node that is appended to, not written anew, below the blocks that were set apart. */
function Settled({ text }: { text: string }) {
  const host = useRef<HTMLSpanElement>(null);
  const said = useRef('');
  useLayoutEffect(() => {
    if (!host.current) return;
    const isMore = host.current.lastChild instanceof Text && text.startsWith(said.current);
    if (!isMore) host.current.replaceChildren(document.createTextNode(''));
    append(host.current, isMore ? text.slice(said.current.length) : text);
    said.current = text;
  }, [text]);
  return <span ref={host} />;
}

function append(host: HTMLElement, words: string): void {
  const end = host.lastChild as Text;
  end.appendData(words);
  const line = end.length > NEAR ? end.data.lastIndexOf('\n') + 1 : 0;
  if (line === 0) return;
  const block = document.createElement('div');
  block.textContent = end.data.slice(0, line);
  host.insertBefore(block, end);
  end.deleteData(0, line);
}

/** What has cooled, and the last four words. */
function coolingAt(text: string): [string, string[]] {
  const words = text
    .slice(-200)
    .split(/(?<=\s)(?=\S)/)
    .slice(-4);
  return [text.slice(0, text.length - words.join('').length), words];
}
