import { cloneDatabase, createDatabase, recreateDatabase } from '@pg-evict/core';
import { startServer, type RunningEmbeddedServer } from '@pg-evict/server';
import { serverOptions } from '../../support/server-options.js';
import { quote, serverMajor, withClient } from '../../support/server.js';

/** Large enough for its files to be copied, with the 7 MB that an empty database has. */
const largeRows = 230_000;

/** Three servers: one that keeps its data safe, one that does not, as servers for tests, and one with a role of no rights. */
let safe: RunningEmbeddedServer;
let fast: RunningEmbeddedServer;
beforeAll(async () => {
  safe = await startServer(serverOptions({ fsync: 'on', max_wal_size: '4GB' }));
  fast = await startServer(serverOptions());
});
afterAll(async () => {
  await safe.stop();
  await fast.stop();
});

const run = async (url: string, sql: string): Promise<Record<string, unknown>[]> =>
  withClient(url, async (client) => (await client.query<Record<string, unknown>>(sql)).rows);

/** How many bytes the server writes ahead while something is done: a copy that goes through the log writes all of it. */
async function written(server: RunningEmbeddedServer, work: () => Promise<unknown>): Promise<number> {
  const place = async (): Promise<number> =>
    Number((await run(server.url, `SELECT pg_current_wal_insert_lsn() - '0/0' AS at`))[0]?.['at']);
  const before = await place();
  await work();
  return (await place()) - before;
}

const target = (server: RunningEmbeddedServer, database: string) => ({ connection: server.url, database });
const megabyte = 2 ** 20;

test('a small database is copied through the log where data is kept safe, by its files where it is not', async () => {
  for (const server of [safe, fast]) await run(server.url, 'CREATE DATABASE small');
  const inSafe = await written(safe, async () => cloneDatabase(target(safe, 'small'), 'small_copy'));
  const inFast = await written(fast, async () => cloneDatabase(target(fast, 'small'), 'small_copy'));
  // Before 15 there is no choice.
  expect(inSafe > 4 * megabyte).toBe(serverMajor >= 15);
  expect(inFast).toBeLessThan(megabyte);
});

describe('a large database', () => {
  beforeAll(async () => {
    await run(safe.url, 'CREATE DATABASE large');
    const url = new URL(safe.url);
    url.pathname = '/large';
    await run(
      url.href,
      `CREATE TABLE large AS SELECT i, repeat('x', 900) AS text FROM generate_series(1, ${largeRows}) i`,
    );
    await run(safe.url, 'CREATE DATABASE app');
  });

  test.each([
    ['clone', async () => cloneDatabase(target(safe, 'large'), 'cloned')],
    ['create with a template', async () => createDatabase(target(safe, 'created'), { template: 'large' })],
    ['recreate with a template', async () => recreateDatabase(target(safe, 'app'), { template: 'large' })],
  ])('%s: is copied by its files', async (_what, copy) => {
    expect(await written(safe, copy)).toBeLessThan(20 * megabyte);
  });

  test('a database whose size our role may not query is copied as the server does by default', async () => {
    await run(safe.url, `CREATE ROLE maker LOGIN CREATEDB PASSWORD 'maker'`);
    await run(safe.url, `ALTER DATABASE large IS_TEMPLATE true`);
    await run(safe.url, `REVOKE CONNECT ON DATABASE large FROM PUBLIC`);
    const connection = { host: safe.host, port: safe.port, user: 'maker', password: 'maker' };
    const bytes = await written(safe, async () =>
      createDatabase({ connection, database: 'made' }, { template: 'large' }),
    );
    expect(bytes > 200 * megabyte).toBe(serverMajor >= 15);
    expect(
      await run(safe.url, `SELECT FROM pg_database WHERE datname = ${quote('made').replaceAll('"', "'")}`),
    ).toHaveLength(1);
  });
});
