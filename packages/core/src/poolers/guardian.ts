import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { packageDirectory } from '../package-directory.cjs';
import type { GuardMessage } from './guard-aliases.js';
import type { ChangedRetry } from './login-retry.js';
import type { PausedAlias } from './resume-alias.js';

/** The program, beside the entry of each build, and of each bundle that contains core; `.cjs` beside the command's. */
const programs = ['resume-poolers.js', 'resume-poolers.cjs'].map((name) => join(packageDirectory, name));

const unguarded = 'there is no process that would resume it if this one were killed';

/** How long it may take to start; usually some 50 ms. */
const startMs = 15_000;

/**
 * A process that resumes the aliases that this one has paused when this one is gone, even if it was killed with its
 * whole process group. Each pause is announced to it in advance, over a pipe that ends with this process.
 */
export class Guardian {
  readonly #child: ChildProcess & { readonly stdin: Writable; readonly stdout: Readable };
  readonly #ready: Promise<void>;
  #lastId = 0;

  constructor() {
    this.#child = spawn(process.execPath, [programs.find((file) => existsSync(file)) ?? ''], {
      detached: true,
      windowsHide: true,
      stdio: ['pipe', 'pipe', 'ignore'],
      // Options that belong to the process of the caller, such as a debugger or a loader, are not passed on.
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    const { stdin, stdout } = this.#child;
    stdin.on('error', () => undefined);
    this.#ready = new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`${unguarded}: it was not there after ${startMs / 1000} s`)),
        startMs,
      );
      const settled = (settle: () => void) => (): void => {
        clearTimeout(late);
        settle();
      };
      stdout.once('data', settled(resolve));
      this.#child.once(
        'error',
        settled(() => reject(new Error(`${unguarded}: it could not be started`))),
      );
      this.#child.once(
        'exit',
        settled(() => reject(new Error(`${unguarded}: it ended`))),
      );
    });
    this.#ready.catch(() => undefined);
    // The guardian does not keep this process alive: it is meant to outlive it.
    for (const handle of [this.#child, stdin as Socket, stdout as Socket]) handle.unref();
  }

  /** Announces the aliases that are about to be paused. @throws if the guardian is gone */
  async guard(paused: PausedAlias): Promise<number> {
    return this.#announce((id) => ({ paused, id }));
  }

  /** Announces the setting that is about to be changed. @throws if the guardian is gone */
  async guardRetry(changed: ChangedRetry): Promise<number> {
    return this.#announce((id) => ({ changed, id }));
  }

  /** Reports that the pooler has confirmed it. */
  async confirm(id: number): Promise<void> {
    await this.#tell({ confirmed: id }).catch(() => undefined);
  }

  /** Reports that it was resumed, or changed back. */
  async release(id: number): Promise<void> {
    await this.#tell({ undone: id }).catch(() => undefined);
  }

  /** Lets it end; it goes on to resume the aliases that are still paused. */
  end(): void {
    this.#child.stdin.end();
  }

  async #announce(message: (id: number) => GuardMessage): Promise<number> {
    await this.#ready;
    const id = (this.#lastId += 1);
    await this.#tell(message(id));
    return id;
  }

  async #tell(message: GuardMessage): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null)
      throw new Error(`${unguarded}: it ended`);
    await new Promise<void>((resolve, reject) => {
      this.#child.stdin.write(`${JSON.stringify(message)}\n`, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }
}
