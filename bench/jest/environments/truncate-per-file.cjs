const { Client } = require('pg');
const { TestEnvironment } = require('jest-environment-node');
const { withAdmin, useDatabase } = require('./admin.cjs');
const { emptyTables } = require('./empty-tables.cjs');

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
    await emptyTables(client);
    await client.end();
  }
};
