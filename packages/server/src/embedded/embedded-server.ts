import { createDeadline } from '../contract/deadline.js';
import type { RestartOptions, RunningEmbeddedServer } from '../contract/running-server.js';
import { ServerError } from '../contract/server-error.js';
import { superuser } from './initialize-cluster.js';
import { type LaunchOptions, launchPostgres, type Postmaster } from './launch-postgres.js';
import { host } from './postgres-arguments.js';
import { logFileIn, type Surroundings } from '../surroundings/supervise.js';

const restartTimeoutMs = 60_000;

/** A server that runs from a platform package. */
export class EmbeddedServer implements RunningEmbeddedServer {
  readonly host = host;
  readonly user = superuser;
  readonly database = 'postgres';
  readonly port: number;
  readonly password: string;
  readonly url: string;
  readonly version: string;
  readonly dataDirectory: string;
  readonly logFile: string;
  readonly #launch: LaunchOptions;
  readonly #surroundings: Surroundings;
  #postmaster: Postmaster;
  #restarting: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  constructor(launch: LaunchOptions, surroundings: Surroundings, version: string, postmaster: Postmaster) {
    this.port = launch.port;
    this.password = launch.password;
    this.url = `postgresql://${this.user}:${launch.password}@${host}:${launch.port}/${this.database}`;
    this.version = version;
    this.dataDirectory = launch.dataDirectory;
    this.logFile = logFileIn(surroundings.home);
    this.#launch = launch;
    this.#surroundings = surroundings;
    this.#postmaster = postmaster;
    postmaster.program.unref();
  }

  get pid(): number {
    return this.#postmaster.pid;
  }

  async restart({ mode = 'fast' }: RestartOptions = {}): Promise<void> {
    if (this.#stopped) throw new ServerError('START_FAILED', 'The server was stopped; start a new one.');
    const restarting = this.#restarting.then(() => this.#endAndLaunch(mode));
    this.#restarting = restarting.catch(() => undefined);
    return restarting;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#restarting.then(() => this.#endAndRemove());
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #endAndLaunch(mode: 'fast' | 'immediate'): Promise<void> {
    await this.#postmaster.program.end(mode === 'fast' ? 'INT' : 'QUIT');
    const deadline = createDeadline(restartTimeoutMs);
    try {
      this.#postmaster = await launchPostgres(this.#launch, this.#surroundings, deadline);
      this.#postmaster.program.unref();
    } finally {
      deadline.clear();
    }
  }

  async #endAndRemove(): Promise<void> {
    await this.#postmaster.program.end('INT');
    await this.#surroundings.home.remove();
  }
}
