import { recreateDatabase, withExclusiveAccess } from '@pg-evict/core';
import { findPausedAliases, resumePausedAliases } from '@pg-evict/core/internal';
import { runCli } from '../../support/cli/run-cli.js';
import { failureOf } from '../../support/core/failure.js';
import { describeWithPgbouncer, type Pgbouncer, startPgbouncer } from '../../support/pgbouncer.js';
import { useOwnServer } from '../../support/own-server.js';
import { Scratch } from '../../support/scratch.js';
import { serverUrl, uniqueName, withClient } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
// The exit code of doctor also tells of what other tests have left on their server.
useOwnServer();

describeWithPgbouncer('aliases of a pooler', () => {
  let pgbouncer: Pgbouncer;
  let database: string;
  beforeEach(async () => {
    database = await scratch.database();
    pgbouncer = await startPgbouncer('transaction', {
      [database]: '',
      apps: `dbname=${database}`,
      other: `dbname=${uniqueName('other')}`,
    });
  });
  afterEach(async () => pgbouncer.stop());

  const target = (): { connection: string; poolers: { url: string }[] } => ({
    connection: serverUrl({ database }),
    poolers: [{ url: pgbouncer.consoleUrl() }],
  });

  test('that were left paused are found by doctor and resumed with --fix; those of another database stay paused', async () => {
    await pgbouncer.ask('PAUSE apps');
    await pgbouncer.ask('PAUSE other');
    const args = ['doctor', database, '--pooler', pgbouncer.consoleUrl()];
    const env = { DATABASE_URL: serverUrl() };
    const found = await runCli(args, env);
    expect(found.code).not.toBe(0);
    expect(found.stdout).toContain('it is paused, and no operation of pg-evict is under way');
    expect(found.stdout).not.toContain(new URL(pgbouncer.consoleUrl()).password);
    expect(await pgbouncer.paused()).toMatchObject({ apps: true, other: true });
    const fixed = await runCli([...args, '--fix'], env);
    expect(fixed).toMatchObject({ code: 0, stdout: expect.stringContaining('Repaired: apps') });
    expect(await pgbouncer.paused()).toMatchObject({ apps: false, other: true });
  });

  test('that an operation has paused are not resumed', async () => {
    await withExclusiveAccess(target(), async () => {
      expect(await findPausedAliases(target())).toContainEqual(
        expect.objectContaining({ alias: 'apps', operating: true }),
      );
      expect(await resumePausedAliases(target())).toEqual([]);
      expect(await pgbouncer.paused()).toMatchObject({ apps: true });
    });
    expect(await pgbouncer.paused()).toMatchObject({ apps: false });
  });

  test('are not resumed while the PAUSE of somebody waits, and the pooler lives on', async () => {
    const long = await openSession(pgbouncer.url('apps'));
    await long.client.query('BEGIN');
    await withClient(pgbouncer.consoleUrl(), async (console) => {
      const pausing = console.query('PAUSE apps');
      while ((await pgbouncer.paused())['apps'] !== true);
      expect(await resumePausedAliases(target())).toEqual([
        { alias: 'apps', failure: expect.stringContaining('still wait') },
      ]);
      await long.client.query('COMMIT');
      await pausing;
      // The console is still connected, but waits for nothing any more.
      expect(await resumePausedAliases(target())).toEqual([{ alias: 'apps', failure: null }]);
    });
    await long.close();
  });

  test('are named if one was mistaken for a database', async () => {
    const failure = await failureOf(recreateDatabase({ ...target(), database: 'apps' }));
    expect(failure).toMatchObject({
      code: 'DATABASE_NOT_FOUND',
      hint: expect.stringContaining(`"apps" is an alias of "${database}"`),
    });
  });

  test('may lack the maintenance database: the error says who answered, and what to connect to', async () => {
    const { code, stderr } = await runCli(['sessions', 'apps'], { DATABASE_URL: pgbouncer.url('apps') });
    expect({ code, stderr }).toMatchObject({
      code: 6,
      stderr: expect.stringMatching(
        /no such database: postgres\.\n.*PgBouncer .* Connect to the server itself\./,
      ),
    });
  });

  test('may be the cause if the connection itself goes through the pooler', async () => {
    const session = await startPgbouncer('session', { postgres: '', apps: `dbname=${database}` });
    try {
      const { code, stderr } = await runCli(['sessions', 'apps'], { DATABASE_URL: session.url('apps') });
      expect({ code, stderr }).toMatchObject({ code: 7, stderr: expect.stringContaining('may be an alias') });
    } finally {
      await session.stop();
    }
  });
});
