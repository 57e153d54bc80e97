import { randomBytes } from 'node:crypto';
import { threadId } from 'node:worker_threads';

/**
 * The purpose of a database of ours: a worker's `test` database, the one of a failed test file that was `kept`, a
 * template that is being built (`building`), or a finished `template`.
 */
export type OwnDatabaseKind = 'test' | 'kept' | 'building' | 'template';

/** A database that we made, read from its name. */
export interface OwnDatabase {
  readonly name: string;
  readonly kind: OwnDatabaseKind;
  /** The run that made it; a template belongs to no run. */
  readonly run: string | null;
}

/** A name for a run that no other has. */
export function newRunId(): string {
  const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';
  return Array.from(randomBytes(8), (byte) => alphabet[byte % 36]).join('');
}

/**
 * A new name for a worker's database: with process and thread, for people who look at the server, and a unique part,
 * because a process may have several.
 */
export function testDatabaseName(run: string): string {
  return `pg_evict_test_${run}_${process.pid}_${threadId}_${randomBytes(3).toString('hex')}`;
}

/**
 * A name that this thread proposes for a database of its own before it can have asked the host: no other thread can
 * propose it.
 *
 * @param n one more for each
 */
export function proposedDatabaseName(run: string, n: number): string {
  return `pg_evict_test_${run}_${process.pid}_${threadId}_${n}`;
}

/** The name under which the database of a failed test file stays. */
export function keptDatabaseName(testDatabase: string): string {
  return testDatabase.replace('pg_evict_test_', 'pg_evict_kept_');
}

/** The name of a finished template: nothing that is not finished ever has it. */
export function templateName(hash: string): string {
  return `pg_evict_template_${hash}`;
}

/** The name under which a run builds a template. */
export function buildingName(run: string, hash: string): string {
  return `pg_evict_building_${run}_${hash}`;
}

/** A LIKE pattern for names that may be ours; {@link readOwnName} decides. */
export const ownNamesLike = 'pg\\_evict\\_%';

const runDatabase = /^pg_evict_(test|kept|building)_([0-9a-z]{8})_[0-9a-f_]+$/;
const template = /^pg_evict_template_[0-9a-f]{16}$/;

/** Reads the name of a database; `undefined` for one that we did not make. */
export function readOwnName(name: string): OwnDatabase | undefined {
  if (template.test(name)) return { name, kind: 'template', run: null };
  const [, kind, run] = runDatabase.exec(name) ?? [];
  if (kind === undefined || run === undefined) return undefined;
  return { name, kind: kind as OwnDatabaseKind, run };
}

/** A LIKE pattern for names that may be made from one of ours; {@link isDerivedName} decides. */
export const derivedNamesLike = '%pg\\_evict\\_test\\_%';

/**
 * Whether the name contains that of a test database and more: a project has created it for itself, such as
 * `<database>_shadow`.
 */
export function isDerivedName(name: string): boolean {
  return readOwnName(name) === undefined && /pg_evict_test_[0-9a-z]{8}_[0-9a-f_]*[0-9a-f]/.test(name);
}
