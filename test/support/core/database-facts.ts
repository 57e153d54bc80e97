import { ask } from '../server.js';

/** All that the catalogs say of a database, but what is its own: oid, name and transaction horizons. */
export async function databaseFacts(name: string): Promise<Record<string, unknown>> {
  const rows = await ask<{ facts: Record<string, unknown> }>(
    `SELECT to_jsonb(d) - '{oid,datname,datfrozenxid,datminmxid,datlastsysoid,dattablespace,datacl,datdba}'::text[]
       || jsonb_build_object(
         'owner', pg_get_userbyid(datdba),
         'tablespace', (SELECT spcname FROM pg_tablespace t WHERE t.oid = dattablespace),
         'comment', shobj_description(oid, 'pg_database'),
         'acl', CASE WHEN datacl IS NOT NULL THEN ARRAY(SELECT concat_ws(' ', pg_get_userbyid(grantor), 'gives',
             privilege_type, CASE WHEN is_grantable THEN 'with grant option' END, 'to',
             CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END)
           FROM aclexplode(datacl) ORDER BY 1) END,
         'settings', ARRAY(SELECT concat(coalesce(rolname, 'everybody'), ': ', setting)
           FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = setrole, unnest(setconfig) AS setting
           WHERE setdatabase = d.oid ORDER BY 1)) AS facts
     FROM pg_database d WHERE datname = $1`,
    [name],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`database "${name}" does not exist`);
  return row.facts;
}
