import type { TestRun } from '../database/test-run.js';
import type { HostedRun } from '../wire/hosted-runs.js';
import { toPlainTls } from '../server/serialize-tls.js';
import { DatabasePool } from './database-pool.js';
import type { Borrower } from './pooled-database.js';

/** A run that a host has begun, and the pools of its databases. */
export class RunOfHost {
  readonly run: TestRun;
  readonly directories: string[];
  /** That of the run's own template. */
  readonly pool: DatabasePool;
  readonly #watched: boolean;
  readonly #pools = new Map<string, Promise<DatabasePool>>();

  /** @param folder that of the host */
  constructor(run: TestRun, directories: readonly string[], watched: boolean, folder: string) {
    this.#watched = watched;
    this.run = run;
    this.directories = [...directories];
    this.pool = new DatabasePool(run, folder);
  }

  /** As its workers know it. */
  toPlain(): HostedRun {
    const { id, settings, server } = this.run;
    const { target: _administers, connection, ...reachable } = server;
    return {
      id,
      directories: this.directories,
      server: { ...reachable, connection: toPlainTls(connection), watched: this.#watched },
      ...settings,
    };
  }

  /**
   * The pool of a template.
   *
   * @throws {@link PgEvictError} `CONFIG_INVALID` for a template that the configuration does not name
   */
  async poolOf({
    template,
    empty = false,
  }: {
    template?: string | undefined;
    empty?: boolean | undefined;
  }): Promise<DatabasePool> {
    if (template === undefined && !empty) return this.pool;
    const key = template ?? '';
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const made = this.run.withTemplate(template).then((run) => new DatabasePool(run));
    this.#pools.set(key, made);
    made.catch(() => this.#pools.delete(key));
    return made;
  }

  /** The pool that has a database of this name. */
  async poolWith(name: string): Promise<DatabasePool> {
    const pools = [this.pool, ...(await Promise.all(this.#pools.values()))];
    return pools.find((pool) => pool.has(name)) ?? this.pool;
  }

  /** Takes back the databases of a borrower that is gone. */
  async leave(borrower: Borrower): Promise<void> {
    this.pool.leave(borrower);
    for (const pool of this.#pools.values()) (await pool).leave(borrower);
  }

  /** Lends no more. */
  async close(): Promise<void> {
    const pools = await Promise.allSettled(this.#pools.values());
    const made = pools.flatMap((pool) => (pool.status === 'fulfilled' ? [pool.value] : []));
    await Promise.all([this.pool, ...made].map(async (pool) => pool.close()));
  }
}
