const { Client } = require('pg');
const { content, exactly } = require('../exact.js');

test('finds the template, and its own URL from the first line', async () => {
  expect(globalThis.urlWhenLoaded).toBe(process.env.DATABASE_URL);
  expect(new URL(process.env.DATABASE_URL).pathname).toMatch(/^\/pg_evict_test_/);
  expect(process.env.PGDATABASE).toBe(new URL(process.env.DATABASE_URL).pathname.slice(1));
  expect(await content()).toEqual(exactly);
});

test('changes prepared', async () => {
  const client = new Client();
  await client.connect();
  await client.query('BEGIN');
  await client.query("UPDATE customers SET name = 'nobody'");
  await client.query("PREPARE TRANSACTION '" + process.env.PGDATABASE + "'");
  await client.end();
  expect(await content()).not.toEqual(exactly);
});
