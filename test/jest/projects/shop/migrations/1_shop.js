exports.up = async (knex) => {
  await knex.schema.createTable('customers', (table) => {
    table.increments();
    table.string('name').notNullable();
  });
  await knex.schema.createTable('orders', (table) => {
    table.increments();
    table.integer('customer').notNullable().references('customers.id');
    table.integer('amount').notNullable();
  });
};

exports.down = async (knex) => {
  await knex.schema.dropTable('orders');
  await knex.schema.dropTable('customers');
};
