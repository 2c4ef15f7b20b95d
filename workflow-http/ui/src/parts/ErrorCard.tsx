import type { ReactNode } from 'react';
import type { Problem } from '../api/types';
import { asText } from '../base/format';
import { Sentence } from './CodeText';
import { Icon } from './Icon';
import { Pre } from './Section';

interface Props {
  problem: Problem;
  /** Where it is. */
  children?: ReactNode;
  /** What can be done, the most likely first. */
  actions?: ReactNode;
}

/** A problem as the server describes it: the sentence, its place, what there was, the hint, what can be done; the raw object one click away. */
export function ErrorCard({ problem, children, actions }: Props) {
  const [what, there] = partsOf(problem);
  return (
    <div className="mx-4 mt-1 mb-3.5 overflow-hidden rounded-card border border-fail bg-card wrap-anywhere">
      <p className="flex gap-2 bg-fail-wash px-3 py-2.5 leading-[19px] font-bold">
        <Icon name="failed" className="mt-px text-fail" />
        <span className="min-w-0">
          <Sentence text={what} />
        </span>
      </p>
      <div className="grid gap-2.5 px-3 py-3">
        {children}
        {there && (
          <p className="text-ink-2">
            <Sentence text={there} />
          </p>
        )}
        {problem.errors?.map((fault) => (
          <p key={fault.pointer + fault.detail} className="text-ink-2">
            <code className="text-meta text-ink-3">{fault.pointer}</code> <Sentence text={fault.detail} />
          </p>
        ))}
        {problem.hint && (
          <p className="flex gap-2 rounded-ctl bg-live-wash px-2.5 py-2 leading-[19px]">
            <Icon name="bulb" className="mt-px text-live" />
            <span className="min-w-0">
              <Sentence text={problem.hint} />
            </span>
          </p>
        )}
        {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
        <details className="text-meta text-ink-3">
          <summary className="cursor-pointer">
            code <code className="text-ink">{problem.code ?? 'none'}</code>, the whole problem
          </summary>
          <div className="mt-2">
            <Pre text={asText(problem)} />
          </div>
        </details>
      </div>
    </div>
  );
}

/** A value that is missing is one sentence, what there was instead is another. */
function partsOf({ code, detail }: Problem): [what: string, there?: string] {
  const [, what, there] = (code === 'template_error' || code === 'output_error' ? /^(.* is missing): (.*)$/s.exec(detail) : undefined) ?? [];
  return what === undefined ? [detail] : [what, there];
}
