import type { ReactNode } from 'react';

export function PaneHead({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="flex h-[34px] flex-none items-center gap-2 pr-2 pl-3.5">
      <h2 className="flex-1 text-meta font-bold text-ink-2">{title}</h2>
      {children}
    </div>
  );
}
