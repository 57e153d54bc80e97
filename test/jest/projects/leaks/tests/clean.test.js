const { Client, Pool } = require('pg');

const pool = new Pool();
afterAll(async () => pool.end());

test('closes what it opens', async () => {
  const client = new Client();
  await client.connect();
  await Promise.all([pool.query('SELECT 1'), pool.query('SELECT 2'), client.query('SELECT 3')]);
  await client.end();
});
