import type { Knex } from 'knex';

export async function seed(knex: Knex): Promise<void> {
  await knex('people').insert({ id: 1, name: 'Ada' });
  await knex('pets').insert({ name: 'Byron', owner: 1 });
}
