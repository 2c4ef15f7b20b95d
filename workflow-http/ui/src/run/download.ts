// The events of a run as a file: one JSON object in each line, as the server sends them.
import { getEvents } from '../api/client';

export async function downloadEvents(run: string): Promise<void> {
  const lines: string[] = [];
  for (let after = 0; ; ) {
    const { items } = await getEvents(run, after);
    if (items.length === 0) break;
    lines.push(...items.map((event) => `${JSON.stringify(event)}\n`));
    after = items.at(-1)!.seq;
  }
  save(new Blob(lines, { type: 'application/x-ndjson' }), `run-${run}.jsonl`);
}

function save(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // Some browsers read it after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
