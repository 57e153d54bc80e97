import type { Client } from 'pg';
import type { ResolvedPooler } from '../connection/target.js';
import { type Deadline, pause } from '../contract/deadline.js';
import type { PoolerReport } from '../contract/report.js';
import type { Guardian } from './guardian.js';
import { type Alias, lockAliases, unlockAliases } from './pause-lock.js';
import { OperationPooler, type PoolerMoment } from './pooler.js';

/** The reason why a pooler's clients have to wait. */
export interface PauseRequest {
  /** A session on the server that nothing else waits for meanwhile. */
  readonly control: Client;
  readonly deadline: Deadline;
  /** The database of the operation, for its error. */
  readonly database: string;
  /** Those that are needed for itself. */
  readonly databases: readonly string[];
}

/** The poolers of one operation: their clients wait while it needs exclusive access to a database. */
export class PoolerPauses {
  readonly #poolers: readonly OperationPooler[];
  #guardian: Guardian | undefined;

  constructor(poolers: readonly ResolvedPooler[]) {
    this.#poolers = poolers.map((pooler) => new OperationPooler(pooler));
  }

  /**
   * Checks, before anything is changed, whether the poolers can be used.
   *
   * @throws {@link PgEvictError} `CONNECTION_FAILED`
   */
  async look(dryRun: boolean): Promise<void> {
    if (this.#poolers.length === 0) return;
    if (!dryRun) {
      // Loaded on demand, because it loads modules that start processes. It starts while we look.
      const loaded = await import('./guardian.js');
      this.#guardian = new loaded.Guardian();
    }
    await Promise.all(this.#poolers.map(async (pooler) => pooler.look()));
  }

  /** Finds the aliases that {@link whilePaused} would pause. Changes nothing. */
  async preview(control: Client, databases: readonly string[]): Promise<void> {
    for (const pooler of this.#poolers) await pooler.preview(control, databases);
  }

  /**
   * Calls `callback` while the poolers' clients of the databases wait, and resumes them in every case. Within another
   * call that has paused an alias, the alias stays paused. If an alias cannot be paused, `callback` is called all the
   * same, and the report says so.
   *
   * @throws {@link PgEvictError} `TIMEOUT`, `ABORTED`, if another operation keeps an alias paused until the deadline
   */
  async whilePaused<T>(request: PauseRequest, callback: () => Promise<T>): Promise<T> {
    const guardian = this.#guardian;
    const databases = request.databases.filter((name) => !name.startsWith('pg_evict_'));
    if (guardian === undefined || databases.length === 0) return callback();
    const { control, deadline, database } = request;
    const found: (readonly [OperationPooler, Alias[]])[] = [];
    for (const pooler of this.#poolers) found.push([pooler, await pooler.find(control, databases)]);
    const locked = distinct(found.flatMap(([, aliases]) => aliases));
    if (!(await lockAliases(control, locked, deadline)))
      throw deadline.error(database, 'Another operation of pg-evict has the clients of the pooler wait.');
    const moments: (readonly [OperationPooler, PoolerMoment])[] = [];
    try {
      await Promise.all(
        found.map(async ([pooler, aliases]) =>
          moments.push([pooler, await pooler.pause(aliases, guardian, deadline)]),
        ),
      );
      await untilGone(
        control,
        moments.flatMap(([, { pids }]) => pids),
      );
      return await callback();
    } finally {
      await Promise.all(
        moments.map(async ([pooler, moment]) => pooler.resume(moment, control, databases, guardian)),
      );
      await unlockAliases(control, locked);
    }
  }

  /** The database that an alias of one of the poolers leads to. */
  async leadsTo(alias: string): Promise<string | undefined> {
    const found = await Promise.all(this.#poolers.map(async (pooler) => pooler.leadsTo(alias)));
    return found.find((database) => database !== undefined);
  }

  /** Ends what was started for it. */
  end(): void {
    this.#guardian?.end();
  }

  reports(): PoolerReport[] {
    return this.#poolers.map((pooler) => pooler.report());
  }
}

/** How long the backend of a closed connection may take to end; it takes some milliseconds. */
const leaveMs = 500;

/** Waits for the backends of closed connections, so that they need not be terminated. */
async function untilGone(control: Client, pids: readonly number[]): Promise<void> {
  const endsAt = performance.now() + leaveMs;
  while (pids.length > 0 && performance.now() < endsAt) {
    const { rows } = await control.query('SELECT FROM pg_stat_activity WHERE pid = ANY ($1) LIMIT 1', [pids]);
    if (rows.length === 0) return;
    await pause(5);
  }
}

/** An alias of several poolers is locked once. */
function distinct(aliases: readonly Alias[]): Alias[] {
  return [...new Map(aliases.map((alias) => [`${alias.alias} ${alias.database}`, alias])).values()];
}
