import { PgEvictError } from '@pg-evict/core';
import { rawText, readRawText } from '@pg-evict/core/internal';
import { now, pause } from '../captured/clock.js';
import { tell } from '../captured/streams.js';
import { type AdvisoryLock, lockKeys } from './advisory-locks.js';

/** How often it is tried again. */
const againMs = 50;

/** After how long a message names the session that is waited for. */
const sayMs = 2000;

/** How long to wait for a lock that is normally held for a moment only, unless a limit is configured. */
const defaultPatienceMs = 60_000;

/** The sessions that hold the lock: $1 and $2 its keys. `pg_locks` shows those of other maintenance databases, too. */
const holdersQuery = `
SELECT DISTINCT l.pid, ${rawText('a.usename')} AS "user", ${rawText('a.application_name')} AS application
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted AND l.pid <> pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.classid::bigint::int = $1 AND l.objid::bigint = $2 ORDER BY l.pid`;

/** The client that queries the server for a wait. */
interface Asks {
  // oxlint-disable-next-line no-unnecessary-type-parameters -- the shape of a row is what the statement says
  query<Row extends object>(statement: string, values?: unknown[]): Promise<{ rows: Row[] }>;
}

/** The wait for an advisory lock, which any session may hold: it names the holder, and has a limit. */
export class LockWait {
  readonly #session: Asks;
  readonly #lock: AdvisoryLock;
  readonly #what: string;
  readonly #patienceMs: number;
  #endsAt: number;
  readonly #beganAt = now();
  #said = false;

  /** @param what the meaning of the lock, in a clause */
  constructor(
    session: Asks,
    lock: AdvisoryLock,
    what = `that of "${lock.kind}"`,
    patienceMs = defaultPatienceMs,
  ) {
    this.#session = session;
    this.#lock = lock;
    this.#what = what;
    this.#patienceMs = patienceMs;
    this.#endsAt = this.#beganAt + patienceMs;
  }

  /** Takes the lock if it is free. */
  async try(): Promise<boolean> {
    const shared = this.#lock.shared ? '_shared' : '';
    const take = `SELECT pg_try_advisory_lock${shared}($1, $2) AS taken`;
    const { rows } = await this.#session.query<{ taken: boolean }>(take, lockKeys(this.#lock));
    return rows[0]?.taken === true;
  }

  /** Restarts the wait: the holder of the lock makes progress. */
  getsOn(): void {
    this.#endsAt = now() + this.#patienceMs;
  }

  /**
   * Waits for a moment before the next attempt.
   *
   * @throws {@link PgEvictError} `BLOCKED` if it has been waited for too long
   */
  async pause(): Promise<void> {
    const isOver = now() >= this.#endsAt;
    if (isOver || (!this.#said && now() - this.#beganAt >= sayMs)) {
      const holders = await this.#holders();
      if (isOver) {
        const seconds = Math.round((now() - this.#beganAt) / 1000);
        throw new PgEvictError('BLOCKED', `Waited ${seconds} s for ${holders}: ${this.#what}.`, {
          hint: 'Look at that session, and terminate it if it should not be there.',
        });
      }
      tell(`pg-evict: waiting for ${holders}: ${this.#what}.`);
      this.#said = true;
    }
    await pause(Math.min(this.#said ? 4 * againMs : againMs, Math.max(1, this.#endsAt - now())));
  }

  async #holders(): Promise<string> {
    const [kind, key] = lockKeys(this.#lock);
    const { rows } = await this.#session.query<{
      pid: number;
      user: string | null;
      application: string | null;
    }>(holdersQuery, [kind, key >>> 0]);
    const named = rows.map(({ application, pid, user }) => {
      const of = user === null ? '' : ` of ${readRawText(user, null)}`;
      const name = application === null ? '' : readRawText(application, null);
      return `process ${pid}${of}${name === '' ? '' : ` (${name})`}`;
    });
    const text = named.length === 0 ? 'a session that is gone by now' : named.join(', ');
    return `${text}, which holds an advisory lock`;
  }
}

/**
 * Takes a lock, and waits for it.
 *
 * @param patienceMs how long
 * @throws {@link PgEvictError} `BLOCKED` if another session holds it for too long
 */
export async function takeLock(
  session: Asks,
  lock: AdvisoryLock,
  patienceMs?: number,
  what?: string,
): Promise<void> {
  const wait = new LockWait(session, lock, what, patienceMs);
  while (!(await wait.try())) await wait.pause();
}
