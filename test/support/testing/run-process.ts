import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { ResetReport, RunInvitation, StartRunOptions } from '@pg-evict/testing';

/** What a process of a run answers to an order. */
interface Answers {
  readonly begin: { readonly id: string; readonly template: string; readonly invitation: RunInvitation };
  readonly acquire: { readonly name: string; readonly url: string };
  readonly reset: ResetReport;
  readonly end: object;
}

interface Message {
  readonly order: string;
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

/** A process that begins a run of tests, or joins one. */
export class RunProcess {
  static readonly #all = new Set<RunProcess>();
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  constructor(about: { readonly options: StartRunOptions } | { readonly invitation: RunInvitation }) {
    this.#child = fork(resolve(__dirname, 'run-child.mjs'), [JSON.stringify(about)], {
      execArgv: [],
      env: { ...process.env },
    });
    this.#exited = once(this.#child, 'exit');
    RunProcess.#all.add(this);
  }

  /** Has it do something; what it fails with is thrown. */
  async tell<Order extends keyof Answers>(order: Order): Promise<Answers[Order]> {
    const answered = new Promise<Message>((done, fail) => {
      this.#child.on('message', (message: Message) => {
        if (message.order === order) done(message);
      });
      this.#child.once('exit', (code) =>
        fail(new Error(`ended with ${String(code)} before it did ${order}`)),
      );
    });
    // What is sent before its first line has run is kept for it.
    this.#child.send(order);
    const { result, error } = await answered;
    if (error !== undefined) throw Object.assign(new Error(error.message), { code: error.code });
    return result as Answers[Order];
  }

  /** Waits until it has ended by itself; returns its exit code. */
  async ended(): Promise<number | null> {
    await this.#exited;
    return this.#child.exitCode;
  }

  /** Kills it as the kernel would, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** Kills all that are left, for afterAll. */
  static async killAll(): Promise<void> {
    for (const process of RunProcess.#all) {
      if (process.#child.exitCode === null && process.#child.signalCode === null) await process.kill();
    }
  }
}
