const { withPgEvict } = require('@pg-evict/knex');

module.exports = withPgEvict({ client: 'pg', connection: { host: 'db.internal', database: 'shop' } });
