const { Client } = require('pg');
const { TestEnvironment } = require('jest-environment-node');
const { withAdmin, useDatabase } = require('./admin.cjs');

const tablesQuery = `SELECT string_agg(format('%I', relname), ', ') AS tables FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`;

/** A worker's database whose tables are emptied before each test file, and filled with the first rows again. */
module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.database = `bench_truncate_${process.env.JEST_WORKER_ID}`;
    useDatabase(this.global, this.database);
  }
  async setup() {
    await super.setup();
    await withAdmin(async (admin) => {
      const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [this.database]);
      if (rowCount === 0) await admin.query(`CREATE DATABASE ${this.database} TEMPLATE bench_template`);
    });
    const client = new Client({ connectionString: this.global.process.env.DATABASE_URL });
    await client.connect();
    const { rows } = await client.query(tablesQuery);
    await client.query(`TRUNCATE ${rows[0].tables} RESTART IDENTITY`);
    for (let n = 1; n <= rows[0].tables.split(', ').length; n += 10) {
      await client.query(`INSERT INTO t${n} (label) SELECT 'seed ' || i FROM generate_series(1, 20) i`);
    }
    await client.end();
  }
};
