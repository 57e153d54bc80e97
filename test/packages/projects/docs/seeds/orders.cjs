exports.seed = (knex) => knex('orders').insert([{ id: 1 }, { id: 2 }]);
