const { Pool } = require('pg');

const pool = new Pool();

describe('a shop', () => {
  test('forgets its pool', async () => {
    await pool.query('SELECT 1 AS pool'); // leaks
  });
});
