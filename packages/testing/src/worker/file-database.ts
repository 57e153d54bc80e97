import { PgEvictError } from '@pg-evict/core';
import { now, pause } from '../captured/clock.js';
import type { RunSettings } from '../database/test-run.js';
import type { LeakedSession } from '../leaks/inspect-leaks.js';
import { type SocketWatch, unwatched, watchSockets } from '../leaks/watch-sockets.js';
import { proposedDatabaseName } from '../names/database-names.js';
import { addressOf, type DatabaseAddress } from '../server/database-address.js';
import { setVariables, variablesFor } from '../server/test-variables.js';
import type { HostedRun } from '../wire/hosted-runs.js';
import type { PlainSocket, Requests } from '../wire/protocol.js';
import type { HostConnection } from './host-connection.js';
import { endFile } from './end-file.js';
import { surviveEviction } from './survive-eviction.js';
import { thisThread, type WayToHost, wayToHost } from './thread.js';

/** How long what a file is just closing may take; and before the server is asked about it. */
const graceMs = 500;
const unaskedMs = 20;

/** Options of {@link borrowForFile}. */
export interface BorrowForFileOptions {
  /** The test file. */
  readonly file: string;
  /**
   * The folder of its project, where the host has runs of several.
   * @default the only one
   */
  readonly directory?: string | undefined;
  /**
   * Whether the file loads modules of its own, as in a sandbox of Jest.
   * @default false
   */
  readonly sandboxed?: boolean | undefined;
  /**
   * Whether the asynchronous context that this is called in is the file's, and no other's.
   * @default true
   */
  readonly entered?: boolean | undefined;
  /** What the file says otherwise than the configuration. */
  readonly settings?:
    | { readonly [Name in 'isolation' | 'leaks' | 'keepFailed']?: RunSettings[Name] | undefined }
    | undefined;
  /**
   * Where the run's variable is.
   * @default process.env
   */
  readonly environment?: NodeJS.ProcessEnv | undefined;
}

/** What became of a database that was given back. */
export interface GivenBack {
  /** The database that was kept for somebody to look into, as `keepFailed` says. */
  readonly kept: (DatabaseAddress & { readonly name: string }) | null;
}

/**
 * The database of a test file while it runs: its variables, its sockets, and what it leaves open.
 *
 * Of an adapter for a test runner, in this order: {@link borrowForFile} before anything of the file is loaded, set
 * {@link FileDatabase.variables}, wait for {@link FileDatabase.ready}; {@link FileDatabase.watch} is told what runs;
 * after the last hook {@link FileDatabase.findLeaks}, and {@link FileDatabase.giveBack}.
 */
export class FileDatabase implements DatabaseAddress {
  readonly file: string;
  readonly name: string;
  readonly url: string;
  readonly connection: DatabaseAddress['connection'];
  readonly environment: DatabaseAddress['environment'];
  /** What the configuration says of the run, and the file otherwise. */
  readonly settings: RunSettings;
  /** The file's sockets. */
  readonly watch: SocketWatch;
  /** @internal */
  readonly way: WayToHost;
  #ready: Promise<void> | undefined;
  #lent = false;
  #over = false;

  /** @internal */
  constructor(way: WayToHost, name: string, options: BorrowForFileOptions) {
    const { file, settings, sandboxed, entered } = options;
    const { run } = way;
    const { connection, environment, url } = addressOf(run.server, name);
    this.way = way;
    this.file = file;
    this.name = name;
    this.url = url;
    this.connection = connection;
    this.environment = environment;
    this.settings = settingsFor(run, settings);
    const { host = 'localhost', port = 5432 } = connection;
    this.watch = watchSockets({ file, server: { host, port }, sandboxed, entered });
  }

  /** The server that it is on. */
  get server(): HostedRun['server'] {
    return this.way.run.server;
  }

  /** What the test file finds in its environment; `undefined` stands for what it does not find there. */
  get variables(): Readonly<Record<string, string | undefined>> {
    const { url, environment } = this;
    return {
      ...variablesFor({ url, environment }, this.settings.variables),
      PG_EVICT_TEST_DATABASE_URL: url,
    };
  }

  /** Has an environment lead to it; the way to the host stays in it. */
  setVariables(environment: NodeJS.ProcessEnv = process.env): void {
    setVariables(environment, this.variables);
  }

  /**
   * Waits until the database is there and holds what the template holds. May be called again, by whoever waits later.
   *
   * @throws {@link PgEvictError} what `acquireDatabase` throws; `CONNECTION_FAILED` where the host is gone; `TIMEOUT`
   */
  async ready(): Promise<void> {
    this.#ready ??= unwatched(async () => this.#borrow());
    // Who began need not be who waits.
    this.#ready.catch(() => undefined);
    return this.#ready;
  }

  /**
   * Makes it what the template is, now, whoever is on it. Sessions that are idle stay connected where rows are put back.
   *
   * @param file of what it is reset, for messages
   * @returns what was done; `null` where nobody can have got to it, so that it is that already
   * @throws {@link PgEvictError} `SESSIONS_REMAIN`, and where a copy is made what `acquireDatabase` throws
   */
  async reset(file = this.file): Promise<Requests['reset']['answers'] | null> {
    if (!this.#lent || !this.watch.used) return null;
    return unwatched(async () => {
      const report = await this.resetOther(this.name, file);
      this.watch.forgetUse();
      return report;
    });
  }

  /**
   * Makes a database that was lent to this file what its template is, whoever is on it.
   *
   * @internal
   */
  async resetOther(name: string, file = this.file): Promise<Requests['reset']['answers']> {
    const host = await this.way.connection();
    return surviveEviction(file, this.watch, async () => host.ask('reset', { name }, { for: file }));
  }

  /**
   * The sessions that the file has left open, after a moment for those that it is just closing; each with the lines that
   * opened it. Asks the server only where the file can have got to it; with `leaks: 'ignore'` nobody.
   *
   * @throws {@link PgEvictError} `CONNECTION_FAILED`
   */
  async findLeaks(): Promise<LeakedSession[]> {
    if (!this.watch.used || this.settings.leaks === 'ignore') return [];
    return unwatched(async () => {
      const endsAt = now() + graceMs;
      // A pool's `end()` resolves a moment before its sockets are closed.
      await this.watch.settle(unaskedMs);
      const host = await this.way.connection();
      for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 20)) {
        const leaks = await this.#askForLeaks(host);
        if (leaks.length === 0 || now() > endsAt) return leaks;
        await pause(pauseMs);
      }
    });
  }

  /**
   * Gives the database back, with whatever else the file has borrowed; it is reset in the background, unless nobody can
   * have got to it. From here on, nobody gets a connection to the server in the file's name. May be called again.
   *
   * @param failed whether the file failed, so that its database is kept where `keepFailed` says so
   * @param goesOn whether this thread may run another file: its database is then named now
   */
  async giveBack({ failed = false, goesOn = true } = {}): Promise<GivenBack> {
    if (this.#over) return { kept: null };
    this.#over = true;
    const thread = thisThread();
    if (thread.file === this) thread.file = undefined;
    const { used } = this.watch;
    this.watch.end();
    return unwatched(async () => {
      await this.#ready?.catch(() => undefined);
      for (const database of thread.borrowed) await database.release();
      if (!this.#lent) return { kept: null };
      const keep = failed && this.settings.keepFailed && used;
      const host = await this.way.connection();
      const { next, kept } = await host.ask(
        'return',
        { name: this.name, used, keep, next: goesOn ? 'any' : 'none' },
        this.#mine,
      );
      if (next === null) thread.next.delete(this.way.run.id);
      else thread.next.set(this.way.run.id, next);
      return { kept: kept === null ? null : { name: kept, ...addressOf(this.way.run.server, kept) } };
    });
  }

  /**
   * The file is over, but nobody has said so: its set-up failed. The next file of this thread gets the same database.
   *
   * @internal
   */
  abandon(): void {
    if (this.#over) return;
    this.#over = true;
    const { used } = this.watch;
    this.watch.end();
    const thread = thisThread();
    const { borrowed, next } = thread;
    for (const database of borrowed) database.release().catch(() => undefined);
    if (this.#ready === undefined || this.settings.isolation === 'run') return;
    next.set(this.way.run.id, this.name);
    const leaving = unwatched(async () => {
      await this.#ready;
      await (await this.way.connection()).ask('return', { name: this.name, used, next: 'same' }, this.#mine);
    });
    thread.leaving = leaving.catch(() => undefined);
  }

  get #mine(): { readonly for: string } {
    return { for: this.file };
  }

  async #borrow(): Promise<void> {
    const { run, connection } = this.way;
    if (this.settings.isolation === 'run') return;
    await thisThread().leaving;
    const host = await connection();
    await host.ask('borrow', { run: run.id, name: this.name, for: this.file }, this.#mine);
    this.#lent = true;
  }

  async #askForLeaks(host: HostConnection): Promise<LeakedSession[]> {
    const open = this.watch.openSockets();
    const sockets = open.map(({ target, backendPid, localPort, openedAt, openedDuring }): PlainSocket => ({
      target,
      backendPid,
      localPort,
      openedAt: openedAt.toISOString(),
      openedDuring,
    }));
    const databases = [this.name, ...[...thisThread().borrowed].map(({ name }) => name)];
    const { leaks } = await host.ask('leaks', { run: this.way.run.id, databases, sockets }, this.#mine);
    return leaks
      .map((leak) => ({ ...leak, socket: leak.socket === null ? null : (open[leak.socket] ?? null) }))
      .filter(({ socket, pid }) => {
        if (socket !== null) return true;
        // Others of the run work on the same database; and what the file has closed is just leaving.
        return this.settings.isolation !== 'run' && !(pid !== null && this.watch.hasOpened(pid));
      });
  }
}

/**
 * Names the database of a test file and says how to reach it, before anybody waits for anything, and begins to watch
 * the file's sockets: call it where the file's own context begins. A file of this thread that was not given back is
 * over.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID` where this process belongs to no run
 */
export function borrowForFile(options: BorrowForFileOptions): FileDatabase {
  endFile();
  const way = unwatched(() => wayToHost(options.directory, options.environment));
  const { run } = way;
  const file = new FileDatabase(way, nameFor(run), options);
  thisThread().file = file;
  return file;
}

function settingsFor(run: HostedRun, given: BorrowForFileOptions['settings'] = {}): RunSettings {
  const { isolation = run.isolation, leaks = run.leaks, keepFailed = run.keepFailed } = given;
  if (run.isolation === 'run' && given.isolation !== undefined) {
    throw new PgEvictError('CONFIG_INVALID', 'A test file has an isolation of its own.', {
      hint: "The run has one database for all: testing.isolation is 'run'.",
    });
  }
  const { database, outside, timeoutMs, variables } = run;
  return { isolation, leaks, keepFailed, database, outside, timeoutMs, variables };
}

function nameFor({ id, isolation, database }: WayToHost['run']): string {
  if (isolation === 'run' && database !== null) return database;
  const thread = thisThread();
  const named = thread.next.get(id);
  thread.next.delete(id);
  if (named !== undefined) return named;
  thread.proposed += 1;
  return proposedDatabaseName(id, thread.proposed);
}
