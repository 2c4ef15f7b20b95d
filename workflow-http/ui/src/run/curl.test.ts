import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { curlOf } from './curl';

const described = {
  api: 'http://127.0.0.1:1/base/api/',
  spec: { name: `it's "$HOME" \`x\``, nodes: [] },
  id: 'w/1',
  version: 3,
  input: `don't\n\\ stop`,
  isKeyed: false,
};

/** What a shell makes of it, with `curl` replaced by something that prints its arguments. */
const args = (commands: string) =>
  execFileSync('sh', ['-c', `curl() { printf '%s\\0' "$@" END; }\n${commands}`], { encoding: 'utf8' })
    .split('END\0')
    .map((call) => call.split('\0').slice(0, -1))
    .filter((call) => call.length > 0);

it('reaches the shell as it was meant, whatever it is', () => {
  const [create, run] = args(curlOf(described));
  expect(create![1]).toBe('http://127.0.0.1:1/base/api/workflows');
  expect(JSON.parse(create!.at(-1)!)).toEqual({ name: `it's "$HOME" \`x\``, nodes: [] });
  expect(run![1]).toBe('http://127.0.0.1:1/base/api/workflows/w%2F1/runs');
  expect(JSON.parse(run!.at(-1)!)).toEqual({ input: `don't\n\\ stop`, version: 3 });
});

it('takes the key from the environment', () => {
  const [create] = args(`WORKFLOW_API_KEY=k-1\n${curlOf({ ...described, isKeyed: true })}`);
  expect(create).toContain('authorization: Bearer k-1');
  expect(args(curlOf(described))[0]!.join()).not.toContain('authorization');
});
