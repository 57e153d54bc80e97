import { Client } from 'pg';

test('begins with an empty table', async () => {
  const client = new Client(process.env.DATABASE_URL);
  await client.connect();
  await client.query("INSERT INTO notes VALUES ('mine')");
  const { rows } = await client.query('SELECT * FROM notes');
  await client.end();
  expect(rows).toEqual([{ text: 'mine' }]);
});
