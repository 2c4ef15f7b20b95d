// Each program of "Use it in your app" is run as it is shown, against the real server.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Server } from '../e2e/server';
import { answersOf, type Program } from '../src/use/program';
import { LANGUAGES, snippetOf, type Language } from '../src/use/snippets';

const repository = resolve('../..');
const python = process.env.PYTHON ?? join(repository, 'target/python-package/bin/python');
const targets = process.env.CARGO_TARGET_DIR ?? join(repository, 'target');
const KEY = 'key-of-the-snippets';

/** What is hard to quote, in some language. */
const STRANGE = { text: 'it\'s "quoted" \\n \\u0041 \\ \b\f\n\t é 🌊 $HOME `id` %s {} {{ #"# \'\'\' \u2028', big: 3_000_000_000, half: 0.5, on: true, none: null, list: [[], {}], 'a-b': { 'it\'s': 1, __proto: 2 } };

const CASES = {
  plain: { input: 'Tides', spec: { name: 'plain', nodes: [{ id: 'explain', type: 'LLMNode', data: { prompt: 'Explain {{ input }}' } }] } },
  strange: { input: STRANGE, spec: { name: 'strange', nodes: [{ id: 'echo', type: 'TransformNode', data: { value: '{{ input }}' } }] } },
  text: { input: STRANGE.text, spec: { name: 'text', nodes: [{ id: 'echo', type: 'TransformNode', data: { value: '{{ input }}' } }] } },
  person: {
    input: 'tides',
    spec: {
      name: 'person',
      nodes: [
        { id: 'wait', type: 'DelayNode', data: { for: '10ms' } },
        { id: 'approve', type: 'HumanNode', data: { message: 'Publish {{ input }}?', schema: { type: 'string', enum: ["it's fine", 'no'] } } },
        {
          id: 'rounds',
          type: 'LoopNode',
          data: {
            max: 2,
            until: 'review.output.ok',
            nodes: [
              {
                id: 'review',
                type: 'HumanNode',
                data: { message: 'Good?', schema: { type: 'object', required: ['ok'], properties: { ok: { type: 'boolean' } } } },
              },
            ],
          },
        },
      ],
      output: '{{ approve.output }}',
    },
  },
} as const;
type Case = keyof typeof CASES;

/** A server without a key, and one with. The model takes longer than a program that starts the run takes to read its events. */
const servers = { open: new Server('--memory', '--simulate-pace', '50ms'), keyed: new Server('--memory', '--simulate-pace', '50ms', '--api-key', KEY) };
const programs = new Map<Case, Program>();
let folder = '';

const api = async (program: Program, path: string, body?: unknown): Promise<any> => {
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
  const response = await fetch(`${program.base}/api/${path}`, { headers, ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }) });
  return response.json();
};

async function programOf(one: Case, server: Server, isKeyed: boolean): Promise<Program> {
  const { spec, input } = CASES[one];
  const program = { base: server.url.replace(/\/$/, ''), workflow: '', input, answers: answersOf(spec), isKeyed };
  return { ...program, workflow: (await api(program, 'workflows', spec)).id };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'workflow-snippets-'));
  await Promise.all([servers.open.start(), servers.keyed.start()]);
  for (const one of Object.keys(CASES) as Case[]) programs.set(one, await programOf(one, one === 'person' ? servers.keyed : servers.open, one === 'person'));
  await Promise.all([prepareTypeScript(), prepareRust()]);
});

afterAll(async () => {
  await Promise.all([servers.open.kill(), servers.keyed.kill()]);
  await rm(folder, { recursive: true, force: true });
});

/** Compiles the programs strictly, as files of a project that has installed the client. */
async function prepareTypeScript() {
  const client = join(repository, 'clients/typescript');
  await mkdir(join(folder, 'node_modules'));
  await symlink(client, join(folder, 'node_modules/llm-workflow-client'));
  const options = { module: 'nodenext', target: 'es2022', strict: true, exactOptionalPropertyTypes: true, types: ['node'], typeRoots: [join(client, 'node_modules/@types')] };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.mts'] }));
  for (const [one, program] of programs) await writeFile(join(folder, `${one}.mts`), snippetOf('TypeScript', program).code);
  await promisify(execFile)(join(client, 'node_modules/.bin/tsc'), ['-p', folder]);
}

/** Builds the programs as one project, with the dependencies that the workspace has built already. */
async function prepareRust() {
  const name = /^name = "(.*)"/m.exec(await readFile(join(repository, 'workflow-client/Cargo.toml'), 'utf8'))![1]!;
  const manifest = `[package]
name = "snippets"
edition = "2024"

[dependencies]
${name} = { path = ${JSON.stringify(join(repository, 'workflow-client'))} }
futures = "0.3"
serde_json = "1"
tokio = { version = "1", features = ["full"] }

[workspace]
`;
  await mkdir(join(folder, 'src/bin'), { recursive: true });
  await writeFile(join(folder, 'Cargo.toml'), manifest);
  await writeFile(join(folder, 'Cargo.lock'), await readFile(join(repository, 'Cargo.lock')));
  for (const [one, program] of programs) await writeFile(join(folder, `src/bin/snippet-${one}.rs`), snippetOf('Rust', program).code);
  const env = { ...process.env, CARGO_TARGET_DIR: targets };
  const { stderr } = await promisify(execFile)('cargo', ['build', '-q', '--manifest-path', join(folder, 'Cargo.toml')], { env });
  expect(stderr, 'no warnings').toBe('');
}

/** The command of a program. */
async function command(language: Language, one: Case, program: Program): Promise<[string, ...string[]]> {
  const snippet = snippetOf(language, program);
  const file = join(folder, `${one}-${snippet.file}`);
  if (language === 'Rust') return [join(targets, 'debug', `snippet-${one}`)];
  if (language === 'TypeScript') return ['node', join(folder, `${one}.mjs`)];
  await writeFile(file, snippet.code);
  return language === 'Python' ? [python, file] : ['bash', file];
}

interface Ran {
  code: number;
  output: string;
}

async function run([file, ...args]: [string, ...string[]], onOutput = () => {}): Promise<Ran> {
  const env = { ...process.env, WORKFLOW_API_KEY: KEY, PYTHONPATH: join(repository, 'clients/python/src') };
  const program = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [program.stdout, program.stderr]) {
    stream.on('data', (piece: Buffer) => {
      output += piece.toString();
      onOutput();
    });
  }
  const [code] = (await once(program, 'close')) as [number];
  return { code, output };
}

describe.each(LANGUAGES)('%s', (language) => {
  test.each(Object.keys(CASES) as Case[])('%s', async (one) => {
    const program = programs.get(one)!;
    const { code, output } = await run(await command(language, one, program));
    expect(code, output).toBe(0);
    const { items } = await api(program, `runs?workflow_id=${program.workflow}&limit=1`);
    const report = await api(program, `runs/${items[0].id}`);
    expect(report.status, output).toBe('completed');
    expect(report.input).toEqual(program.input);
    if (one === 'plain') expect(output.split(report.output), 'the text as it grows, and the result').toHaveLength(3);
    if (one === 'person') {
      expect(report.output).toBe("it's fine");
      expect(report.steps.find((step: { path: string }) => step.path === 'rounds/0/review').output).toEqual({ ok: true });
    }
  });
});

test.each(['curl', 'Python'] as const)('%s fails if the run cannot be started', async (language) => {
  const program = { ...programs.get('plain')!, workflow: '0197f9d2-6f3e-7000-8000-000000000001' };
  const { code, output } = await run(await command(language, 'plain', program));
  expect(code).not.toBe(0);
  expect(output).toMatch(/error: 404|there is no workflow/);
});

test.each(['curl', 'Python'] as const)('%s resumes after a restart of the server', async (language) => {
  const server = new Server('--data-dir', join(folder, `data-${language}`), '--simulate-pace', '20ms');
  await server.start();
  try {
    const program = await programOf('plain', server, false);
    let restarted: Promise<void> | undefined;
    const { code, output } = await run(await command(language, 'plain', program), () => {
      restarted ??= server.kill().then(() => server.start());
    });
    await restarted;
    expect(code, output).toBe(0);
    const { items } = await api(program, `runs?workflow_id=${program.workflow}`);
    expect(items).toHaveLength(1);
    const report = await api(program, `runs/${items[0].id}`);
    expect(report.steps[0].attempt, 'the server was restarted meanwhile').toBe(2);
    expect(output).toContain(report.output);
  } finally {
    await server.kill();
  }
});
