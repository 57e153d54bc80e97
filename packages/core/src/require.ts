import { databaseNotFound } from './database-not-found.js';
import { isInvalid, type DatabaseFacts, type Inspection } from './inspect.js';
import { quoteIdentifier } from './identifier.js';
import { ownershipRemedy } from './ownership-remedy.js';
import { heldError, isPlaceholder } from './placeholder.js';
import { PgEvictError } from './pg-evict-error.js';
import { refuseProtected } from './protection-label.js';

/** The facts of a database that must exist. @throws `DATABASE_NOT_FOUND` */
function requireDatabase(inspection: Inspection, name: string, hint?: string): DatabaseFacts {
  const facts = findDatabase(inspection, name);
  if (facts !== undefined) return facts;
  throw databaseNotFound(name, hint);
}

/** The facts of a database, if it exists. */
export function findDatabase(inspection: Inspection, name: string): DatabaseFacts | undefined {
  return inspection.databases.find((facts) => facts.name === name);
}

/**
 * The facts of a database that must exist and whose sessions may be ended.
 * @throws `DATABASE_NOT_FOUND`, `PROTECTED`
 */
export function requireUnprotected(inspection: Inspection, name: string, hint?: string): DatabaseFacts {
  const facts = requireDatabase(inspection, name, hint);
  refuseProtected(name, facts.comment);
  if (isPlaceholder(facts.comment)) throw heldError(name, 'Nothing was changed');
  return facts;
}

/** @throws `DATABASE_EXISTS` */
export function requireAbsent(inspection: Inspection, name: string, hint: string): void {
  if (findDatabase(inspection, name) === undefined) return;
  throw new PgEvictError('DATABASE_EXISTS', `Database "${name}" already exists.`, { database: name, hint });
}

/** @throws `PERMISSION_DENIED` if the role has not the privileges of the database's owner */
export function requireOwnership(inspection: Inspection, facts: DatabaseFacts, failure: string): void {
  if (facts.owned) return;
  throw new PgEvictError(
    'PERMISSION_DENIED',
    `${failure}: it belongs to "${facts.owner}", and role "${inspection.role}" is not a member of that role.`,
    { database: facts.name, hint: ownershipRemedy(facts, inspection.role) },
  );
}

/**
 * The server itself looks at this only when it has the database locked, which is when its sessions are ended.
 *
 * @throws `PERMISSION_DENIED` if the role may not copy the database: it is no template and belongs to others
 */
export function requireCopyable(inspection: Inspection, facts: DatabaseFacts, failure: string): void {
  if (facts.row['datistemplate'] !== true) requireOwnership(inspection, facts, failure);
}

/** @throws `PERMISSION_DENIED` if the role may not create (or rename) databases */
export function requireCreatedb(inspection: Inspection, database: string, failure: string): void {
  if (inspection.createdb) return;
  throw new PgEvictError(
    'PERMISSION_DENIED',
    `${failure}: role "${inspection.role}" may not create databases.`,
    {
      database,
      hint: `ALTER ROLE ${quoteIdentifier(inspection.role)} CREATEDB;`,
    },
  );
}

/** @throws `BLOCKED` if an interrupted DROP has left the database unusable */
export function requireValid(facts: DatabaseFacts, failure: string): void {
  if (!isInvalid(facts)) return;
  const remedy = `Drop it: DROP DATABASE ${quoteIdentifier(facts.name)};`;
  const detail = `Database "${facts.name}" is invalid: a DROP DATABASE was interrupted half-way.`;
  throw new PgEvictError('BLOCKED', `${failure}. ${detail}`, {
    database: facts.name,
    hint: remedy,
    blockers: [{ kind: 'invalid-database', name: facts.name, database: facts.name, detail, remedy }],
  });
}
