import { connect } from '../connection/connect.js';
import { disconnect } from '../connection/silence.js';
import type { Blocker } from '../contract/blocker.js';
import { pause } from '../contract/deadline.js';
import { sqlStateOf } from '../contract/server-error.js';
import { quoteIdentifier, quoteLiteral } from '../text/quote.js';
import type { Operation } from './operation.js';
import { boundLockWait, runWithinDeadline } from './run-within-deadline.js';

/** Blockers that an operation may remove. By default it removes none: each removal loses something. */
export interface RemedyOptions {
  /** Rolls back prepared transactions of the database; their changes are lost. @default false */
  readonly rollbackPrepared?: boolean | undefined;
  /** Drops replication slots in use; their consumers cannot continue. @default false */
  readonly dropSlots?: boolean | undefined;
  /**
   * Drops subscriptions that live in the database; the slot on the publisher stays and must be dropped there.
   * @default false
   */
  readonly dropSubscriptions?: boolean | undefined;
  /** Removes the template flag from a database that is to be dropped. @default false */
  readonly unsetTemplate?: boolean | undefined;
}

/**
 * Whether the caller asked to remove this kind of blocker.
 *
 * @internal
 */
export function mayRemove({ kind }: Blocker, options: RemedyOptions): boolean {
  return (
    (kind === 'prepared-transaction' && options.rollbackPrepared === true) ||
    (kind === 'replication-slot' && options.dropSlots === true) ||
    (kind === 'subscription' && options.dropSubscriptions === true) ||
    (kind === 'template' && options.unsetTemplate === true)
  );
}

/**
 * Removes the blockers that the caller asked to remove. Prepared transactions and subscriptions can only be removed
 * from inside their database, so it is connected to; slots from anywhere.
 *
 * Needs: the role that prepared the transaction, or a superuser; REPLICATION for slots; ownership of subscriptions and
 * databases.
 *
 * @internal
 */
export async function removeBlockers(operation: Operation, blockers: readonly Blocker[]): Promise<void> {
  for (const [database, removals] of removalsInside(blockers)) {
    const inside = await connect(operation.settings, database, operation.deadline);
    try {
      await boundLockWait(inside, operation.deadline);
      for (const { blocker, sql } of removals) {
        await runWithinDeadline(operation, inside, sql);
        operation.removed.push(blocker);
      }
    } finally {
      await disconnect(inside.client);
    }
    await untilGone(operation, inside.pid);
  }
  for (const blocker of blockers) {
    const { kind, database } = blocker;
    if (kind === 'template') {
      await boundLockWait(operation.runner, operation.deadline);
      const sql = `ALTER DATABASE ${quoteIdentifier(database)} IS_TEMPLATE false`;
      await runWithinDeadline(operation, operation.runner, sql);
    } else if (kind === 'replication-slot') await dropSlot(operation, blocker);
    else continue;
    operation.removed.push(blocker);
  }
}

/** Blockers that have to be removed by a statement inside their database. */
interface Removal {
  readonly blocker: Blocker;
  readonly sql: string;
}

/** The removals inside each database. */
function removalsInside(blockers: readonly Blocker[]): Map<string, Removal[]> {
  const removals = new Map<string, Removal[]>();
  for (const blocker of blockers) {
    const sql = removalInside(blocker);
    const { database } = blocker;
    if (sql !== undefined) removals.set(database, [...(removals.get(database) ?? []), { blocker, sql }]);
  }
  return removals;
}

function removalInside({ kind, name }: Blocker): string | undefined {
  if (kind === 'prepared-transaction') return `ROLLBACK PREPARED ${quoteLiteral(name)}`;
  if (kind !== 'subscription') return undefined;
  const subscription = quoteIdentifier(name);
  // With a slot, DROP SUBSCRIPTION would have to reach the publisher. One string is one transaction.
  return (
    `ALTER SUBSCRIPTION ${subscription} DISABLE; ALTER SUBSCRIPTION ${subscription} SET (slot_name = NONE); ` +
    `DROP SUBSCRIPTION ${subscription}`
  );
}

/** Our own session must not be among those that are terminated and reported. */
async function untilGone({ control, deadline }: Operation, pid: number): Promise<void> {
  while (!deadline.over) {
    const { rows } = await control.client.query('SELECT FROM pg_stat_activity WHERE pid = $1', [pid]);
    if (rows.length === 0) return;
    await pause(2);
  }
}

/**
 * Terminates the consumer, which may reconnect at once, until the slot can be dropped. A slot of that name on another
 * database is another slot, created since the last look.
 */
async function dropSlot(
  { control, deadline }: Operation,
  { name, database }: Pick<Blocker, 'name' | 'database'>,
): Promise<void> {
  const inUse = '55006';
  const slot = 'FROM pg_replication_slots WHERE slot_name = $1 AND database = $2';
  for (;;) {
    await control.client.query(`SELECT pg_terminate_backend(active_pid) ${slot} AND active`, [
      name,
      database,
    ]);
    try {
      await control.client.query(`SELECT pg_drop_replication_slot(slot_name) ${slot}`, [name, database]);
      return;
    } catch (error) {
      if (sqlStateOf(error) !== inUse || deadline.over) throw error;
      await pause(10);
    }
  }
}
