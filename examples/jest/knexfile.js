const { withPgEvict } = require('@pg-evict/knex');

/** In tests this leads to the database of the test file, by itself. */
module.exports = withPgEvict({
  client: 'pg',
  connection: process.env.SHOP_DATABASE_URL ?? 'postgres://localhost/shop',
});
