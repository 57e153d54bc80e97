const { Client } = require('pg');

/** Everything that files of this project change, read by a session of its own. */
exports.content = async () => {
  const client = new Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  try {
    const { rows } = await client.query(`
      SELECT (SELECT array_agg(name ORDER BY id) FROM customers) AS customers,
        (SELECT count(*)::int FROM orders) AS orders,
        (SELECT array_agg(name::text) FROM knex_migrations) AS migrations,
        (SELECT last_value::int FROM customers_id_seq) AS sequence,
        (SELECT array_agg(relname::text ORDER BY relname) FROM pg_class
          WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname NOT LIKE 'knex%') AS tables,
        (SELECT count(*)::int FROM pg_largeobject_metadata) AS "largeObjects",
        (SELECT count(*)::int FROM pg_prepared_xacts WHERE database = current_database()) AS prepared`);
    return rows[0];
  } finally {
    await client.end();
  }
};

exports.exactly = {
  customers: ['Ada', 'Byron'],
  orders: 0,
  migrations: ['1_shop.js'],
  sequence: 2,
  tables: ['customers', 'orders'],
  largeObjects: 0,
  prepared: 0,
};
