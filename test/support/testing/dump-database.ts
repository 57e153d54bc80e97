import { withClient } from '../server.js';

/**
 * What a database contains and is, as the server tells it, in one text for each catalog, table, sequence and so on:
 * everything but files, statistics of columns, transaction horizons and the database's own name and oid; the order of rows,
 * where they are, and what the planner knows of a table's size, too. Copies of one template
 * have equal dumps, oids included.
 */
export async function dumpDatabase(url: string): Promise<Record<string, string>> {
  return withClient(url, async (client) => {
    await client.query(`SET row_security = off; SET search_path = pg_catalog; SET extra_float_digits = 3`);
    const { rows: relations } = await client.query<{
      name: string;
      sql: string;
      catalog: boolean;
      kind: string;
    }>(`
      SELECT n.nspname || '.' || c.relname AS name, format('%I.%I', n.nspname, c.relname) AS sql,
        n.nspname = 'pg_catalog' AS catalog, c.relkind AS kind
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE NOT c.relisshared AND c.relpersistence <> 't' AND n.nspname <> 'pg_toast' AND c.relkind IN ('r', 'm', 'S')
        AND c.relname NOT IN ('pg_statistic', 'pg_statistic_ext_data')`);
    const parts = relations.map(({ name, sql, catalog, kind }) => {
      const row =
        kind === 'S' ? "last_value || ' ' || is_called" : catalog ? catalogRow(name) : 'to_jsonb(r)::text';
      const where = name === 'pg_catalog.pg_namespace' ? `WHERE nspname !~ '^pg_(toast_)?temp_'` : '';
      const from = kind === 'r' ? `ONLY ${sql}` : sql;
      return `SELECT '${name.replaceAll("'", "''")}' AS name, count(*) || ' ' ||
        coalesce(md5(string_agg(x, E'\\n' ORDER BY x)), '') AS content
        FROM (SELECT (${row}) COLLATE "C" AS x FROM ${from} AS r ${where}) AS rows`;
    });
    for (const { name, sql, catalog, kind } of relations) {
      if (catalog || kind === 'S') continue;
      // As a SELECT without ORDER BY gives it, and where: what is written next depends on it.
      parts.push(`SELECT 'order of ${name.replaceAll("'", "''")}', coalesce(md5(string_agg(ctid || to_jsonb(r)::text, E'\\n')), '')
        || ' ' || pg_relation_size('${sql.replaceAll("'", "''")}') FROM ${kind === 'r' ? 'ONLY ' : ''}${sql} AS r`);
    }
    parts.push(`SELECT 'what the planner knows', string_agg(concat_ws(' ', relname, relpages, reltuples, relallvisible), ', '
      ORDER BY oid) FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'm') AND relnamespace <> 'pg_toast'::regnamespace`);
    parts.push(`SELECT 'the database', jsonb_build_array(
        to_jsonb(d) - '{oid,datname,datfrozenxid,datminmxid,datlastsysoid}'::text[],
        shobj_description(d.oid, 'pg_database'),
        ARRAY(SELECT setrole || ' ' || setconfig::text FROM pg_db_role_setting WHERE setdatabase = d.oid ORDER BY 1))::text
      FROM pg_database d WHERE datname = current_database()`);
    parts.push(
      `SELECT 'prepared transactions', count(*)::text FROM pg_prepared_xacts WHERE database = current_database()`,
    );
    parts.push(
      `SELECT 'slots', count(*)::text FROM pg_replication_slots WHERE database = current_database()`,
    );
    // Locks of sessions that are gone would be theirs still.
    parts.push(`SELECT 'advisory locks', count(*)::text FROM pg_locks
      WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`);
    const { rows } = await client.query<{ name: string; content: string }>(parts.join('\nUNION ALL '));
    return Object.fromEntries(rows.map(({ name, content }) => [name, content]));
  });
}

function catalogRow(name: string): string {
  return name === 'pg_catalog.pg_class'
    ? `(to_jsonb(r) - '{relfilenode,relpages,reltuples,relallvisible,relallfrozen,relfrozenxid,relminmxid}'::text[])::text`
    : 'to_jsonb(r)::text';
}

/** Where two dumps differ. */
export function differences(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((name) => a[name] !== b[name])
    .toSorted();
}
