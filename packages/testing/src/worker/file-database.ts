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

/** How long connections that a file is just closing may take; and the time before the server is asked about them. */
const graceMs = 500;
const unaskedMs = 20;

/** Options of {@link borrowForFile}. */
export interface BorrowForFileOptions {
  /** The test file. */
  readonly file: string;
  /**
   * The folder of its project, if the host has runs of several.
   * @default the only one
   */
  readonly directory?: string | undefined;
  /**
   * Whether the file loads modules of its own, as in a sandbox of Jest.
   * @default false
   */
  readonly sandboxed?: boolean | undefined;
  /**
   * Whether the asynchronous context of this call is the file's, and no other's.
   * @default true
   */
  readonly entered?: boolean | undefined;
  /**
   * Whether lines are looked for that the stack of a connection does not have: for leaks.
   * @default true
   */
  readonly followed?: boolean | undefined;
  /**
   * Whether nothing of the file runs until {@link FileDatabase.ready} has resolved. The host then chooses the name, and
   * lends a database that is ready under the name it has; without this it has to give it the name of this call, and to
   * connect to it again.
   * @default false
   */
  readonly waits?: boolean | undefined;
  /** The settings by which the file overrides the configuration. */
  readonly settings?:
    | { readonly [Name in 'isolation' | 'leaks' | 'keepFailed']?: RunSettings[Name] | undefined }
    | undefined;
  /**
   * The environment with the run's variable.
   * @default process.env
   */
  readonly environment?: NodeJS.ProcessEnv | undefined;
}

/** An address, with the name of the database. */
type NamedAddress = DatabaseAddress & { readonly name: string };

/** The fate of a database that was given back. */
export interface GivenBack {
  /** The database that was kept for a person to look into, as `keepFailed` says. */
  readonly kept: NamedAddress | null;
}

/**
 * The database of a test file while it runs: its variables, its sockets, and the sessions it leaves open.
 *
 * An adapter for a test runner does this, in this order: it calls {@link borrowForFile} before anything of the file is
 * loaded, sets {@link FileDatabase.variables}, and waits for {@link FileDatabase.ready}. It tells {@link
 * FileDatabase.watch} what runs. After the last hook it calls {@link FileDatabase.findLeaks} and {@link
 * FileDatabase.giveBack}.
 */
export class FileDatabase implements DatabaseAddress {
  readonly file: string;
  /** The settings of the configuration for the run, overridden by those of the file. */
  readonly settings: RunSettings;
  /** The file's sockets. */
  readonly watch: SocketWatch;
  /** @internal */
  readonly way: WayToHost;
  #named: NamedAddress | undefined;
  #ready: Promise<void> | undefined;
  #lent = false;
  #over = false;

  /** @internal */
  constructor(way: WayToHost, name: string | undefined, options: BorrowForFileOptions) {
    const { file, settings, sandboxed, entered, followed } = options;
    const { run } = way;
    this.way = way;
    this.file = file;
    if (name !== undefined) this.#named = this.#address(name);
    this.settings = settingsFor(run, settings);
    const { host = 'localhost', port = 5432 } = run.server.connection;
    this.watch = watchSockets({ file, server: { host, port }, sandboxed, entered, followed });
  }

  /** Its name; if the host chooses that, there is none before {@link ready} has resolved, and no address either. */
  get name(): string {
    return this.#known.name;
  }

  get url(): string {
    return this.#known.url;
  }

  get connection(): DatabaseAddress['connection'] {
    return this.#known.connection;
  }

  get environment(): DatabaseAddress['environment'] {
    return this.#known.environment;
  }

  /** The server that it is on. */
  get server(): HostedRun['server'] {
    return this.way.run.server;
  }

  /** The environment of the test file; `undefined` stands for a variable that is removed. */
  get variables(): Readonly<Record<string, string | undefined>> {
    const { url, environment } = this;
    return {
      ...variablesFor({ url, environment }, this.settings.variables),
      PG_EVICT_TEST_DATABASE_URL: url,
    };
  }

  /** Sets the variables in an environment; the address of the host stays in it. */
  setVariables(environment: NodeJS.ProcessEnv = process.env): void {
    setVariables(environment, this.variables);
  }

  /**
   * Waits until the database is there and has the content of the template. May be called again by later waiters.
   *
   * @throws {@link PgEvictError} the errors of `acquireDatabase`; `CONNECTION_FAILED` if the host is gone; `TIMEOUT`
   */
  async ready(): Promise<void> {
    this.#ready ??= unwatched(async () => this.#borrow());
    // The caller that begins need not be the one that waits.
    this.#ready.catch(() => undefined);
    return this.#ready;
  }

  /**
   * Restores the state of the template now, even if sessions are on it. Idle sessions stay connected while rows are
   * undone.
   *
   * @param file the name of the file, for messages
   * @returns the actions; `null` if no code can have reached the database, so that nothing needs to be restored
   * @throws {@link PgEvictError} `SESSIONS_REMAIN`, and, if a copy is made, the errors of `acquireDatabase`
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
   * Restores a database that was lent to this file to the state of its template, even if sessions are on it.
   *
   * @internal
   */
  async resetOther(name: string, file = this.file): Promise<Requests['reset']['answers']> {
    const host = await this.way.connection();
    return surviveEviction(file, this.watch, async () => host.ask('reset', { name }, { for: file }));
  }

  /**
   * The sessions that the file has left open, after a moment for those that it is just closing; each with the lines
   * that opened it. Asks the server only if the file can have reached it; not at all with `leaks: 'ignore'`.
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
   * Gives the database back, with all others that the file has borrowed. It is reset in the background, unless no code
   * can have reached it. From here on, the file's code cannot connect to the server any more. May be called again.
   *
   * @param failed whether the file failed, so that its database is kept if `keepFailed` says so
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
   * The file is over without having been closed: its set-up failed. The next file of this thread gets the same
   * database.
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
    // One that the host has still to name is not kept for the next file.
    const isNamed = this.#named !== undefined;
    if (isNamed) next.set(this.way.run.id, this.name);
    const leaving = unwatched(async () => {
      await this.#ready;
      const asks = { name: this.name, used, next: isNamed ? 'same' : 'none' } as const;
      await (await this.way.connection()).ask('return', asks, this.#mine);
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
    const asks = { run: run.id, name: this.#named?.name, for: this.file };
    const { name } = await host.ask('borrow', asks, this.#mine);
    this.#named ??= this.#address(name);
    this.#lent = true;
  }

  get #known(): NamedAddress {
    if (this.#named === undefined)
      throw new Error('the host has not named the database yet: wait for ready()');
    return this.#named;
  }

  #address(name: string): NamedAddress {
    return { name, ...addressOf(this.way.run.server, name) };
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
        // Other processes of the run work on the same database; and sessions that the file has closed are just
        // disconnecting.
        return this.settings.isolation !== 'run' && !(pid !== null && this.watch.hasOpened(pid));
      });
  }
}

/**
 * Names the database of a test file, without waiting, unless the caller waits for that; and begins to watch the file's sockets:
 * call it where the file's own context begins. An earlier file of this thread that was not given back is considered
 * over.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID` if this process belongs to no run
 */
export function borrowForFile(options: BorrowForFileOptions): FileDatabase {
  endFile();
  const way = unwatched(() => wayToHost(options.directory, options.environment));
  const { run } = way;
  const file = new FileDatabase(way, nameFor(run, options.waits), options);
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

/** `undefined` if the host is to choose one. */
function nameFor({ id, isolation, database }: WayToHost['run'], waits = false): string | undefined {
  if (isolation === 'run' && database !== null) return database;
  const thread = thisThread();
  const named = thread.next.get(id);
  thread.next.delete(id);
  if (named !== undefined || waits) return named;
  thread.proposed += 1;
  return proposedDatabaseName(id, thread.proposed);
}
