// Where the output of a step comes from that was not run: an earlier run, or a person.
import { Icon } from '../parts/Icon';
import { LINK } from '../parts/Button';
import { own } from '../base/ownProperty';
import { money } from '../run/cost';
import { tokensOf } from '../run/log';
import type { Run, Step } from '../run/run';
import { writeAddress } from '../session/address';
import { plural } from '../base/format';

export function Given({ run, step }: { run: Run; step: Step }) {
  const words = step.isReused ? <Reused run={run} step={step} /> : step.isSet ? setWords(run, step) : undefined;
  if (!words) return null;
  return (
    <p className="mx-4 mb-3 flex gap-2 rounded-ctl border border-line-2 px-2.5 py-2 text-ink-2">
      <Icon name={step.isReused ? 'retrying' : 'pin'} className="mt-px text-ink-3" />
      <span className="min-w-0 wrap-anywhere">{words}</span>
    </p>
  );
}

function Reused({ run, step: { path, reusedFrom: from } }: { run: Run; step: Step }) {
  const id = from?.run ?? run.origin.retry_of;
  const there = from?.path ?? path;
  const tokens = tokensOf(from?.saved_usage);
  const saved = [tokens > 0 && plural(tokens, 'token'), from?.saved_cost && money(from.saved_cost)].filter(Boolean).join(', ');
  return (
    <>
      Reused from{' '}
      {id === undefined ? (
        'the earlier run'
      ) : (
        <a href={writeAddress({ at: 'run', id, step: there })} className={LINK}>
          {there === path ? 'the earlier run' : there}
        </a>
      )}
      , not run again.{saved && ` Saved ${saved}.`}
    </>
  );
}

const setWords = (run: Run, { path }: Step) =>
  own(run.origin.overrides, path) === undefined ? 'A person gave this output. The step was not run.' : 'Set when the run was started. The step was not run.';
