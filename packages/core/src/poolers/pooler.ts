import type { Client } from 'pg';
import type { ResolvedPooler } from '../connection/target.js';
import { type Deadline, pause, stateOf } from '../contract/deadline.js';
import type { PoolerReport } from '../contract/report.js';
import { isNotPaused, type PoolerConsole } from './console.js';
import { findAliases } from './find-aliases.js';
import type { Guardian } from './guardian.js';
import { connectAgain, isRefused, pidsOnceQuiet } from './login-retry.js';
import type { Alias } from './pause-lock.js';
import { resumeAlias } from './resume-alias.js';
import { reasonOf, WayToConsole } from './way-to-console.js';

/** How long clients may have to wait for a PAUSE that does not complete. */
const pauseMs = 5000;

/** How long attempts to resume go on before that is left to the guardian. */
const resumeMs = 5000;

/**
 * How long an alias that is already paused may stay so before the pause counts as another client's: a guardian may be
 * at work.
 */
const foreignMs = 1000;

/** One of an operation's aliases whose clients wait. */
interface Pause {
  readonly alias: string;
  /** The id that the guardian uses for it. */
  readonly id: number;
  readonly console: PoolerConsole;
  readonly since: number;
}

/** Changes made at a pooler before the databases were needed, to be undone afterwards. */
export interface PoolerMoment {
  readonly paused: Pause[];
  /** Aliases that need nothing more: they were paused, by us or by another client. */
  readonly seen: Set<string>;
  /** Backends of the connections that the pooler closes. */
  readonly pids: number[];
}

/** One pooler in one operation. */
export class OperationPooler {
  readonly #way: WayToConsole;
  readonly #named: readonly string[] | undefined;
  /** Aliases that are paused now, by us. */
  readonly #held = new Set<string>();
  readonly #aliases = new Set<string>();
  #pausedMs = 0;

  constructor({ settings, databases }: ResolvedPooler) {
    this.#way = new WayToConsole(settings);
    this.#named = databases;
  }

  get url(): string {
    return this.#way.url;
  }

  /**
   * Checks, before anything is changed, whether the console can be used. A pooler that is not running has no clients.
   *
   * @throws {@link PgEvictError} `CONNECTION_FAILED`
   */
  async look(): Promise<void> {
    await this.#way.look();
  }

  /** The aliases to pause while the databases are needed, without those that are paused already. */
  async find(control: Client, databases: readonly string[]): Promise<Alias[]> {
    return this.#way.using(async (console) => {
      const rows = await findAliases(console, control, databases, this.#named);
      return rows
        .map(({ name, database }) => ({ alias: name, database }))
        .filter(({ alias }) => !this.#held.has(alias));
    }, []);
  }

  /** The database that an alias leads to; `undefined` if there is no such alias, or it has the database's name. */
  async leadsTo(alias: string): Promise<string | undefined> {
    return this.#way.using(async (console) => {
      const row = (await console.aliases()).find(({ name }) => name === alias);
      return row?.database === alias ? undefined : row?.database;
    }, undefined);
  }

  /** The aliases that would be paused. Changes nothing. */
  async preview(control: Client, databases: readonly string[]): Promise<void> {
    await this.#way.using(async (console) => {
      const rows = await findAliases(console, control, databases, this.#named);
      for (const { name, paused } of rows) if (paused === 0) this.#aliases.add(name);
    }, undefined);
  }

  /**
   * Pauses aliases. Aliases that were paused before are not ours, and stay as they are. A PAUSE that does not complete
   * is given up. Never throws: failures are in the report.
   */
  async pause(aliases: readonly Alias[], guardian: Guardian, deadline: Deadline): Promise<PoolerMoment> {
    const moment: PoolerMoment = { paused: [], seen: new Set(aliases.map(({ alias }) => alias)), pids: [] };
    const pausing = aliases.map(async ({ alias }) => {
      try {
        await this.#pauseOne(alias, guardian, moment, deadline);
      } catch (error) {
        this.#way.failures.push(`"${alias}" was not paused: ${reasonOf(error)}`);
      }
    });
    await Promise.all(pausing);
    return moment;
  }

  /**
   * Resumes the aliases that {@link pause} has paused. Meanwhile the server may have refused the pooler over other
   * aliases: one whose PAUSE was given up, or one of a "*" entry, which the pooler lists once it is used. The pooler is
   * made to forget these refusals, too.
   *
   * Never throws: failures are in the report.
   */
  async resume(
    { paused, seen }: PoolerMoment,
    control: Client,
    databases: readonly string[],
    guardian: Guardian,
  ): Promise<void> {
    const since = Math.min(...paused.map((each) => each.since));
    await Promise.all(paused.map(async (each) => this.#resumeOne(each, guardian)));
    if (paused.length > 0) this.#pausedMs += Math.round(performance.now() - since);
    const unseen = (await this.find(control, databases)).filter(({ alias }) => !seen.has(alias));
    const refused = await this.#way.using(async (console) => {
      const waiting = await Promise.all(paused.map(async ({ alias }) => isRefused(console, alias)));
      return paused.filter((_, index) => waiting[index] === true);
    }, []);
    for (const { alias } of [...unseen, ...refused]) await this.#connectAgain(alias, guardian);
  }

  report(): PoolerReport {
    return {
      url: this.url,
      aliases: [...this.#aliases],
      pausedMs: this.#pausedMs,
      failure: this.#way.failure,
    };
  }

  async #pauseOne(
    alias: string,
    guardian: Guardian,
    moment: PoolerMoment,
    deadline: Deadline,
  ): Promise<void> {
    const console = await this.#way.open();
    if (!(await mayPause(console, alias))) {
      await console.close();
      return;
    }
    const id = await guardian.guard({ settings: this.#way.settings, alias, pausedBy: console.name });
    moment.pids.push(...(await pidsOnceQuiet(console, alias)));
    const since = performance.now();
    const endsAt = since + Math.min(pauseMs, deadline.remainingMs / 2);
    const pausing = console.pause(alias);
    const state = stateOf(pausing);
    while (!state.settled && !deadline.over && performance.now() < endsAt)
      await pause(Math.min(50, Math.max(1, endsAt - performance.now())), pausing);
    if (state.succeeded || (!state.settled && (await this.#isDrained(alias)))) {
      // The pooler answers only when all pauses are complete, those of other aliases, too.
      if (!state.succeeded) await console.close();
      await guardian.confirm(id);
      moment.paused.push({ alias, id, console, since });
      this.#held.add(alias);
      this.#aliases.add(alias);
      return;
    }
    await console.close();
    moment.seen.delete(alias);
    await this.#resumeAgain(alias, id, console.name, guardian);
    if (state.settled) throw state.error;
    this.#way.failures.push(
      `"${alias}" was not paused, as a client was in a transaction, or in a session, for longer than ${Math.round(performance.now() - since)} ms`,
    );
  }

  /** Whether the pooler has no connection to the server left for an alias. */
  async #isDrained(alias: string): Promise<boolean> {
    return this.#way.using(
      async (console) => (await console.servers()).every(({ database }) => database !== alias),
      false,
    );
  }

  async #resumeOne({ alias, id, console }: Pause, guardian: Guardian): Promise<void> {
    this.#held.delete(alias);
    try {
      await console.resume(alias);
      await guardian.release(id);
    } catch (error) {
      if (isNotPaused(error)) {
        await guardian.release(id);
        this.#way.failures.push(noLongerPaused(alias));
      } else {
        await console.close();
        if (!(await this.#resumeAgain(alias, id, console.name, guardian)))
          this.#way.failures.push(noLongerPaused(alias));
      }
    } finally {
      await console.close();
    }
  }

  /** Resumes over a new connection. Returns false if there was nothing to resume. */
  async #resumeAgain(alias: string, id: number, pausedBy: string, guardian: Guardian): Promise<boolean> {
    try {
      const wasPaused = await resumeAlias({ settings: this.#way.settings, alias, pausedBy }, resumeMs);
      await guardian.release(id);
      return wasPaused;
    } catch (error) {
      this.#way.failures.push(
        `"${alias}" may still be paused: ${reasonOf(error)}; a process in the background tries for 10 minutes to resume it (RESUME ${alias} at the console does the same)`,
      );
      return true;
    }
  }

  /** Makes the pooler connect again for an alias over which the server has refused it. */
  async #connectAgain(alias: string, guardian: Guardian): Promise<void> {
    const guard = async (retry: string): Promise<() => Promise<void>> => {
      const id = await guardian.guardRetry({ settings: this.#way.settings, retry });
      return async () => guardian.release(id);
    };
    await this.#way.using(async (console) => connectAgain(console, alias, guard), undefined);
  }
}

const noLongerPaused = (alias: string): string =>
  `"${alias}" was no longer paused at the end: the pooler was restarted, or another client resumed it`;

/** Waits a moment for an alias that is paused already. */
async function mayPause(console: PoolerConsole, alias: string): Promise<boolean> {
  const endsAt = performance.now() + foreignMs;
  for (;;) {
    const row = (await console.aliases()).find(({ name }) => name === alias);
    if (row === undefined || row.paused === 0) return true;
    if (performance.now() > endsAt) return false;
    await pause(50);
  }
}
