const { useApi } = require('./api.js');

const api = useApi();

test('the first order has the number 1, in every test file', async () => {
  const response = await api.order('chair', 1);
  expect([response.status, await response.json()]).toEqual([201, { order: 1 }]);
});

test('what is sold is gone from the stock', async () => {
  expect((await api.order('lamp', 2)).status).toBe(201);
  expect((await api.order('lamp', 2)).status).toBe(409);
  expect(await api.knex('products').where({ name: 'lamp' }).first()).toMatchObject({ stock: 1 });
});
