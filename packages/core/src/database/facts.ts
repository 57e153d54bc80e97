import type { Client } from 'pg';
import { currentRoleQuery } from '../connection/current-role.js';
import type { Queryable } from '../connection/queryable.js';
import { copiesFilesSql } from './copies-files.js';

/** A database's row of `pg_database`, and its entries in the other shared catalogs. */
export interface DatabaseFacts {
  readonly oid: number;
  readonly name: string;
  readonly owner: string;
  readonly ownerSuperuser: boolean;
  /** Whether the current role is a member of the owner's role, even if it inherits nothing from it. */
  readonly ownerMember: boolean;
  /** Whether the current role has the owner's privileges. */
  readonly owned: boolean;
  /** Whether the current role may make the owner the owner of another database. */
  readonly ownerSettable: boolean;
  /** The row of `pg_database` itself, whose columns differ from major to major. */
  readonly row: Readonly<Record<string, string | number | boolean | null>>;
  readonly encoding: string;
  readonly tablespace: string;
  /** Whether the current role may create databases in that tablespace. */
  readonly tablespaceUsable: boolean;
  readonly comment: string | null;
  /** `ALTER DATABASE … SET` and `ALTER ROLE … IN DATABASE … SET`; `role` is `null` for the former. */
  readonly settings: readonly { readonly role: string | null; readonly values: readonly string[] }[];
  /** `null` for the default privileges. */
  readonly acl: readonly AclItem[] | null;
  readonly securityLabels: readonly { readonly provider: string; readonly label: string }[];
}

/** One privilege granted on a database; `grantee` is `null` for PUBLIC. */
export interface AclItem {
  readonly grantor: string;
  readonly grantee: string | null;
  readonly privilege: string;
  readonly grantable: boolean;
}

/** Facts that an operation must know before it changes anything. */
export interface Inspection {
  readonly versionNumber: number;
  readonly role: string;
  /** Whether the role uses granted privileges without SET ROLE by default. */
  readonly inherits: boolean;
  readonly superuser: boolean;
  readonly createdb: boolean;
  /** Whether the template that was named is to be copied file by file. */
  readonly copiesFiles: boolean;
  readonly databases: readonly DatabaseFacts[];
}

/** The connection limit that marks a database whose DROP was interrupted (15 and later, `DATCONNLIMIT_INVALID_DB`). */
const invalidConnectionLimit = -2;

const inspectQuery = `
WITH me AS (${currentRoleQuery})
SELECT current_setting('server_version_num')::int AS "versionNumber", me.name AS role, me.inherits, me.super AS superuser,
  me.super OR (SELECT rolcreatedb FROM pg_roles r WHERE r.oid = me.oid) AS createdb,
  coalesce((SELECT ${copiesFilesSql('d.oid')} FROM pg_database d WHERE d.datname = $2), false) AS "copiesFiles",
  (SELECT coalesce(json_agg(json_build_object(
    'oid', d.oid::bigint, 'name', d.datname, 'owner', pg_get_userbyid(d.datdba),
    'ownerSuperuser', (SELECT o.rolsuper FROM pg_roles o WHERE o.oid = d.datdba), 'owned', pg_has_role(me.oid, d.datdba, 'USAGE'),
    'ownerMember', pg_has_role(me.oid, d.datdba, 'MEMBER'), 'row', to_jsonb(d) - 'datacl',
    'encoding', pg_encoding_to_char(d.encoding), 'tablespace', t.spcname,
    'tablespaceUsable', has_tablespace_privilege(t.oid, 'CREATE'),
    'ownerSettable', pg_has_role(me.oid, d.datdba,
      CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END),
    'comment', shobj_description(d.oid, 'pg_database'),
    'settings', (SELECT coalesce(json_agg(json_build_object('role', r.rolname, 'values', s.setconfig)
        ORDER BY r.rolname), '[]')
      FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole WHERE s.setdatabase = d.oid),
    'acl', CASE WHEN d.datacl IS NOT NULL THEN (SELECT coalesce(json_agg(json_build_object(
        'grantor', pg_get_userbyid(x.grantor), 'grantee', CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee) END,
        'privilege', x.privilege_type, 'grantable', x.is_grantable)), '[]') FROM aclexplode(d.datacl) x) END,
    'securityLabels', (SELECT coalesce(json_agg(json_build_object('provider', l.provider, 'label', l.label)), '[]')
      FROM pg_shseclabel l WHERE l.objoid = d.oid AND l.classoid = 'pg_database'::regclass)
  )), '[]') FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace
    WHERE d.datname = ANY ($1::name[])) AS databases
FROM me`;

/**
 * Reads, in one query, the required facts about the role, the server and some databases. Needs no privilege.
 *
 * @param template the database that will be copied
 */
export async function inspect(
  client: Client,
  databases: readonly string[],
  template: string | null = null,
): Promise<Inspection> {
  const { rows } = await client.query<Inspection & Record<string, unknown>>(inspectQuery, [
    databases,
    template,
  ]);
  return rows[0] as Inspection;
}

/** Whether a DROP of this database was interrupted half-way: it can only be dropped. */
export function isInvalid(facts: DatabaseFacts): boolean {
  return facts.row['datconnlimit'] === invalidConnectionLimit;
}

/** The comments of the existing databases among those given. One query; needs no privilege. */
export async function databaseComments(
  client: Queryable,
  databases: readonly string[],
): Promise<{ readonly name: string; readonly comment: string | null }[]> {
  const { rows } = await client.query(
    // With its schema, because the search path of a caller's client may contain a function that fits better (text, not
    // name).
    `SELECT datname AS name, pg_catalog.shobj_description(oid, 'pg_database') AS comment FROM pg_database
     WHERE datname = ANY ($1::name[])`,
    [databases],
  );
  return rows as { name: string; comment: string | null }[];
}

/**
 * Names the databases that an interrupted DROP has left unusable; only another DROP helps then. Each in a sentence that
 * begins with a space, to be appended to others.
 */
export async function halfDropped(client: Client, databases: readonly string[]): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT datname AS name FROM pg_database WHERE datname = ANY ($1::name[]) AND datconnlimit = -2',
    [databases],
  );
  return rows
    .map(({ name }) => ` Database "${name}" is half dropped and can no longer be used: drop it again.`)
    .join('');
}

/** The facts of a database, if it exists. */
export function findDatabase(inspection: Inspection, name: string): DatabaseFacts | undefined {
  return inspection.databases.find((facts) => facts.name === name);
}
