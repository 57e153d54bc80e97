const { useApi } = require('./api.js');

const api = useApi();

test('a shop that has sold nothing says so', async () => {
  expect(await api.report()).toEqual([
    { name: 'chair', sold: 0, stock: 10 },
    { name: 'lamp', sold: 0, stock: 3 },
  ]);
});

test('a migration of tomorrow can be tried: the next file does not see it', async () => {
  await api.knex.schema.alterTable('products', (table) => table.string('color'));
  await api.knex('products').insert({ name: 'table', stock: 1, color: 'green' });
  expect(await api.report()).toHaveLength(3);
});
