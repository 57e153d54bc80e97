const { Pool } = require('pg');

const pool = new Pool();

test('does not wait for a query', async () => {
  void pool.query('SELECT pg_sleep(600)'); // leaks
  await new Promise((resolve) => pool.once('connect', resolve));
});
