const { Client } = require('pg');

/** A connection to the maintenance database. */
exports.withAdmin = async (callback) => {
  const admin = new Client({ connectionString: process.env.DATABASE_URL });
  await admin.connect();
  try {
    return await callback(admin);
  } finally {
    await admin.end();
  }
};

/** Has the tests of an environment use a database. */
exports.useDatabase = (global, database) => {
  const url = new URL(process.env.DATABASE_URL);
  url.pathname = `/${database}`;
  global.process.env.DATABASE_URL = url.href;
};
