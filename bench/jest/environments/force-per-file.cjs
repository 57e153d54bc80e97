const { TestEnvironment } = require('jest-environment-node');
const { withAdmin, useDatabase } = require('./admin.cjs');

/** A worker's database, restored from the template before each test file as testcontainers restores a snapshot. */
module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.database = `bench_force_${process.env.JEST_WORKER_ID}`;
    useDatabase(this.global, this.database);
  }
  async setup() {
    await super.setup();
    await withAdmin(async (admin) => {
      await admin.query(`DROP DATABASE IF EXISTS ${this.database} WITH (FORCE)`);
      await admin.query(`CREATE DATABASE ${this.database} TEMPLATE bench_template`);
    });
  }
};
