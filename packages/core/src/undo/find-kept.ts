import type { Queryable } from '../connection/queryable.js';
import { privateTag } from '../database/set-aside.js';
import { readProtection } from '../guards/protection-label.js';
import { type KeptNote, readKeptNote } from './kept-comment.js';
import { keptPattern, readKeptName } from './kept-name.js';

/** A database that was replaced or dropped, and is kept for a while. */
export interface Kept {
  /** Its name meanwhile. */
  readonly name: string;
  /** Ties it to the database whose content it was. */
  readonly tag: string;
  readonly owner: string;
  readonly ownerSuperuser: boolean;
  /** Whether it belongs to the current role. */
  readonly mine: boolean;
  /** Whether the current role has the owner's privileges. */
  readonly owned: boolean;
  /** Until when it is kept, by the server's clock, in seconds since 1970. */
  readonly until: number;
  /** Whether that is over. */
  readonly expired: boolean;
  /** Whether a DROP of it was interrupted; it can only be dropped again. */
  readonly invalid: boolean;
  readonly comment: string | null;
  /** `undefined` if the comment was changed. */
  readonly note: KeptNote | undefined;
  /** Whether it carries a protection label. */
  readonly protected: boolean;
}

interface Row extends Pick<
  Kept,
  'name' | 'owner' | 'ownerSuperuser' | 'mine' | 'owned' | 'invalid' | 'comment'
> {
  readonly now: number;
}

/**
 * Names are compared as text: LIKE on a name may use the collation of a damaged template. The clock of the server may
 * be set back, so the order is that of the transactions that put them aside, each of which had the lock on the
 * database.
 */
const keptQuery = `
SELECT datname AS name, pg_get_userbyid(datdba) AS owner, pg_get_userbyid(datdba) = current_user AS mine,
  (SELECT rolsuper FROM pg_roles r WHERE r.oid = datdba) AS "ownerSuperuser", pg_has_role(datdba, 'USAGE') AS owned,
  datconnlimit = -2 AS invalid, pg_catalog.shobj_description(oid, 'pg_database') AS comment,
  floor(extract(epoch FROM clock_timestamp()))::float8 AS now
FROM pg_database WHERE datname LIKE '${keptPattern}' ORDER BY age(xmin), datname`;

/**
 * Finds the databases that are kept for an undo: those of one database, or of all of the server, the latest first. One
 * query; needs no privilege.
 */
export async function findKept(client: Queryable, database?: string): Promise<Kept[]> {
  const { rows } = await client.query(keptQuery, []);
  const tag = database === undefined ? undefined : privateTag(database);
  return (rows as unknown as Row[])
    .flatMap(({ now, ...row }) => {
      const name = readKeptName(row.name);
      if (name === undefined) return [];
      const isProtected = readProtection(row.comment).reason !== null;
      const note = readKeptNote(row.comment, name.tag);
      return [{ ...row, ...name, expired: name.until <= now, note, protected: isProtected }];
    })
    .filter((kept) => tag === undefined || kept.tag === tag);
}

/**
 * Whether an operation on a database may have kept it. Every role with CREATEDB can create a database with such a name
 * and comment. It is ours only if it belongs to a role that could have replaced the database itself.
 *
 * @param owner the owner of the database
 */
export function isOurs({ mine, owner, ownerSuperuser }: Kept, ownerOfDatabase: string | undefined): boolean {
  return mine || ownerSuperuser || owner === ownerOfDatabase;
}
