// The server's clock, as the page sees it: elapsed times are counted on the clock that wrote the events.

let ahead = 0;
let stoppedAt: number | undefined;

export function learnClock(response: Response): void {
  const date = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(date)) return;
  // The header counts whole seconds, so a small difference says nothing.
  const difference = date - Date.now();
  ahead = Math.abs(difference) < 2000 ? 0 : difference;
}

/** While the server does not answer, the time that things take is unknown. */
export function stopClock(): void {
  stoppedAt ??= serverNow();
}

export function startClock(): void {
  stoppedAt = undefined;
}

export const serverNow = (): number => stoppedAt ?? Date.now() + ahead;
