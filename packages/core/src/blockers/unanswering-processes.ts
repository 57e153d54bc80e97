import type { Client } from 'pg';
import type { Blocker } from '../contract/blocker.js';

/**
 * Processes that have the lock of a database, or wait for it, while they start: $1 the databases. They are not yet
 * listed as sessions (18 lists them, without a database). A DROP that was cancelled has given them the lock. A process
 * whose signals are blocked meanwhile, as a background worker's can be, answers no request until it has the lock.
 */
const startingQuery = `
SELECT l.pid, a.backend_type AS type FROM pg_locks l JOIN pg_database d ON d.oid = l.objid
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE d.datname = ANY ($1::name[]) AND l.locktype = 'object' AND l.classid = 'pg_database'::regclass
  AND l.mode = 'RowExclusiveLock' AND l.pid IS NOT NULL AND a.datid IS NULL
ORDER BY l.pid`;

/** A process of the server that is starting on a database. */
interface StartingProcess {
  readonly pid: number;
  readonly type: string | null;
}

/** How many are named; a whole pool may queue behind a lock. */
const namedAtMost = 10;

/** Finds the processes that are starting on one of these databases. Needs no privilege. */
export async function findStartingProcesses(
  client: Client,
  databases: readonly string[],
): Promise<StartingProcess[]> {
  return (await client.query<StartingProcess & Record<string, unknown>>(startingQuery, [databases])).rows;
}

/**
 * Since 15, DROP DATABASE waits until every process of the server has closed its files of the database
 * (ProcSignalBarrier). A single process that is stopped or hangs delays it, and PostgreSQL does not say which. A
 * process that waits for the lock of that very database may be it; it continues as soon as the DROP ends.
 */
export async function unansweringProcesses(
  client: Client,
  databases: readonly string[],
  database: string,
  wrecks: string,
): Promise<Blocker[]> {
  const starting = await findStartingProcesses(client, databases);
  return [
    {
      kind: 'stuck-backend',
      name: 'ProcSignalBarrier',
      database,
      detail: `A process somewhere on the server does not answer, and DROP DATABASE waits for every one.${wrecks}`,
      remedy:
        'Look on the server host for a stopped or hanging process of PostgreSQL, free it, then drop the database again.',
    },
    ...starting.slice(0, namedAtMost).map((each) => startingBlocker(each, database)),
  ];
}

/** A process that may be the one that does not answer. */
export function startingBlocker({ pid, type }: StartingProcess, database: string): Blocker {
  return {
    kind: 'stuck-backend',
    name: String(pid),
    database,
    detail: `Process ${pid}${type === null ? '' : ` (${type})`} starts on the database, waits for its lock meanwhile, and may be the one that does not answer.`,
    remedy: `Look at process ${pid} on the server host. One whose signals are blocked until it has the lock goes on when the DROP ends: then drop the database again.`,
  };
}
