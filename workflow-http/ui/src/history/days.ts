/** The day of a time, in words where it is near. */
export function dayOf(time: string, now: number): string {
  const day = new Date(time).toDateString();
  const today = new Date(now);
  if (day === today.toDateString()) return 'Today';
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (day === yesterday.toDateString()) return 'Yesterday';
  return new Date(time).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });
}
