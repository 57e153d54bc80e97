import { dropBlockers, renameBlockers } from '../contract/blocker.js';
import { Deadline } from '../contract/deadline.js';
import { isPgEvictError, retold } from '../contract/error.js';
import { type DatabaseFacts, halfDropped, type Inspection, isInvalid } from '../database/facts.js';
import type { Operation } from '../eviction/operation.js';
import { runExclusively } from '../eviction/run-exclusively.js';
import { isPrivateName, privateName } from '../exclusive-access/private-databases.js';
import { unlessGuarded } from '../guards/unless-guarded.js';
import { quoteIdentifier, renameStatement } from '../text/quote.js';
import { withLiveConnections } from '../successor/live-connections.js';

/** How long giving a database its name back may take: a rename takes milliseconds. */
const namingMs = 800;

/** Likewise, after our connections were lost. */
const reconnectingMs = 5000;

/** Whether the role may rename the database, which it owns: needs CREATEDB. A half-dropped one keeps its name. */
export function mayBeRenamed({ createdb }: Inspection, facts: DatabaseFacts): boolean {
  return createdb && !isInvalid(facts) && !isPrivateName(facts.name);
}

/**
 * Drops a database that cannot be renamed: between the last look at its label and the lock of DROP is one round trip.
 */
export async function dropByName(operation: Operation, name: string): Promise<void> {
  await runExclusively(operation, {
    sql: `DROP DATABASE ${quoteIdentifier(name)}`,
    databases: [name],
    blockedBy: dropBlockers,
    sessions: 'end',
  });
}

/**
 * Drops a database that may be renamed. DROP DATABASE cannot run in a transaction, so nothing could be checked under
 * its lock. RENAME can, and COMMENT waits for its lock. So the database first gets a private name, unless it is
 * protected: an attempt to protect it from then on finds no database of that name. If the process is killed in between,
 * the database stays under the private name, and the next operation drops it.
 *
 * @throws the error of the DROP; the database then has its own name again, if that could be done
 */
export async function dropRenamed(operation: Operation): Promise<void> {
  const { database } = operation;
  const aside = privateName(operation, 'drop');
  await runExclusively(operation, {
    sql: [renameStatement(database, aside), unlessGuarded(aside)].join('; '),
    renames: true,
    databases: [database],
    blockedBy: renameBlockers,
    sessions: 'end',
  });
  try {
    await dropByName(operation, aside);
  } catch (error) {
    const isBack = await giveNameBack(operation, aside);
    if (isBack === undefined) return;
    const { control, deadline } = operation;
    // The error names the database by its public name.
    if (isBack && !deadline.over && isPgEvictError(error) && error.code !== 'CONNECTION_FAILED') {
      const wreck = await halfDropped(control.client, [database]);
      if (wreck === '') return dropByName(operation, database);
    }
    throw isBack && isPgEvictError(error) ? retold(error, aside, database) : error;
  }
}

/**
 * Gives a database its own name again.
 *
 * @returns whether it has it; `undefined` if the database is gone, so that it has been dropped after all
 */
async function giveNameBack(operation: Operation, aside: string): Promise<boolean | undefined> {
  const { database, deadline, leftovers } = operation;
  const isLost = deadline.silent;
  const time = new Deadline({ timeoutMs: deadline.over ? namingMs : reconnectingMs });
  try {
    if (isLost) throw new Error('the server does not answer');
    return await withLiveConnections(operation, time, async (live) => {
      const exists = 'SELECT FROM pg_database WHERE datname = $1';
      const { rows } = await live.control.client.query(exists, [aside]);
      if (rows.length === 0) return undefined;
      await runExclusively(
        { ...live, deadline: time, graceMs: 0, patienceMs: 0, drain: undefined },
        {
          sql: renameStatement(aside, database),
          databases: [aside],
          blockedBy: renameBlockers,
          sessions: 'end',
          labels: 'ignored',
        },
      );
      return true;
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    leftovers.push({ database: aside, reason });
    return false;
  }
}
