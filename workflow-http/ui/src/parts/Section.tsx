import type { ReactNode } from 'react';
import { LongText } from './LongText';
import { Icon } from './Icon';

interface Props {
  title: string;
  fact?: string;
  isOpen?: boolean;
  /** It was opened: its content is requested then. */
  onOpen?: () => void;
  children: ReactNode;
}

/** Something that is there for those who ask. */
export function Section({ title, fact, isOpen = false, onOpen, children }: Props) {
  return (
    <details className="group border-t border-line" open={isOpen} onToggle={(event) => event.currentTarget.open && onOpen?.()}>
      <summary className="flex h-[34px] cursor-pointer list-none items-center gap-2 pr-2.5 pl-4 text-meta font-bold text-ink-2">
        <Icon name="chev" size={14} className="transition-transform duration-[140ms] group-open:rotate-90" />
        {title}
        {fact && <code className="truncate font-normal text-ink-3">{fact}</code>}
      </summary>
      <div className="px-4 pb-3.5">{children}</div>
    </details>
  );
}

export function Pre({ text }: { text: string }) {
  return (
    <LongText text={text}>
      {(shown) => (
        <pre
          className="max-h-80 overflow-auto rounded-ctl border border-line bg-inset px-2.5 py-2 font-code text-meta leading-[19px] wrap-anywhere whitespace-pre-wrap text-ink-2"
          dir="auto"
          tabIndex={0}
        >
          {shown}
        </pre>
      )}
    </LongText>
  );
}
