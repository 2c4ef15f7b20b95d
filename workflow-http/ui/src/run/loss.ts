// Words for a lost connection, which claim nothing about the run.
import type { Cause, Loss } from '../api/follow';

const WORDS: Readonly<{ [cause in Cause]: string }> = {
  cut: 'Reconnecting.',
  silent: 'The server does not answer. Whether the run continues is not known.',
  offline: 'You are offline. Whether the run continues is not known.',
  busy: 'The server takes no more readers. The run continues on the server.',
  failing: 'The server answers with an error. Whether the run continues is not known.',
};

/** For this long, a lost connection is expected to be short. */
const PATIENCE = 30_000;

export function lossWords({ cause, since, retryIn }: Omit<Loss, 'retryNow'>, now: number): string {
  if (now - since <= PATIENCE) return WORDS[cause];
  return `${WORDS[cause]} Trying again every ${Math.max(1, Math.round(retryIn / 1000))} s.`;
}
