import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

/** What the process reports: a step of the operation, `inside` a callback, `done` or `failed`. */
export interface OperationMessage {
  readonly step: string;
  readonly database?: string;
  readonly code?: string;
  readonly message?: string;
}

/** Which operation of core to run, on what, with what beside the target. */
export interface OperationRequest {
  readonly operation: string;
  readonly target: object;
  /** The parameters after the target; an object at the end is the options. */
  readonly values?: readonly unknown[];
  /** The step at which it waits until it is told to go on, or killed. */
  readonly pauseAt?: string;
}

/** One operation of core in a process of its own. */
export class OperationProcess {
  readonly messages: OperationMessage[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #wake: () => void = () => undefined;
  #gone = false;

  constructor(request: OperationRequest) {
    this.#child = fork(resolve(__dirname, 'operation-child.mjs'), [JSON.stringify(request)], {
      execArgv: [],
    });
    this.#child.on('message', (message) => {
      this.messages.push(message as OperationMessage);
      this.#wake();
    });
    this.#child.once('exit', () => {
      this.#gone = true;
      this.#wake();
    });
    this.#exited = once(this.#child, 'exit');
  }

  /** Waits until a step has been reported. */
  async reached(step: string): Promise<OperationMessage> {
    for (;;) {
      const found = this.messages.find((message) => message.step === step);
      if (found !== undefined) return found;
      if (this.#gone) throw new Error(`ended before "${step}": ${JSON.stringify(this.messages)}`);
      await new Promise<void>((wake) => (this.#wake = wake));
    }
  }

  /** Lets it go on where it waits. */
  resume(): void {
    this.#child.send('resume');
  }

  /** Kills it as the kernel would, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** Waits until it has ended by itself; returns the last thing it said. */
  async ended(): Promise<OperationMessage | undefined> {
    await this.#exited;
    return this.messages.at(-1);
  }
}
