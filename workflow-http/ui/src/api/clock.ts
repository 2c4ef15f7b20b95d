// The server's clock: elapsed times use the clock that wrote the events.

let ahead = 0;
let stoppedAt: number | undefined;

export function learnClock(response: Response): void {
  const date = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(date)) return;
  // The header has whole seconds, so a small difference is ignored.
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
