const tablesQuery = `SELECT string_agg(format('%I', relname), ', ') AS tables FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`;

/** Empties all tables, and fills them with the first rows again. */
exports.emptyTables = async (client) => {
  const { rows } = await client.query(tablesQuery);
  await client.query(`TRUNCATE ${rows[0].tables} RESTART IDENTITY`);
  for (let n = 1; n <= rows[0].tables.split(', ').length; n += 10) {
    await client.query(`INSERT INTO t${n} (label) SELECT 'seed ' || i FROM generate_series(1, 20) i`);
  }
};
