// How a value differs, once it is opened: each changed part with what it was and what it is.
import { useState } from 'react';
import type { ValueDiff } from '../api/types';
import { asProblem } from '../api/client';
import { Sentence } from '../parts/CodeText';
import { Pre, Section } from '../parts/Section';
import { asText, count, plural } from '../base/format';
import { changesOf, type Change } from './patch';
import { wordDiff } from './words';

interface Values {
  before: unknown;
  after: unknown;
}

interface Props {
  title: string;
  diff: ValueDiff;
  /** The whole values. */
  load: () => Promise<Values>;
}

export function ValueChanges({ title, diff, load }: Props) {
  const [values, setValues] = useState<Values>();
  const [problem, setProblem] = useState<string>();
  const [isAsked, setAsked] = useState(false);
  const open = () => {
    if (isAsked) return;
    setAsked(true);
    load().then(setValues, (error: unknown) => setProblem(asProblem(error).detail));
  };
  return (
    <Section title={title} fact={factOf(diff)} onOpen={open}>
      {problem !== undefined && (
        <p className="pb-2 text-fail">
          <Sentence text={problem} />
        </p>
      )}
      {!values && problem === undefined ? <p className="text-ink-3">Loading</p> : <Changes changes={changesIn(diff, values)} />}
    </Section>
  );
}

const factOf = ({ change, patch = [] }: ValueDiff): string =>
  change === 'only_a' ? 'only before' : change === 'only_b' ? 'only after' : patch.length > 1 ? plural(patch.length, 'change') : 'changed';

/** Without a patch, the whole values are what differs. */
function changesIn({ change, patch = [] }: ValueDiff, values: Values | undefined): Change[] {
  if (patch.length > 0 && change !== 'only_a' && change !== 'only_b') return changesOf(patch, values && { value: values.before });
  return [
    {
      path: '',
      ...(values?.before === undefined || change === 'only_b' ? {} : { before: { value: values.before } }),
      ...(values?.after === undefined || change === 'only_a' ? {} : { after: { value: values.after } }),
    },
  ];
}

/** Of more changes the first are shown. */
const FEW = 100;

function Changes({ changes }: { changes: Change[] }) {
  return (
    <>
      <ul className="grid gap-3">
        {changes.slice(0, FEW).map((change, index) => (
          <li key={index} className="grid gap-1">
            {change.path && <code className="text-meta text-ink-3 wrap-anywhere">{change.path.slice(1).replaceAll('/', ' › ')}</code>}
            <Difference change={change} />
          </li>
        ))}
      </ul>
      {changes.length > FEW && <p className="pt-2 text-meta text-ink-3">And {count(changes.length - FEW)} other changes.</p>}
    </>
  );
}

function Difference({ change: { before, after } }: { change: Change }) {
  const isText = typeof before?.value === 'string' && typeof after?.value === 'string';
  const pieces = isText ? wordDiff(before.value as string, after.value as string) : undefined;
  if (pieces)
    return (
      <p className="max-h-80 overflow-auto rounded-ctl border border-line bg-inset px-2.5 py-2 wrap-anywhere whitespace-pre-wrap" dir="auto" tabIndex={0}>
        {pieces.map(({ text, of }, index) =>
          of === 'both' ? (
            <span key={index}>{text}</span>
          ) : of === 'before' ? (
            <del key={index} className="bg-fail-wash text-fail">
              {text}
            </del>
          ) : (
            <ins key={index} className="bg-ok-wash text-ok no-underline">
              {text}
            </ins>
          ),
        )}
      </p>
    );
  return (
    <div className="grid gap-1 desk:grid-cols-2 desk:gap-3">
      <Value word="Before" value={before} mark="−" className="text-fail" />
      <Value word="After" value={after} mark="+" className="text-ok" />
    </div>
  );
}

function Value({ word, value, mark, className }: { word: string; value: { value: unknown } | undefined; mark: string; className: string }) {
  if (!value) return <p className="text-meta text-ink-3 max-desk:hidden">{word}: nothing</p>;
  return (
    <div className="min-w-0">
      <p className={`text-meta font-bold ${className}`}>
        <span aria-hidden="true">{mark} </span>
        {word}
      </p>
      <Pre text={asText(value.value)} />
    </div>
  );
}
