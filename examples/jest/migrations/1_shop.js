exports.up = async (knex) => {
  await knex.schema.createTable('products', (table) => {
    table.increments();
    table.string('name').notNullable().unique();
    table.integer('stock').notNullable();
  });
  await knex.raw('ALTER TABLE products ADD CHECK (stock >= 0)');
  await knex.schema.createTable('orders', (table) => {
    table.increments();
    table.integer('product').notNullable().references('products.id');
    table.integer('amount').notNullable();
    table.timestamp('placed_at').notNullable().defaultTo(knex.fn.now());
  });
};

exports.down = async (knex) => {
  await knex.schema.dropTable('orders');
  await knex.schema.dropTable('products');
};
