const { useApi } = require('./api.js');

const api = useApi();

test('of a crowd, exactly as many get a chair as there are', async () => {
  const responses = await Promise.all(Array.from({ length: 30 }, async () => api.order('chair', 1)));
  const sold = responses.filter(({ status }) => status === 201);
  expect(sold).toHaveLength(10);
  expect(await api.report()).toEqual([
    { name: 'chair', sold: 10, stock: 0 },
    { name: 'lamp', sold: 0, stock: 3 },
  ]);
});
