import { withClient } from './with-client.mjs';

const query = `
SELECT pg_get_userbyid(d.datdba) AS owner, shobj_description(d.oid, 'pg_database') AS comment,
  (SELECT string_agg(setting, ', ') FROM pg_db_role_setting s, unnest(s.setconfig) AS setting
    WHERE s.setdatabase = d.oid AND s.setrole = 0) AS settings,
  to_regclass('public.orders') IS NOT NULL AS "hasOrders"
FROM pg_database d WHERE d.datname = current_database()`;

/** Looks into the database, as the application. */
export async function describe({ application }) {
  return withClient(application, async (client) => {
    const { rows } = await client.query(query);
    const { hasOrders, ...facts } = rows[0];
    if (!hasOrders) return facts;
    const orders = await client.query('SELECT count(*)::int AS count FROM orders');
    return { ...facts, rows: orders.rows[0].count };
  });
}
