// For tests of speed.

/** The time-out of such a test in milliseconds, for a machine that is busy. */
export const BUSY = 60_000;

/** The CPU time of `work` in milliseconds. Unlike the time on the clock, it does not depend on what else the machine does. */
export function cpuTimeOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
