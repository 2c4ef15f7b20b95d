// Where the run on the page came from, with a link to the earlier run.
import { CodeText } from '../parts/CodeText';
import { Icon } from '../parts/Icon';
import { LINK } from '../parts/Button';
import { originWords } from '../run/origin';
import { isKnown } from '../run/run';
import { writeAddress } from '../session/address';
import { runOf, useSession } from '../session/session';

export function OriginLine() {
  const run = useSession(runOf);
  const words = isKnown(run) ? originWords(run) : undefined;
  if (!run || !words) return null;
  return (
    <p className="flex gap-2 border-t border-line bg-panel px-3.5 py-1.5 text-meta text-ink-2" data-testid="origin">
      <Icon name="retrying" size={14} className="mt-0.5 text-ink-3" />
      <span className="min-w-0 wrap-anywhere [&_code]:text-ink">
        <CodeText text={words.before} />
        <a href={writeAddress({ at: 'run', id: run.origin.retry_of! })} className={LINK}>
          an earlier run
        </a>
        <CodeText text={words.after} />{' '}
        <a href={writeAddress({ at: 'diff', id: run.origin.retry_of!, other: run.id })} className={LINK}>
          Compare
        </a>
      </span>
    </p>
  );
}
