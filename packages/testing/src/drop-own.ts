import { dropDatabase, quoteIdentifier, type DeadlineOptions, type Target } from '@pg-evict/core';
import type { Control } from './control.js';
import { sqlStateOf } from './failure.js';

/**
 * Drops a database of ours, whoever is on it and whatever is in the way. Does nothing where there is none. Waits as long
 * as somebody else has the database locked.
 *
 * @throws {@link PgEvictError} what `dropDatabase` of core throws
 */
export async function dropOwn(control: Control, target: Target, name: string): Promise<void> {
  try {
    await control.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`);
  } catch (error) {
    if (sqlStateOf(error) === undefined) throw error;
    await dropOwnWithin(target, name);
  }
}

/**
 * The same within a deadline, over connections of its own; one that is protected stays.
 *
 * @throws {@link PgEvictError} what `dropDatabase` of core throws
 */
export async function dropOwnWithin(
  target: Target,
  name: string,
  { timeoutMs, signal }: DeadlineOptions = {},
): Promise<void> {
  await dropDatabase(
    { ...target, database: name },
    {
      timeoutMs,
      signal,
      ifExists: true,
      rollbackPrepared: true,
      dropSlots: true,
      dropSubscriptions: true,
      unsetTemplate: true,
    },
  );
}
