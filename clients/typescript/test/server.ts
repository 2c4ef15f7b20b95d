// The real server, which can be killed and started again at the same address with the same data.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const binary = process.env.WORKFLOW_SERVER ?? new URL('../../../target/debug/workflow-server', import.meta.url).pathname;

export class Server {
  url = '';
  readonly #args: string[];
  readonly #env: Record<string, string>;
  #directory = '';
  #process: ChildProcess | undefined;

  constructor(args: string[] = [], env: Record<string, string> = {}) {
    this.#args = args;
    this.#env = env;
  }

  static async start(args: string[] = [], env: Record<string, string> = {}): Promise<Server> {
    const server = new Server(args, env);
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    this.#directory ||= await mkdtemp(join(tmpdir(), 'workflow-client-'));
    const address = this.url ? new URL(this.url).host : '127.0.0.1:0';
    const server = spawn(binary, ['--simulate', '--log', 'error', '--addr', address, '--data-dir', join(this.#directory, 'data'), ...this.#args], {
      cwd: this.#directory,
      env: { ...process.env, ...this.#env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = server;
    for await (const line of createInterface(server.stdout)) {
      const [, url] = /^Listening on (\S+)/.exec(line) ?? [];
      if (!url) continue;
      this.url = url;
      server.stdout.resume();
      return;
    }
    throw new Error(`${binary} did not start`);
  }

  /** At once, as a crash would. */
  async kill(): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    if (!server) return;
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  async end(): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
