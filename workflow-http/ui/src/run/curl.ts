// A run as commands for a shell: one that creates its workflow, one that runs it and shows what happens.

interface Described {
  /** Where the server's `api/` is. */
  api: string;
  spec: unknown;
  id: string;
  version: number | undefined;
  input: unknown;
  /** Whether the server asks for a key. It stays out of the text, which may be shown to others. */
  isKeyed: boolean;
}

export function curlOf({ api, spec, id, version, input, isKeyed }: Described): string {
  const headers = `-H 'content-type: application/json'${isKeyed ? ' -H "authorization: Bearer $WORKFLOW_API_KEY"' : ''}`;
  return [
    '# Create the workflow. The answer has its id.',
    `curl -sS ${quoted(`${api}workflows`)} ${headers} -d ${quoted(JSON.stringify(spec))}`,
    '',
    '# Run it, and show what happens.',
    `curl -sSN ${quoted(`${api}workflows/${encodeURIComponent(id)}/runs`)} ${headers} -H 'accept: text/event-stream' -d ${quoted(JSON.stringify({ input, version }))}`,
    '',
  ].join('\n');
}

/** For a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
