const { Pool } = require('pg');

const pool = new Pool();

test('forgets to give a client back, so that the end of the pool is waited for in vain', async () => {
  const client = await pool.connect(); // leaks
  await client.query('SELECT 1 AS checked_out');
  void pool.end();
});
