import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { TestHost } from '@pg-evict/testing';

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

/** A worker of a host's run, in a process of its own. */
export class WorkerProcess {
  static readonly #all = new Set<WorkerProcess>();
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #last = 0;
  /** What it has said on standard error. */
  stderr = '';

  constructor(host: TestHost, environment: NodeJS.ProcessEnv = {}) {
    const env = { ...process.env, ...environment };
    host.offerTo(env);
    this.#child = fork(resolve(__dirname, 'worker-child.mjs'), {
      execArgv: [],
      env,
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.#child.setMaxListeners(0);
    this.#exited = once(this.#child, 'exit');
    WorkerProcess.#all.add(this);
  }

  /** Has it do something; what it fails with is thrown. */
  async tell<Result = unknown>(order: string, asks: object = {}): Promise<Result> {
    this.#last += 1;
    const id = this.#last;
    const answered = new Promise<Answer>((done, fail) => {
      const listener = (answer: Answer): void => {
        if (answer.id !== id) return;
        this.#child.off('message', listener);
        done(answer);
      };
      this.#child.on('message', listener);
      this.#child.once('exit', () => fail(new Error(`it ended before it did ${order}: ${this.stderr}`)));
    });
    this.#child.send({ id, order, asks });
    const { result, error } = await answered;
    if (error !== undefined) throw Object.assign(new Error(error.message), { code: error.code });
    return result as Result;
  }

  /** A whole test file that runs some SQL; returns its database. */
  async runFile(
    sql: string | null,
    how: object = {},
  ): Promise<{ readonly name: string; readonly url: string }> {
    const database = await this.tell<{ name: string; url: string }>('begin');
    await this.tell('ready');
    if (sql !== null) await this.tell('query', { sql });
    await this.tell('giveBack', how);
    return database;
  }

  /** Kills it as the kernel would, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** For afterEach. */
  static async killAll(): Promise<void> {
    await Promise.all([...WorkerProcess.#all].map(async (one) => one.kill()));
    WorkerProcess.#all.clear();
  }
}
