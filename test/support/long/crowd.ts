import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Client } from 'pg';
import { until } from '../server.js';

/** What the clients of a crowd went through. */
export interface CrowdStatistics {
  readonly attempts: number;
  readonly connected: number;
  /** Attempts to connect that failed, by SQLSTATE. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Sessions that were ended, by SQLSTATE. */
  readonly endings: Readonly<Record<string, number>>;
  /** The longest run of refusals that one client had. */
  readonly mostRefusalsInARow: number;
}

/** Clients in a process of their own that reconnect at once whenever they are ended. */
export class Crowd {
  readonly #process: ChildProcess;
  readonly #clinging: number;

  /**
   * @param clinging clients that idle until they are ended
   * @param hasty clients that connect and leave all the time
   */
  constructor(url: string, clinging: number, hasty: number) {
    this.#clinging = clinging;
    this.#process = fork(resolve(__dirname, 'crowd-process.mjs'), [url, String(clinging), String(hasty)]);
  }

  /** Waits until all who cling are on the database. */
  async allOn(observer: Client, database: string): Promise<void> {
    await until(async () => {
      const { rows } = await observer.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM pg_stat_activity
         WHERE datname = $1 AND application_name = 'clinging' AND state = 'idle'`,
        [database],
      );
      return rows[0]?.count === this.#clinging;
    }, `${this.#clinging} clients on ${database}`);
  }

  /** Sends a straggler ahead and waits until it hangs in its startup. */
  async straggle(observer: Client, database: string): Promise<void> {
    this.#process.send('straggle');
    // Others are seen like this as well, but only for a moment.
    const seen = new Map<number, number>();
    await until(async () => {
      const { rows } = await observer.query<{ pid: number }>(
        `SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.objid
         WHERE l.locktype = 'object' AND l.classid = 'pg_database'::regclass AND d.datname = $1
           AND l.mode = 'RowExclusiveLock' AND l.granted
           AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = l.pid AND a.datid = d.oid)`,
        [database],
      );
      for (const { pid } of rows) seen.set(pid, (seen.get(pid) ?? 0) + 1);
      return [...seen.values()].some((times) => times >= 5);
    }, `a straggler on ${database}`);
  }

  async stop(): Promise<CrowdStatistics> {
    const [message, exit] = [once(this.#process, 'message'), once(this.#process, 'exit')];
    this.#process.send('stop');
    const [statistics] = (await message) as [CrowdStatistics];
    await exit;
    return statistics;
  }
}
