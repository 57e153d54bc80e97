const { Pool } = require('pg');

const pool = new Pool({ connectionString: process.env.DATABASE_URL });
afterAll(async () => pool.end());

test('finds the template and changes it', async () => {
  const { rows } = await pool.query('SELECT text FROM notes');
  expect(rows).toEqual([{ text: 'template' }]);
  await pool.query("INSERT INTO notes VALUES ('two')");
});
