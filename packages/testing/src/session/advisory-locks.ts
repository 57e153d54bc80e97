import { createHash } from 'node:crypto';

/**
 * The meaning of our advisory locks, as the first of their two keys. They are held by sessions on the maintenance
 * database and end with them; `pg_locks` shows them to sessions on every database.
 *
 * - `run`: the run lives; each of its processes holds it, shared
 * - `database`: this database is in use; its worker holds it
 * - `build`: this template is being built
 * - `template`: a run uses this template; each holds it, shared
 * - `ending`: the process that began the run is ending it; a process that makes a database for it holds it meanwhile,
 *   shared
 */
export const lockClasses = {
  run: 1_885_823_361,
  database: 1_885_823_362,
  build: 1_885_823_363,
  template: 1_885_823_364,
  ending: 1_885_823_365,
} as const;

/** An advisory lock. */
export interface AdvisoryLock {
  readonly kind: keyof typeof lockClasses;
  /** The subject: a run's id, a database's name, a template's hash. */
  readonly of: string;
  readonly shared: boolean;
}

/** The keys of a lock, for the functions with two keys. */
export function lockKeys({ kind, of }: Pick<AdvisoryLock, 'kind' | 'of'>): [number, number] {
  return [lockClasses[kind], createHash('sha256').update(of).digest().readInt32BE(0)];
}

/** The locks that are held, of all kinds, in every database; needs no privilege. */
export const heldLocksQuery = `
SELECT DISTINCT classid::bigint::int AS class, objid::bigint::text AS key FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND classid::bigint = ANY ($1::bigint[])`;

/** A row of {@link heldLocksQuery}. */
export interface HeldLockRow {
  readonly class: number;
  readonly key: string;
}

/** Whether one of these is held. The server shows keys as unsigned numbers. */
export function isHeld(held: readonly HeldLockRow[], lock: Pick<AdvisoryLock, 'kind' | 'of'>): boolean {
  const [ofKind, key] = lockKeys(lock);
  return held.some((row) => row.class === ofKind && row.key === String(key >>> 0));
}
