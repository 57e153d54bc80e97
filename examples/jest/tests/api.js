const events = require('node:events');
const createKnex = require('knex');
const { Pool } = require('pg');
const config = require('../knexfile.js');
const { createApi } = require('../src/server.js');

/** The whole application on a port of its own, for one test file. */
exports.useApi = () => {
  const knex = createKnex(config);
  const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 4 });
  const server = createApi({ knex, pool });
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await events.once(server, 'listening');
  });
  afterAll(async () => {
    server.close();
    await Promise.all([events.once(server, 'close'), knex.destroy(), pool.end()]);
  });
  const url = (path) => `http://127.0.0.1:${server.address().port}${path}`;
  return {
    knex,
    order: async (product, amount) =>
      fetch(url('/orders'), {
        method: 'POST',
        body: JSON.stringify({ product, amount }),
        headers: { connection: 'close' },
      }),
    report: async () => (await fetch(url('/report'), { headers: { connection: 'close' } })).json(),
  };
};
