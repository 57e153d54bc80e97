import type { Client } from 'pg';
import { quoteIdentifier } from './identifier.js';
import type { Inspection } from './inspect.js';
import { PgEvictError } from './pg-evict-error.js';

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
