import type { ServerSession } from '../session/server-session.js';

/**
 * The planner assumes ten pages for a smaller table until it is vacuumed or analysed, because it expects it to be
 * filled (`table_block_relation_estimate_size()`, src/backend/access/table/tableam.c). Once the planner knows that it
 * is small, every statement that is planned before a test has filled it reads all of it each time.
 */
const pagesUnknownToBeSmall = 10;

/** How many relations one statement takes. */
const atOnce = 200;

/**
 * The catalogs, and users' tables whose size the planner believes. Partitioned tables and their like have no content of
 * their own. The catalog of statistics comes last, because the others fill it: autovacuum would then find it worth its
 * while.
 */
const worthwhileQuery = `
SELECT format('%I.%I', n.nspname, c.relname) AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE CASE WHEN n.nspname = 'pg_catalog' THEN c.relkind = 'r' AND NOT c.relisshared
  ELSE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname <> 'information_schema'
    AND pg_relation_size(c.oid) >= ${pagesUnknownToBeSmall} * current_setting('block_size')::int END
ORDER BY c.relname = 'pg_statistic' AND n.nspname = 'pg_catalog', c.oid`;

/**
 * Does work in advance that every copy of a template would otherwise have to repeat: determines which rows are visible
 * to all, and statistics for the planner. Empty and small tables are left as the migrations left them, so that
 * statements are planned as in a database that was just migrated.
 */
export async function vacuumTemplate(session: ServerSession): Promise<void> {
  const { rows } = await session.query<{ name: string }>(worthwhileQuery);
  // From 18 on a table stands for those that inherit from it, too.
  const { rows: settings } = await session.query<{ version: number }>(
    `SELECT current_setting('server_version_num')::int AS version`,
  );
  const only = (settings[0]?.version ?? 0) >= 180_000 ? 'ONLY ' : '';
  for (let from = 0; from < rows.length; from += atOnce) {
    const names = rows.slice(from, from + atOnce).map(({ name }) => only + name);
    await session.query(`VACUUM (ANALYZE) ${names.join(', ')}`);
  }
}
