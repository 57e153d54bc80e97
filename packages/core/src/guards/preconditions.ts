import type { Client } from 'pg';
import type { Blocker } from '../contract/blocker.js';
import { blockedError, databaseNotFound, errorWithRemedies, PgEvictError } from '../contract/error.js';
import { type Remedy, withRemedy } from '../contract/remedy.js';
import { isOutdated } from '../database/collation-version.js';
import { type DatabaseFacts, findDatabase, type Inspection, isInvalid } from '../database/facts.js';
import { quoteIdentifier } from '../text/quote.js';
import { heldError, isPlaceholder } from './placeholder.js';
import { refuseProtected } from './protection-label.js';

/** The remedy for a missing template. */
export const createTemplate: Remedy = { kind: 'advice', text: 'Create the template first.' };

/** The facts of a database that must exist. @throws `DATABASE_NOT_FOUND` */
function requireDatabase(inspection: Inspection, name: string, ifMissing?: Remedy): DatabaseFacts {
  const facts = findDatabase(inspection, name);
  if (facts !== undefined) return facts;
  throw databaseNotFound(name, ifMissing);
}

/**
 * The facts of a database that must exist and whose sessions may be terminated.
 * @throws `DATABASE_NOT_FOUND`, `PROTECTED`
 */
export function requireUnprotected(inspection: Inspection, name: string, ifMissing?: Remedy): DatabaseFacts {
  const facts = requireDatabase(inspection, name, ifMissing);
  refuseProtected(name, facts.comment);
  if (isPlaceholder(facts.comment)) throw heldError(name, 'Nothing was changed');
  return facts;
}

/** @throws `DATABASE_EXISTS` */
export function requireAbsent(inspection: Inspection, name: string, remedy: Remedy): void {
  if (findDatabase(inspection, name) === undefined) return;
  throw errorWithRemedies('DATABASE_EXISTS', `Database "${name}" already exists.`, [remedy], {
    database: name,
  });
}

/** @throws `PERMISSION_DENIED` if the role lacks the privileges of the database's owner */
export function requireOwnership(inspection: Inspection, facts: DatabaseFacts, failure: string): void {
  if (facts.owned) return;
  throw errorWithRemedies(
    'PERMISSION_DENIED',
    `${failure}: it belongs to "${facts.owner}", and role "${inspection.role}" ${facts.ownerMember ? 'is a member of that role, but does not inherit its privileges' : 'is not a member of that role'}.`,
    [ownershipRemedy(facts, inspection)],
    { database: facts.name },
  );
}

/**
 * The server itself checks this only once it has locked the database; by then the sessions are terminated.
 *
 * @throws `PERMISSION_DENIED` if the role may not copy the database: it is not a template and has another owner
 */
export function requireCopyable(inspection: Inspection, facts: DatabaseFacts, failure: string): void {
  if (facts.row['datistemplate'] !== true) requireOwnership(inspection, facts, failure);
}

/**
 * A database that CREATE DATABASE refuses to copy, because its indexes may have another sort order than the server has
 * now.
 */
export function outdatedBlocker(database: string): Blocker {
  const detail = `Database "${database}" was made with another version of the operating system's collations, so PostgreSQL does not copy it.`;
  const facts = { kind: 'collation-version' as const, name: database, database, detail };
  return withRemedy(facts, { kind: 'refresh-collation', database });
}

/**
 * The server itself checks this only once it has locked the source; by then the sessions are terminated.
 *
 * @throws `BLOCKED` if the collations of a database that is to be copied are outdated
 */
export async function requireSameCollations(client: Client, source: string, failure: string): Promise<void> {
  if (!(await isOutdated(client, source))) return;
  throw blockedError('BLOCKED', `${failure}.`, [outdatedBlocker(source)], { database: source });
}

/** @throws `PERMISSION_DENIED` if the role may not create (or rename) databases */
export function requireCreatedb(inspection: Inspection, database: string, failure: string): void {
  if (inspection.createdb) return;
  throw errorWithRemedies(
    'PERMISSION_DENIED',
    `${failure}: role "${inspection.role}" may not create databases.`,
    [{ kind: 'allow-createdb', role: inspection.role }],
    { database },
  );
}

/** @throws `BLOCKED` if an interrupted DROP has left the database unusable */
export function requireValid(facts: DatabaseFacts, failure: string): void {
  if (!isInvalid(facts)) return;
  const detail = `Database "${facts.name}" is invalid: a DROP DATABASE was interrupted half-way.`;
  const { name } = facts;
  const invalid = { kind: 'invalid-database' as const, name, database: name, detail };
  const blocker = withRemedy(invalid, { kind: 'drop-invalid', database: name });
  throw blockedError('BLOCKED', `${failure}.`, [blocker], { database: name });
}

/** $1 the role. CREATE DATABASE … OWNER requires SET ROLE; up to 15 every member may do that. */
const ownerQuery = `
SELECT pg_has_role(current_user, oid, 'MEMBER') AS member, pg_has_role(current_user, oid,
  CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END) AS settable
FROM pg_roles WHERE rolname = $1`;

/**
 * Checks whether a new database can be given to a role, as CREATE DATABASE would, but before anything is changed.
 *
 * @param owner the requested role, if there is one
 * @throws {@link PgEvictError} `CONFIG_INVALID` if there is no such role, `PERMISSION_DENIED` if ours may not give to
 * it
 */
export async function assertOwner(
  client: Client,
  { inherits, role, versionNumber }: Inspection,
  owner: string | undefined,
  { database, failure }: { readonly database: string; readonly failure: string },
): Promise<void> {
  if (owner === undefined || owner === role) return;
  const { rows } = await client.query<{ settable: boolean; member: boolean }>(ownerQuery, [owner]);
  const [found] = rows;
  if (found === undefined) {
    throw new PgEvictError('CONFIG_INVALID', `${failure}: there is no role "${owner}" to own it.`, {
      database,
      hint: `Check the name, which is case-sensitive; or CREATE ROLE ${quoteIdentifier(owner)};`,
    });
  }
  if (found.settable) return;
  throw errorWithRemedies(
    'PERMISSION_DENIED',
    `${failure}: role "${role}" may not make "${owner}" its owner, as it ${found.member ? 'may not SET ROLE to it' : 'is not a member of that role'}.`,
    [
      {
        kind: 'grant-role',
        role: owner,
        to: role,
        inherits,
        member: found.member,
        option: 'SET',
        versionNumber,
      },
    ],
    { database },
  );
}

/** The owner of a database. */
interface Ownership {
  readonly name: string;
  readonly owner: string;
  readonly ownerSuperuser: boolean;
  readonly ownerMember: boolean;
}

/** The remedy that gives a role the privileges of a database's owner, on that database. */
export function ownershipRemedy(
  { name, owner, ownerSuperuser, ownerMember: member }: Ownership,
  { role, inherits, versionNumber }: Pick<Inspection, 'role' | 'inherits' | 'versionNumber'>,
): Remedy {
  // A member of a superuser role can become that superuser, so membership in one is not recommended.
  return ownerSuperuser
    ? { kind: 'take-ownership', database: name, by: role }
    : { kind: 'grant-role', role: owner, to: role, inherits, member, option: 'INHERIT', versionNumber };
}
