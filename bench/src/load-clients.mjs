import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** The clients that the tests have installed. */
const require = createRequire(new URL('../../test/package.json', import.meta.url));
const load = async (name) => import(pathToFileURL(require.resolve(name)).href);

/** By kind: what queries go through, with a pool of that many connections. */
export const loadClients = {
  'pg.Pool': async (url, max) => {
    const { default: pg } = await load('pg');
    const pool = new pg.Pool({ connectionString: url, max });
    pool.on('error', () => undefined);
    return { query: async (sql) => pool.query(sql), end: async () => pool.end() };
  },
  knex: async (url, max) => ofKnex({ client: 'pg', connection: url, pool: { min: 0, max } }),
  'knex with withPgEvict': async (url, max) => {
    const { withPgEvict } = await load('@pg-evict/knex');
    return ofKnex(withPgEvict({ client: 'pg', connection: url, pool: { min: 0, max } }));
  },
  'postgres.js': async (url, max) => {
    const { default: postgres } = await load('postgres');
    const sql = postgres(url, { max, onnotice: () => undefined });
    return { query: async (text) => sql.unsafe(text), end: async () => sql.end() };
  },
  Sequelize: async (url, max) => {
    const { Sequelize } = await load('sequelize');
    const sequelize = new Sequelize(url, { dialect: 'postgres', logging: false, pool: { max } });
    return { query: async (sql) => sequelize.query(sql), end: async () => sequelize.close() };
  },
  "Prisma's pg adapter": async (url, max) => {
    const { PrismaPg } = await load('@prisma/adapter-pg');
    const adapter = await new PrismaPg({ connectionString: url, max }).connect();
    return {
      query: async (sql) => adapter.queryRaw({ sql, args: [], argTypes: [] }),
      end: async () => adapter.dispose(),
    };
  },
};

async function ofKnex(configuration) {
  const { default: Knex } = await load('knex');
  const knex = Knex(configuration);
  return { query: async (sql) => knex.raw(sql), end: async () => knex.destroy() };
}
