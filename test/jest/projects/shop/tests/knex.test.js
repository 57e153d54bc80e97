const createKnex = require('knex');
const config = require('../knexfile.js');
const { exactly } = require('../exact.js');

const knex = createKnex(config);
afterAll(async () => knex.destroy());

test('a wrapped knexfile leads to the database of this file', async () => {
  const { rows } = await knex.raw('SELECT current_database() AS name');
  expect(rows[0].name).toBe(process.env.PGDATABASE);
  expect(await knex('customers').pluck('name').orderBy('id')).toEqual(exactly.customers);
  await knex('customers').insert({ name: 'Dijkstra' });
});
