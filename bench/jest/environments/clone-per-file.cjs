const { TestEnvironment } = require('jest-environment-node');
const { withAdmin, useDatabase } = require('./admin.cjs');

/** A copy of the template for each test file, dropped after it. */
module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.database = `bench_clone_${process.pid}_${Date.now()}`;
    useDatabase(this.global, this.database);
  }
  async setup() {
    await super.setup();
    await withAdmin((admin) => admin.query(`CREATE DATABASE ${this.database} TEMPLATE bench_template`));
  }
  async teardown() {
    await withAdmin((admin) => admin.query(`DROP DATABASE ${this.database} WITH (FORCE)`));
    await super.teardown();
  }
};
