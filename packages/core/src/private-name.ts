import { createHash } from 'node:crypto';
import type { Operation } from './operation.js';

/** What a database under a private name is: a successor not yet swapped in, or a predecessor swapped out. */
export type PrivateRole = 'new' | 'old';

/** Ties a private name to the database it was made for, whatever that is called. */
export function privateTag(database: string): string {
  return createHash('sha256').update(database).digest('hex').slice(0, 10);
}

/**
 * A name for a database that only this operation knows. It carries the runner's pid and the start of its backend, so
 * that whoever finds it can tell whether its maker still lives, and is at most 51 bytes long.
 */
export function privateName({ database, runner }: Operation, role: PrivateRole): string {
  return `pg_evict_${role}_${privateTag(database)}_${runner.pid}_${BigInt(runner.started).toString(36)}`;
}
