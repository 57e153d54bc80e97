const { Pool } = require('pg');

const pool = new Pool();

test('forgets its pool while timers are fake', async () => {
  jest.useFakeTimers();
  await pool.query('SELECT 1 AS timers'); // leaks
});
