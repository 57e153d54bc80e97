import { withPgEvict } from '@pg-evict/knex';
import type { Knex } from 'knex';

const config: Knex.Config = {
  client: 'pg',
  connection: process.env['DATABASE_URL'] ?? 'postgres://localhost/example',
  migrations: { directory: './migrations', extension: 'ts' },
  seeds: { directory: './seeds', extension: 'ts' },
};

export default withPgEvict(config, { evict: true, ensureDatabase: true });
