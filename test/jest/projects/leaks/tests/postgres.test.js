const sql = require('postgres')(process.env.DATABASE_URL, { max: 1 });

test('forgets postgres.js', async () => {
  await sql`SELECT 1 AS postgres`; // leaks
});
