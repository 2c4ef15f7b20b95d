import type { ReactNode } from 'react';
import { readAccess, signOut } from '../api/key';
import { Icon } from '../parts/Icon';
import { StateWord } from '../parts/State';
import { useElapsed } from '../parts/RunChip';
import { money } from '../run/cost';
import { costOfRun, isKnown, usageOf, type Run } from '../run/run';
import type { Connection } from '../run/useRun';
import { lossWords } from '../run/loss';
import type { Server } from '../api/useServer';
import { runOf, useSession } from '../session/session';
import { count } from '../base/format';

export function StatusLine({ server }: { server: Server }) {
  const run = useSession(runOf);
  const connection = useSession(({ view }) => view.connection);
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: a footer of the page is a landmark, which has a name
    <footer
      aria-label="Status"
      className="flex h-7 items-center gap-3 overflow-hidden border-t border-line bg-panel px-3.5 text-meta whitespace-nowrap text-ink-2 [grid-area:stat] desk:gap-4"
    >
      <Connected connection={connection} seq={run?.seq ?? 0} server={server} />
      {isKnown(run) && (
        <span className="hidden desk:flex">
          <StateWord state={run.status} />
        </span>
      )}
      {run && connection.state !== 'lost' && <Numbers run={run} />}
      <span className="flex-1" />
      {server.isSimulated && (
        <span className="flex flex-none items-center gap-1.5 text-retry">
          <Icon name="flask" size={14} />
          <span className="max-desk:sr-only">Simulated answers</span>
          <span className="desk:hidden" aria-hidden="true">
            Simulated
          </span>
        </span>
      )}
      {readAccess().key !== null && (
        <button type="button" className="h-6 flex-none underline underline-offset-3 hover:text-ink" onClick={signOut}>
          Sign out
        </button>
      )}
    </footer>
  );
}

function Connected({ connection, seq, server }: { connection: Connection; seq: number; server: Server }) {
  if (connection.state === 'lost') {
    return <Lost onRetry={connection.retryNow}>{lossWords(connection, Date.now())}</Lost>;
  }
  if (server.isGone) return <Lost onRetry={server.retry}>{server.isOffline ? 'You are offline.' : 'The server does not answer.'}</Lost>;
  const word = connection.state === 'connecting' || !server.isKnown ? 'Connecting' : 'Connected';
  return (
    <span className="flex items-center gap-1.5">
      <Icon name="wifi" size={14} />
      {word}
      {server.instance && (
        <span className="max-w-48 truncate max-desk:sr-only">
          {' to '}
          <code>{server.instance}</code>
        </span>
      )}
      {seq > 0 && <code className="hidden text-ink-3 desk:inline">event {count(seq)}</code>}
    </span>
  );
}

function Lost({ children, onRetry }: { children: ReactNode; onRetry: () => void }) {
  return (
    <span className="flex min-w-0 items-center gap-1.5 text-retry">
      <Icon name="off" size={14} />
      <span role="status" className="truncate">
        {children}
      </span>
      <button type="button" className="h-6 flex-none font-strong text-live underline underline-offset-3" onClick={onRetry}>
        Try now
      </button>
    </span>
  );
}

function Numbers({ run }: { run: Run }) {
  const { input_tokens = 0, output_tokens = 0 } = usageOf(run) ?? {};
  const cost = costOfRun(run);
  const elapsed = useElapsed(run);
  return (
    <>
      {input_tokens + output_tokens > 0 && (
        <code className="max-[429px]:hidden">
          {count(input_tokens)} in · {count(output_tokens)} out
        </code>
      )}
      {cost && <code className="max-desk:hidden">{money(cost)}</code>}
      {elapsed && <time>{elapsed}</time>}
    </>
  );
}
