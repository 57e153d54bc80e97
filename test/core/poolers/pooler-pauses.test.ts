import {
  cloneDatabase,
  dropDatabase,
  recreateDatabase,
  renameDatabase,
  swapDatabase,
  withExclusiveAccess,
} from '@pg-evict/core';
import { failureOf } from '../../support/core/failure.js';
import { PooledClients } from '../../support/pooled-clients.js';
import {
  adminPassword,
  describeWithPgbouncer,
  type Pgbouncer,
  startPgbouncer,
} from '../../support/pgbouncer.js';
import { Scratch } from '../../support/scratch.js';
import { serverUrl, uniqueName, withClient } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

describeWithPgbouncer('behind pgbouncer in transaction mode', () => {
  let pgbouncer: Pgbouncer;
  let database: string;
  let clients: PooledClients;

  beforeEach(async () => {
    database = await scratch.database();
    pgbouncer = await startPgbouncer('transaction', {
      [database]: '',
      apps: `dbname=${database}`,
      other: 'dbname=other',
    });
    clients = new PooledClients(pgbouncer.url('apps'), 10);
    await clients.succeed(20);
  });
  afterEach(async () => {
    await clients.stop();
    await pgbouncer.stop();
  });

  const target = (): Parameters<typeof recreateDatabase>[0] => ({
    connection: serverUrl({ database }),
    poolers: [{ url: pgbouncer.consoleUrl() }],
  });
  const expectUnharmed = async (): Promise<void> => {
    await clients.succeed(20);
    expect((await clients.stop()).failures).toEqual({});
    expect(Object.values(await pgbouncer.paused())).not.toContain(true);
  };

  test('no query fails while the database is recreated, and every alias of it is reported', async () => {
    for (let round = 0; round < 3; round += 1) {
      const report = await recreateDatabase(target());
      expect(report).toMatchObject({ changed: true, terminated: [] });
      expect(report.poolers).toEqual([
        {
          url: pgbouncer.consoleUrl().replace(/postgres:(.*):.*@/, 'postgresql:$1@'),
          aliases: expect.arrayContaining([database, 'apps']) as string[],
          pausedMs: expect.any(Number) as number,
          failure: null,
        },
      ]);
      await clients.succeed(20);
    }
    await expectUnharmed();
  });

  test('no query fails while it is swapped with another', async () => {
    const other = await scratch.database();
    for (let round = 0; round < 3; round += 1) {
      expect(await swapDatabase(target(), other)).toMatchObject({
        terminated: [],
        poolers: [{ failure: null }],
      });
      await clients.succeed(20);
    }
    await expectUnharmed();
  });

  test('no query fails while it is copied', async () => {
    const copy = scratch.forget(uniqueName('copy'));
    expect(await cloneDatabase(target(), copy)).toMatchObject({
      terminated: [],
      poolers: [{ failure: null }],
    });
    await expectUnharmed();
  });

  test('no query fails while it is held exclusively: clients wait until it is given back', async () => {
    const report = await withExclusiveAccess(target(), async ({ database: held }) => {
      expect(await pgbouncer.paused()).toMatchObject({ [database]: true, apps: true, other: false });
      await withClient(serverUrl({ database: held }), async (client) => client.query(`SELECT pg_sleep(0.5)`));
    });
    expect(report).toMatchObject({ terminated: [], poolers: [{ failure: null }] });
    expect(report.poolers[0]?.pausedMs).toBeGreaterThanOrEqual(500);
    await expectUnharmed();
  });

  test('clients are released when it was dropped or renamed, although they find nothing then', async () => {
    const to = scratch.forget(uniqueName('renamed'));
    await clients.stop();
    for (const operation of [
      async () => renameDatabase(target(), to),
      async () => dropDatabase({ ...target(), database: to }),
    ]) {
      expect(await operation()).toMatchObject({ poolers: [{ failure: null }] });
      expect(Object.values(await pgbouncer.paused())).not.toContain(true);
    }
  });

  test('a dry run names the aliases and pauses none', async () => {
    const report = await recreateDatabase(target(), { dryRun: true });
    expect(report.poolers).toMatchObject([
      { aliases: expect.arrayContaining([database, 'apps']) as string[], pausedMs: 0, failure: null },
    ]);
    await expectUnharmed();
  });

  test('after a failure the clients continue with the unchanged database', async () => {
    const thrown = new Error('thrown by the step');
    await expect(
      recreateDatabase(target(), {
        onStep: (step) => {
          if (step === 'swapped') throw thrown;
        },
      }),
    ).rejects.toBe(thrown);
    await expect(
      withExclusiveAccess(target(), () => {
        throw thrown;
      }),
    ).rejects.toBe(thrown);
    await expectUnharmed();
  });

  test('an alias that someone else has paused stays paused, and is not in the report', async () => {
    await pgbouncer.ask(`PAUSE ${database}`);
    const report = await recreateDatabase(target());
    expect(report.poolers).toMatchObject([{ aliases: ['apps'], failure: null }]);
    expect(await pgbouncer.paused()).toMatchObject({ [database]: true, apps: false });
    await pgbouncer.ask(`RESUME ${database}`);
    await expectUnharmed();
  });

  test('only the aliases that are named are paused', async () => {
    const poolers = [{ url: pgbouncer.consoleUrl(), databases: ['apps', 'other'] }];
    const report = await recreateDatabase({ ...target(), poolers });
    expect(report.poolers).toMatchObject([{ aliases: ['apps'] }]);
    await expectUnharmed();
  });

  test('two operations on it at once do not take away the pause from each other', async () => {
    const other = await scratch.database();
    const reports = await Promise.all([
      recreateDatabase(target()),
      swapDatabase(target(), other),
      recreateDatabase(target()),
    ]);
    expect(reports.flatMap(({ poolers }) => poolers.map(({ failure }) => failure))).toEqual([
      null,
      null,
      null,
    ]);
    await expectUnharmed();
  });

  test('a transaction that does not end keeps the operation waiting for some seconds only', async () => {
    const long = await openSession(pgbouncer.url('apps'));
    await long.client.query('BEGIN');
    const report = await recreateDatabase(target());
    expect(report.terminated.length).toBeGreaterThanOrEqual(1);
    expect(report.poolers[0]?.failure).toContain('"apps" was not paused');
    expect(report.poolers[0]?.aliases).toEqual([database]);
    await long.close();
    // Whom the pooler had to refuse is not refused for the 15 s of its server_login_retry.
    const before = performance.now();
    await clients.succeed(20);
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(Object.values(await pgbouncer.paused())).not.toContain(true);
  });

  test('a pooler that is restarted meanwhile is reported', async () => {
    const report = await withExclusiveAccess(target(), async () => pgbouncer.restart());
    expect(report.poolers[0]?.failure).toContain('was no longer paused at the end');
    expect(Object.values(await pgbouncer.paused())).not.toContain(true);
  });

  test('a user with read-only access to the console is refused before anything is touched', async () => {
    const poolers = [{ url: pgbouncer.consoleUrl('stats') }];
    await expect(recreateDatabase({ ...target(), poolers })).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
      message: expect.stringContaining('admin access needed. Nothing was changed') as string,
    });
    await expectUnharmed();
  });

  test.each([
    [
      'a wrong password',
      (url: string) => url.replace(/admin:[^@]*/, 'admin:wrong'),
      'password authentication failed',
    ],
    ['no console', (url: string) => url.replace('/pgbouncer', `/apps`), 'cannot be used'],
  ])('%s is refused before anything is touched, and no password is said', async (_, change, says) => {
    const poolers = [{ url: change(pgbouncer.consoleUrl()) }];
    const error = await failureOf(recreateDatabase({ ...target(), poolers }));
    expect(error).toMatchObject({
      code: 'CONNECTION_FAILED',
      message: expect.stringContaining(says) as string,
    });
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain(adminPassword);
    await expectUnharmed();
  });
});

describeWithPgbouncer('other poolers', () => {
  test('clients of a "*" entry wait as well, and one that nobody has used before is not refused for 15 s', async () => {
    const database = await scratch.database();
    const pgbouncer = await startPgbouncer('transaction');
    const target = { connection: serverUrl({ database }), poolers: [{ url: pgbouncer.consoleUrl() }] };
    try {
      const unused = await withExclusiveAccess(target, async () => {
        // The pooler is refused, and may keep that to itself for a while.
        const coming = openSession(pgbouncer.url(database)).catch(() => undefined);
        await Promise.race([coming, new Promise((resolve) => setTimeout(resolve, 500))]);
      });
      expect(unused.poolers).toMatchObject([{ aliases: [], failure: null }]);
      const clients = new PooledClients(pgbouncer.url(database), 5);
      await clients.succeed(20);
      expect(clients.statistics.longestMs).toBeLessThan(10_000);
      const used = await recreateDatabase(target);
      expect(used).toMatchObject({ terminated: [], poolers: [{ aliases: [database], failure: null }] });
      await clients.succeed(20);
      expect((await clients.stop()).failures).toEqual({});
    } finally {
      await pgbouncer.stop();
    }
  });

  test('an alias with the name of the database on another server is left alone', async () => {
    const database = await scratch.database();
    const pgbouncer = await startPgbouncer('transaction', {
      [database]: 'port=1',
      here: `dbname=${database}`,
    });
    try {
      const poolers = [{ url: pgbouncer.consoleUrl() }];
      const report = await recreateDatabase({ connection: serverUrl({ database }), poolers });
      expect(report.poolers).toMatchObject([{ aliases: ['here'], failure: null }]);
    } finally {
      await pgbouncer.stop();
    }
  });

  test('one in session mode is not waited for longer than some seconds', async () => {
    const database = await scratch.database();
    const pgbouncer = await startPgbouncer('session');
    const session = await openSession(pgbouncer.url(database));
    try {
      const poolers = [{ url: pgbouncer.consoleUrl() }];
      const report = await recreateDatabase({ connection: serverUrl({ database }), poolers });
      expect(report.terminated).toHaveLength(1);
      expect(report.poolers).toMatchObject([
        { aliases: [], failure: expect.stringContaining('was not paused') as string },
      ]);
      expect(Object.values(await pgbouncer.paused())).not.toContain(true);
    } finally {
      await session.close();
      await pgbouncer.stop();
    }
  });

  test('one that is not running has no clients, and blocks nothing', async () => {
    const database = await scratch.database();
    const poolers = [{ url: 'postgres://admin@127.0.0.1:1/pgbouncer' }];
    const report = await recreateDatabase({ connection: serverUrl({ database }), poolers });
    expect(report.poolers).toEqual([
      {
        url: 'postgresql://admin@127.0.0.1:1/pgbouncer',
        aliases: [],
        pausedMs: 0,
        failure: expect.stringContaining('nothing listens there') as string,
      },
    ]);
  });

  test.each([
    ['no list', 'postgres://admin@localhost/pgbouncer'],
    ['a bare URL', ['postgres://admin@localhost/pgbouncer']],
    ['no URL of PostgreSQL', [{ url: 'http://admin:secret@localhost' }]],
    ['aliases that are no list', [{ url: 'postgres://localhost', databases: 'app' }]],
  ])('%s is refused', async (_, poolers) => {
    const error = await failureOf(recreateDatabase({ database: 'any', poolers: poolers as never }));
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/pooler/) as string,
    });
    expect(error.message).not.toContain('secret');
  });
});
