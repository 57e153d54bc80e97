const { TestEnvironment } = require('jest-environment-node');
const { emptyTables } = require('./empty-tables.cjs');
const { openPglite } = require('./open-pglite.cjs');

/** The PGlite of this worker. */
let database;

/** A worker's PGlite, whose tables are emptied for each later test file that asks for it, and filled again. */
module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.global.openDatabase = async () => {
      if (database === undefined) database = await openPglite(config);
      else await emptyTables(database);
      return database;
    };
  }
};
