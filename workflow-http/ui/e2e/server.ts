// A server of a test's own, which can be stopped and started again at the same address.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const binary = process.env.WORKFLOW_SERVER ?? '../../target/debug/workflow-server';

export class Server {
  url = '';
  readonly #args: string[];
  #process: ChildProcess | undefined;

  constructor(...args: string[]) {
    this.#args = args;
  }

  /** The first time at any free port, then at the same again. */
  async start() {
    const server = spawn(binary, ['--simulate', '--addr', this.url ? new URL(this.url).host : '127.0.0.1:0', ...this.#args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = server;
    server.stderr.resume();
    const said: string[] = [];
    for (const output of [server.stdout, server.stderr]) createInterface(output).on('line', (line) => said.push(line));
    for await (const line of createInterface(server.stdout)) {
      const [, url] = /Listening on (\S+)/.exec(line) ?? [];
      if (url) {
        this.url = `${url}/`;
        server.stdout.resume();
        return;
      }
    }
    throw new Error(`${binary} did not start:\n${said.join('\n')}`);
  }

  /** It keeps its connections and says nothing, as a machine that is out of memory would. */
  stall() {
    this.#process?.kill('SIGSTOP');
  }

  unstall() {
    this.#process?.kill('SIGCONT');
  }

  /** At once, as a crash would. */
  async kill() {
    const server = this.#process;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
  }
}
