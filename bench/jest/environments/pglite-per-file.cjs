const { TestEnvironment } = require('jest-environment-node');
const { openPglite } = require('./open-pglite.cjs');

/** A PGlite for each test file that asks for one. */
module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.global.openDatabase = async () => {
      this.database = await openPglite(config);
      return this.database;
    };
  }
  async teardown() {
    await this.database?.close();
    await super.teardown();
  }
};
