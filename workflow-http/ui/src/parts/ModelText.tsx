// A model's words: as Markdown, or as the text they are.
import { lazy, Suspense, useSyncExternalStore } from 'react';
import { readStored, writeStored } from '../base/storage';
import { Button } from './Button';
import { LongText } from './LongText';
import { PlainText } from './PlainText';

const Markdown = lazy(() => import('./Markdown'));

const KEY = 'workflow-plain-text';

let isPlain = readStored('localStorage', KEY) === 'yes';
const listeners = new Set<() => void>();

function toggle(): void {
  isPlain = !isPlain;
  writeStored('localStorage', KEY, isPlain ? 'yes' : 'no');
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

/** Whether a text has anything in it that Markdown would show in another way. */
export const hasMarkdown = (text: string): boolean => /[*_`~]\S|^ {0,3}(?:#{1,6} |[-*+>] |\d{1,9}[.)] |\|)|\]\(|https?:\/\//m.test(text);

export function ModelText({ text, isLive }: { text: string; isLive: boolean }) {
  const plain = useSyncExternalStore(subscribe, () => isPlain);
  if (plain || !hasMarkdown(text)) return <PlainText text={text} isLive={isLive} />;
  return (
    <Suspense fallback={<PlainText text={text} isLive={isLive} />}>
      <LongText text={text}>{(shown) => <Markdown text={shown} isLive={isLive} />}</LongText>
    </Suspense>
  );
}

/** The switch between both. It is there when there is a difference. */
export function PlainSwitch({ text }: { text: string }) {
  const plain = useSyncExternalStore(subscribe, () => isPlain);
  if (!hasMarkdown(text)) return null;
  return (
    <Button look="quiet" size="small" aria-pressed={plain} onClick={toggle}>
      Plain text
    </Button>
  );
}
