const { Client } = require('pg');
const { content, exactly } = require('../exact.js');

test('finds the template, and its own URL from the first line', async () => {
  expect(globalThis.urlWhenLoaded).toBe(process.env.DATABASE_URL);
  expect(new URL(process.env.DATABASE_URL).pathname).toMatch(/^\/pg_evict_test_/);
  expect(process.env.PGDATABASE).toBe(new URL(process.env.DATABASE_URL).pathname.slice(1));
  expect(await content()).toEqual(exactly);
});

test('changes truncate', async () => {
  const client = new Client();
  await client.connect();
  await client.query('TRUNCATE customers, knex_migrations RESTART IDENTITY CASCADE');
  await client.end();
  expect(await content()).not.toEqual(exactly);
});
