import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('pets', (table) => {
    table.increments();
    table.text('name').notNullable();
    table.integer('owner').notNullable().references('people.id');
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('pets');
}
