import { recreateDatabase } from '@pg-evict/core';
import { Client } from 'pg';
import { fillMarker } from '../../support/core/marker.js';
import { markerOf } from '../../support/core/target.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, serverUrl, uniqueName, withClient } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

describe('recreateDatabase with fill', () => {
  it('fills the new database under a private name while the old one is in use, and then swaps', async () => {
    const database = await scratch.database();
    const session = await openSession(serverUrl({ database }));
    let successor = '';
    await recreateDatabase(
      { connection: serverUrl(), database },
      {
        fill: async (access) => {
          successor = access.database;
          expect(access.connection.database).toBe(successor);
          await fillMarker(access.url);
          expect(await session.client.query('SELECT content FROM marker')).toMatchObject({
            rows: [{ content: 'old' }],
          });
        },
      },
    );
    expect(await session.ended).toBe('57P01');
    expect(await markerOf(database)).toBe('new');
    expect(await databaseExists(successor)).toBe(false);
  });

  it('carries over what was changed on the old database while it filled the new one', async () => {
    const database = await scratch.database();
    const [owner, reader, early] = [await scratch.role(), await scratch.role(), await scratch.role()];
    await ask(`ALTER DATABASE ${database} SET work_mem = '7MB'; COMMENT ON DATABASE ${database} IS 'before';
      ALTER ROLE ${early} IN DATABASE ${database} SET work_mem = '8MB';
      REVOKE ALL ON DATABASE ${database} FROM PUBLIC; GRANT CONNECT ON DATABASE ${database} TO ${early}`);
    const facts = async (): Promise<unknown> =>
      ask(
        `SELECT pg_get_userbyid(datdba) AS owner, datconnlimit, shobj_description(d.oid, 'pg_database') AS comment,
           array(SELECT x::text FROM aclexplode(datacl) x ORDER BY 1) AS acl,
           array(SELECT (setrole, setconfig)::text FROM pg_db_role_setting WHERE setdatabase = d.oid ORDER BY 1) AS settings
         FROM pg_database d WHERE datname = $1`,
        [database],
      );
    let changed: unknown;
    const report = await recreateDatabase(
      { connection: serverUrl(), database },
      {
        fill: async ({ url }) => {
          await fillMarker(url);
          await ask(`ALTER DATABASE ${database} RESET work_mem; ALTER DATABASE ${database} SET jit = off;
            COMMENT ON DATABASE ${database} IS 'meanwhile'; ALTER DATABASE ${database} OWNER TO ${owner};
            ALTER ROLE ${early} IN DATABASE ${database} RESET ALL; ALTER ROLE ${reader} IN DATABASE ${database} SET jit = on;
            REVOKE ALL ON DATABASE ${database} FROM ${early}; GRANT TEMPORARY ON DATABASE ${database} TO ${reader};
            ALTER DATABASE ${database} CONNECTION LIMIT 17`);
          changed = await facts();
        },
      },
    );
    expect(report.notCarriedOver).toEqual([]);
    expect(await facts()).toEqual(changed);
    expect(await markerOf(database)).toBe('new');
  });

  it('ends what the filling has left connected', async () => {
    const database = await scratch.database();
    const left: Client[] = [];
    await recreateDatabase(
      { connection: serverUrl(), database },
      {
        fill: async ({ connection, url }) => {
          await fillMarker(url);
          const { password, ...settings } = connection;
          const client = new Client({ ...settings, password: password as string });
          client.on('error', () => undefined);
          await client.connect();
          await client.query('BEGIN; SELECT * FROM marker');
          left.push(client);
        },
      },
    );
    expect(await markerOf(database)).toBe('new');
    await expect(left[0]?.query('SELECT 1')).rejects.toThrow('not queryable');
  });

  it('leaves the old database as it was when the filling fails, drops the new one, and throws what was thrown', async () => {
    const database = await scratch.database();
    const session = await openSession(serverUrl({ database }));
    const problem = new Error('no');
    let successor = '';
    const attempt = recreateDatabase(
      { connection: serverUrl(), database },
      {
        fill: async (access) => {
          successor = access.database;
          const client = new Client(access.url);
          client.on('error', () => undefined);
          await client.connect();
          throw problem;
        },
      },
    );
    await expect(attempt).rejects.toBe(problem);
    expect(await databaseExists(successor)).toBe(false);
    expect(await session.client.query('SELECT content FROM marker')).toMatchObject({
      rows: [{ content: 'old' }],
    });
    await session.close();
  });

  it('does not count the time of the filling towards the deadline', async () => {
    const database = await scratch.database();
    await recreateDatabase(
      { connection: serverUrl(), database },
      {
        timeoutMs: 12_000,
        fill: async ({ url }) => {
          await fillMarker(url);
          await new Promise((resolve) => setTimeout(resolve, 12_500));
        },
      },
    );
    expect(await markerOf(database)).toBe('new');
  });

  it('does not put a new database in place after an abort', async () => {
    const database = await scratch.database();
    const controller = new AbortController();
    const attempt = recreateDatabase(
      { connection: serverUrl(), database },
      {
        signal: controller.signal,
        fill: ({ signal }) => {
          controller.abort();
          expect(signal.aborted).toBe(true);
        },
      },
    );
    await expect(attempt).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await markerOf(database)).toBe('old');
  });

  it('creates a database that was missing only when it is filled', async () => {
    const database = scratch.newName('db');
    await recreateDatabase(
      { connection: serverUrl(), database },
      {
        ifNotExists: true,
        fill: async ({ url }) => {
          expect(await databaseExists(database)).toBe(false);
          await fillMarker(url);
        },
      },
    );
    expect(await markerOf(database)).toBe('new');
  });

  it.each([
    ['takes no connections', 'ALLOW_CONNECTIONS false'],
    ['takes none of its role', 'CONNECTION LIMIT 0'],
    ['only reads', 'SET default_transaction_read_only = on'],
  ])('fills the new one of a database that %s, which is the same afterwards', async (_what, fence) => {
    const owner = await scratch.role('CREATEDB');
    const database = await scratch.database(uniqueName('db'), `OWNER "${owner}"`);
    await ask(`ALTER DATABASE "${database}" SET work_mem = '123kB'`);
    await ask(`ALTER DATABASE "${database}" ${fence}`);
    const facts = async (): Promise<unknown> =>
      ask(
        `SELECT datallowconn, datconnlimit, setconfig FROM pg_database d JOIN pg_db_role_setting ON setdatabase = d.oid
         WHERE datname = $1`,
        [database],
      );
    const before = await facts();
    await recreateDatabase(
      { connection: serverUrl({ user: owner, password: owner }), database },
      {
        fill: async ({ url }) => {
          await fillMarker(url);
          const settings = await withClient(url, async (client) => client.query('SHOW work_mem'));
          expect(settings.rows).toEqual([{ work_mem: '123kB' }]);
        },
      },
    );
    expect(await facts()).toEqual(before);
    await ask(`ALTER DATABASE "${database}" ALLOW_CONNECTIONS true`);
    expect(await markerOf(database)).toBe('new');
  });

  it('fills nothing in a dry run', async () => {
    const database = await scratch.database();
    const fill = (): never => {
      throw new Error('was called');
    };
    const report = await recreateDatabase({ connection: serverUrl(), database }, { dryRun: true, fill });
    expect(report).toMatchObject({ dryRun: true, changed: true });
    expect(await ask('SELECT FROM pg_database WHERE datname = $1', [database])).toHaveLength(1);
  });
});
