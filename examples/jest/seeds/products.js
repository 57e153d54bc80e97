exports.seed = async (knex) => {
  await knex('products').insert([
    { name: 'lamp', stock: 3 },
    { name: 'chair', stock: 10 },
  ]);
};
