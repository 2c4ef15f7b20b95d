// Outages of the server, derived from the events of a live run like the server does for the report of a run.
import type { LogEvent, Outage } from '../api/types';

export interface OutageLog {
  /** Without `until`: it has not ended. */
  outages: (Pick<Outage, 'since'> & Partial<Outage>)[];
  /** The time of the last event, and of the last event before that time. */
  lastAt?: string;
  beforeAt?: string;
}

/** Applies an event. `lostSince`: the start of the attempt that was running before a recovery starts another one. */
export function learnOutage(log: OutageLog, event: LogEvent, lostSince: string | undefined): void {
  if (log.lastAt !== event.time) [log.beforeAt, log.lastAt] = [log.lastAt, event.time];
  if (event.type === 'run.suspended' && event.reason === 'shutdown') log.outages = [...log.outages, { since: event.time }];
  else if (event.type === 'run.resumed') log.outages = log.outages.map((outage) => ({ until: event.time, ...outage }));
  else if (event.type === 'node.started' && event.reason === 'recovered' && lostSince !== undefined && !outageOf(log, lostSince)) {
    // It may start long after the server did, when it waited for a slot.
    log.outages = [...log.outages, { since: log.beforeAt ?? event.time, until: event.time }];
  }
}

/** The outage that ended an attempt which started then. */
export const outageOf = ({ outages }: OutageLog, started: string): OutageLog['outages'][number] | undefined =>
  outages.findLast(({ since }) => Date.parse(since) >= Date.parse(started));
