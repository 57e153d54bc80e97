const { Client } = require('pg');

const client = new Client({ application_name: 'cashier' });
beforeAll(async () => {
  await client.connect(); // leaks
});

test('forgets its client, in a transaction', async () => {
  await client.query('BEGIN');
  await client.query("SELECT 'ALTER ROLE app PASSWORD ''secret''' AS client");
});
