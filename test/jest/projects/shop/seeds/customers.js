exports.seed = async (knex) => {
  await knex('customers').insert([{ name: 'Ada' }, { name: 'Byron' }]);
};
