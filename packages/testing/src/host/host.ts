import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { pause } from '../captured/clock.js';
import { rm } from '../captured/files.js';
import { isPgEvictError } from '@pg-evict/core';
import type { TestRun } from '../database/test-run.js';
import { unwatched } from '../leaks/watch-sockets.js';
import { endRun } from '../run/end-run.js';
import { type StartRunOptions, startRun } from '../run/start-run.js';
import {
  type HostAddress,
  removeHostVariable,
  setHostVariable,
  socketPath,
  toHostVariable,
} from '../wire/host-variable.js';
import { type FailedRun, writeHostedRuns } from '../wire/hosted-runs.js';
import { makeHostFolder } from './host-folder.js';
import { RunOfHost } from './hosted-run.js';
import { serveWorker } from './serve-worker.js';

/**
 * How long the end waits for a run that is just beginning: the process that fills its template is ended, and the
 * unfinished template is dropped. A run may also be waiting for a template that another process builds.
 */
const beginningMs = 2000;

/** Options of {@link beginHost}, beside those of {@link startRun}. */
export interface BeginHostOptions extends StartRunOptions {
  /**
   * Folders of the projects that the run is for; a worker of another project has to name its own.
   * @default [cwd]
   */
  readonly directories?: readonly string[] | undefined;
  /**
   * How many databases to make in advance, in the background.
   * @default 1
   */
  readonly ready?: number | undefined;
}

/** Options of {@link TestHost.add}. */
export interface AddRunOptions {
  /** Folders of the projects that the run is for. */
  readonly directories: readonly string[];
  /**
   * How many databases to make in advance, in the background.
   * @default 1
   */
  readonly ready?: number | undefined;
  /**
   * Whether its server stays until watch mode ends, but no longer.
   * @default false
   */
  readonly watched?: boolean | undefined;
}

/** The host of a run of tests, in the process that began it. */
export class TestHost {
  readonly #address: HostAddress;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #runs = new Map<string, RunOfHost>();
  #failed: readonly FailedRun[] = [];
  readonly #beginning = new Set<Promise<TestRun>>();
  readonly #filling = new AbortController();
  /** Those that are being ended. */
  #leaving: readonly RunOfHost[] = [];
  #ending: Promise<void> | undefined;

  private constructor(address: HostAddress, server: Server) {
    this.#address = address;
    this.#server = server;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      serveWorker(socket, address.secret, this.#runs);
    });
  }

  /** @internal */
  static async listen(): Promise<TestHost> {
    const folder = await makeHostFolder();
    const server = createServer();
    const host = new TestHost({ folder, secret: randomBytes(16).toString('hex') }, server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socketPath(folder), resolve);
    });
    server.unref();
    return host;
  }

  /** The runs that it has begun, until they have been ended. */
  get runs(): readonly TestRun[] {
    return [...this.#runs.values(), ...this.#leaving].map(({ run }) => run);
  }

  /** Its address, as in the run's variable. */
  get address(): string {
    return toHostVariable(this.#address);
  }

  /** Passes the address of this host to processes that are started with an environment. */
  offerTo(environment: NodeJS.ProcessEnv): void {
    setHostVariable(environment, this.address);
  }

  /** Begins one more run, such as that of another project. @throws the errors of {@link startRun} */
  async begin({ directories, ready = 1, ...options }: BeginHostOptions = {}): Promise<TestRun> {
    const signals = [this.#filling.signal, ...(options.signal === undefined ? [] : [options.signal])];
    const beginning = startRun({ ...options, signal: AbortSignal.any(signals) });
    this.#beginning.add(beginning);
    try {
      const run = await beginning;
      return this.add(run, { directories: directories ?? [options.cwd ?? process.cwd()], ready });
    } finally {
      this.#beginning.delete(beginning);
    }
  }

  /** Takes over a run that was begun elsewhere, and ends it. */
  add(run: TestRun, { directories, ready = 1, watched = false }: AddRunOptions): TestRun {
    const hosted = new RunOfHost(run, directories, watched, this.#address.folder);
    this.#runs.set(run.id, hosted);
    this.#forgetFailed(directories);
    this.#publish();
    if (run.settings.isolation !== 'run') unwatched(() => hosted.pool.warm(ready));
    return run;
  }

  /** Says that the run of projects could not begin: their test files get the error, and no other project's run. */
  fail(directories: readonly string[], error: unknown): void {
    this.#forgetFailed(directories);
    const message = error instanceof Error ? error.message : String(error);
    const code = isPgEvictError(error) ? error.code : 'UNEXPECTED';
    this.#failed = [...this.#failed, { directories, code, message }];
    this.#publish();
  }

  #forgetFailed(directories: readonly string[]): void {
    this.#failed = this.#failed.filter((one) => !one.directories.some((each) => directories.includes(each)));
  }

  /** Ends its runs, with every database of theirs. May be called again. */
  async end(): Promise<void> {
    this.#ending ??= unwatched(async () => this.#end());
    return this.#ending;
  }

  async #end(): Promise<void> {
    this.#server.close();
    this.#filling.abort();
    if (this.#beginning.size > 0) {
      await Promise.race([Promise.allSettled(this.#beginning), pause(beginningMs)]);
    }
    const runs = [...this.#runs.values()];
    for (const run of runs) await run.close();
    this.#leaving = runs;
    this.#runs.clear();
    for (const socket of this.#sockets) socket.destroy();
    const ended = await Promise.allSettled(runs.map(async ({ run }) => endRun(run, { force: true })));
    this.#leaving = [];
    await rm(this.#address.folder, { recursive: true, force: true });
    for (const outcome of ended) if (outcome.status === 'rejected') throw outcome.reason;
  }

  #publish(): void {
    writeHostedRuns(
      this.#address.folder,
      { runs: [...this.#runs.values()].map((run) => run.toPlain()), failed: this.#failed },
      this.runs.map((run) => run.toJSON()),
    );
  }
}

/**
 * Makes this process the host of a run of tests: begins the run as {@link startRun} does, and lends databases to the
 * workers that are started from now on. They find it by a single variable in this process's environment. Only the host
 * opens administrative sessions, and creates, resets and drops databases; it does not keep the process alive.
 *
 * @throws {@link PgEvictError} the errors of {@link startRun}; nothing is left then
 */
export async function beginHost(options: BeginHostOptions = {}): Promise<TestHost> {
  const host = await openHost();
  try {
    await host.begin(options);
  } catch (error) {
    await host.end();
    throw error;
  }
  host.offerTo(process.env);
  return host;
}

/** Makes this process a host that has no run yet: {@link TestHost.begin} begins one, {@link TestHost.add} takes one over. */
export async function openHost(): Promise<TestHost> {
  return TestHost.listen();
}

/** Ends the runs of a host, with all their databases, and removes its variable. May be called again. */
export async function endHost(host: TestHost): Promise<void> {
  removeHostVariable(process.env);
  await host.end();
}
