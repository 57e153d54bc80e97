import { migrateFresh } from '@pg-evict/knex';
import createKnex from 'knex';
import config from '../knexfile.js';

const knex = createKnex(config);
try {
  const { migrations, terminated } = await migrateFresh(knex, {
    seed: true,
    onMigration: (name) => console.log(name),
  });
  console.log(`${migrations.length} migrations, ${terminated.length} sessions ended`);
} finally {
  await knex.destroy();
}
