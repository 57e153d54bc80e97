import type { NotCarriedOver } from '../contract/report.js';
import { type DatabaseFacts, findDatabase, inspect } from '../database/facts.js';
import type { Operation } from '../eviction/operation.js';
import { runWithinDeadline } from '../eviction/run-within-deadline.js';
import { quoteIdentifier } from '../text/quote.js';
import { type Restrictions, restrictionsOf } from '../successor/access-restrictions.js';
import { applyDatabaseSettings } from '../successor/create-successor.js';

/** The settings of a database that was replaced by one that took long to fill. */
export interface RefreshedSettings {
  readonly owner: string;
  readonly restrictions: Restrictions;
  readonly notCarriedOver: readonly NotCarriedOver[];
}

/**
 * Reads the settings of the old database again and gives the new one the changes that were made while it was filled:
 * owner, ALTER DATABASE SET, the settings of roles in it, comment, privileges, security labels.
 *
 * @param before the old database as it was when the new one was created
 * @param owner the new one's; the caller's choice if it is not the old one's
 * @returns `undefined` if nothing was changed
 */
export async function refreshSettings(
  operation: Operation,
  successor: string,
  before: DatabaseFacts,
  owner: string,
): Promise<RefreshedSettings | undefined> {
  const now = findDatabase(await inspect(operation.runner.client, [operation.database]), operation.database);
  if (now === undefined || now.oid !== before.oid || isSame(before, now)) return undefined;
  const newOwner = owner === before.owner ? now.owner : owner;
  const restrictions = restrictionsOf(now);
  for (const sql of undoing(before, successor, owner, newOwner)) {
    await runWithinDeadline(operation, operation.runner, sql);
  }
  const refused = await applyDatabaseSettings(
    operation,
    withPrivileges(restrictions.open),
    successor,
    newOwner,
  );
  return { owner: newOwner, restrictions, notCarriedOver: refused };
}

function isSame(before: DatabaseFacts, now: DatabaseFacts): boolean {
  const settingsOf = ({ acl, comment, owner, row, securityLabels, settings }: DatabaseFacts): string =>
    JSON.stringify([acl, comment, owner, row['datallowconn'], row['datconnlimit'], securityLabels, settings]);
  return settingsOf(before) === settingsOf(now);
}

/** The statements that remove the settings that the new database got when it was created. */
function undoing(before: DatabaseFacts, successor: string, owner: string, newOwner: string): string[] {
  const database = quoteIdentifier(successor);
  const roles = before.settings.flatMap(({ role }) => (role === null ? [] : [role]));
  const grantees = new Set(before.acl?.map(({ grantee }) => grantee) ?? []);
  return [
    `ALTER DATABASE ${database} RESET ALL`,
    ...roles.map((role) => `ALTER ROLE ${quoteIdentifier(role)} IN DATABASE ${database} RESET ALL`),
    `COMMENT ON DATABASE ${database} IS NULL`,
    ...[...grantees]
      .filter((grantee) => grantee !== before.owner && grantee !== owner)
      .map(
        (grantee) =>
          `REVOKE ALL ON DATABASE ${database} FROM ${grantee === null ? 'PUBLIC' : quoteIdentifier(grantee)} CASCADE`,
      ),
    ...before.securityLabels.map(
      ({ provider }) => `SECURITY LABEL FOR ${quoteIdentifier(provider)} ON DATABASE ${database} IS NULL`,
    ),
    ...(newOwner === owner ? [] : [`ALTER DATABASE ${database} OWNER TO ${quoteIdentifier(newOwner)}`]),
  ];
}

/** With PostgreSQL's default privileges written out, because the new database may have others by now. */
function withPrivileges(facts: DatabaseFacts): DatabaseFacts {
  if (facts.acl !== null) return facts;
  const { owner } = facts;
  const grant = (grantee: string | null, privilege: string) => ({
    grantor: owner,
    grantee,
    privilege,
    grantable: false,
  });
  const acl = [
    ...['CONNECT', 'TEMPORARY'].map((privilege) => grant(null, privilege)),
    ...['CONNECT', 'TEMPORARY', 'CREATE'].map((privilege) => grant(owner, privilege)),
  ];
  return { ...facts, acl };
}
