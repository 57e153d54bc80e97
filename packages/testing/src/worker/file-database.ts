import { now, pause } from '../captured/clock.js';
import type { RunSettings } from '../database/test-run.js';
import type { LeakedSession } from '../leaks/inspect-leaks.js';
import { type SocketWatch, unwatched } from '../leaks/watch-sockets.js';
import { addressOf, type DatabaseAddress } from '../server/database-address.js';
import { setVariables, variablesFor } from '../server/test-variables.js';
import type { HostedRun } from '../wire/hosted-runs.js';
import type { Requests } from '../wire/protocol.js';
import { askForLeaks } from './ask-for-leaks.js';
import type { FileGlobal } from '../evicted/replace-lost-connection.js';
import { surviveEviction } from '../evicted/survive-eviction.js';
import { thisThread, type WayToHost } from './thread.js';

/** How long connections that a file is just closing may take; and the time before the server is asked about them. */
const graceMs = 500;
const unaskedMs = 20;

/** An address, with the name of the database. */
type NamedAddress = DatabaseAddress & { readonly name: string };

/** The fate of a database that was given back. */
export interface GivenBack {
  /** The database that was kept for a person to look into, as `keepFailed` says. */
  readonly kept: NamedAddress | null;
}

/** What a {@link FileDatabase} is made of. */
interface FileDatabaseParts extends Pick<FileDatabase, 'way' | 'file' | 'global' | 'settings' | 'watch'> {
  /** `undefined` if the host is to choose one. */
  readonly name: string | undefined;
}

/**
 * The database of a test file while it runs: its variables, its sockets, and the sessions it leaves open.
 *
 * An adapter for a test runner does this, in this order: it calls `borrowForFile()` before anything of the file is
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
  /** @internal */
  readonly global: FileGlobal;
  #named: NamedAddress | undefined;
  #ready: Promise<void> | undefined;
  #lent = false;
  #over = false;

  /** @internal */
  constructor({ way, file, global, name, settings, watch }: FileDatabaseParts) {
    this.way = way;
    this.file = file;
    this.global = global;
    if (name !== undefined) this.#named = this.#address(name);
    this.settings = settings;
    this.watch = watch;
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
    const { global, watch } = this;
    return surviveEviction({ file, global, watch }, async () => host.ask('reset', { name }, { for: file }));
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
        const leaks = await askForLeaks(this, host);
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
      if (this.#ready === undefined) this.#keepName();
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
    for (const database of thread.borrowed) database.release().catch(() => undefined);
    const isNamed = this.#keepName();
    if (this.#ready === undefined || this.settings.isolation === 'run') return;
    const leaving = unwatched(async () => {
      await this.#ready;
      const asks = { name: this.name, used, next: isNamed ? 'same' : 'none' } as const;
      await (await this.way.connection()).ask('return', asks, this.#mine);
    });
    thread.leaving = leaving.catch(() => undefined);
  }

  /** For the next file of this thread. Does nothing if the host has still to choose the name. */
  #keepName(): boolean {
    if (this.#named === undefined) return false;
    if (this.settings.isolation !== 'run') thisThread().next.set(this.way.run.id, this.name);
    return true;
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
}
