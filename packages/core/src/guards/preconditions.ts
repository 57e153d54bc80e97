import type { Client } from 'pg';
import { blockedError, databaseNotFound, PgEvictError } from '../contract/error.js';
import { type DatabaseFacts, findDatabase, type Inspection, isInvalid } from '../database/facts.js';
import { quoteIdentifier } from '../text/quote.js';
import { heldError, isPlaceholder } from './placeholder.js';
import { refuseProtected } from './protection-label.js';

/** The facts of a database that must exist. @throws `DATABASE_NOT_FOUND` */
function requireDatabase(inspection: Inspection, name: string, hint?: string): DatabaseFacts {
  const facts = findDatabase(inspection, name);
  if (facts !== undefined) return facts;
  throw databaseNotFound(name, hint);
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
  const { name } = facts;
  const blocker = { kind: 'invalid-database' as const, name, database: name, detail, remedy };
  throw blockedError('BLOCKED', `${failure}.`, [blocker], { database: name });
}

/** $1 the role. CREATE DATABASE … OWNER asks for SET ROLE; up to 15 every member may do that. */
const ownerQuery = `
SELECT pg_has_role(current_user, oid,
  CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END) AS settable
FROM pg_roles WHERE rolname = $1`;

/**
 * Looks whether a new database can be given to a role, as CREATE DATABASE would, but before anything is touched.
 *
 * @param owner the role that was asked for, if one was
 * @throws {@link PgEvictError} `CONFIG_INVALID` if there is no such role, `PERMISSION_DENIED` if ours may not give to it
 */
export async function assertOwner(
  client: Client,
  { role }: Inspection,
  owner: string | undefined,
  { database, failure }: { readonly database: string; readonly failure: string },
): Promise<void> {
  if (owner === undefined || owner === role) return;
  const { rows } = await client.query<{ settable: boolean }>(ownerQuery, [owner]);
  const [found] = rows;
  if (found === undefined) {
    throw new PgEvictError('CONFIG_INVALID', `${failure}: there is no role "${owner}" to own it.`, {
      database,
      hint: `Check the name, capitals count; or CREATE ROLE ${quoteIdentifier(owner)};`,
    });
  }
  if (found.settable) return;
  throw new PgEvictError(
    'PERMISSION_DENIED',
    `${failure}: role "${role}" may not make "${owner}" its owner, as it is not a member of that role.`,
    { database, hint: `GRANT ${quoteIdentifier(owner)} TO ${quoteIdentifier(role)};` },
  );
}

/** Whose a database is. */
interface Ownership {
  readonly name: string;
  readonly owner: string;
  readonly ownerSuperuser: boolean;
}

/** The statement after which a role has the privileges of a database's owner, on that database. */
export function ownershipRemedy({ name, owner, ownerSuperuser }: Ownership, role: string): string {
  // Whoever is a member of a superuser may become one: too much for the sake of a database.
  return ownerSuperuser
    ? `ALTER DATABASE ${quoteIdentifier(name)} OWNER TO ${quoteIdentifier(role)};`
    : `GRANT ${quoteIdentifier(owner)} TO ${quoteIdentifier(role)};`;
}
