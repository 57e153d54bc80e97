const knex = require('knex')({ client: 'pg', connection: process.env.DATABASE_URL });

test('forgets knex', async () => {
  await knex.select(knex.raw('1 AS knex')); // leaks
});
