import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer, type RunningEmbeddedServer } from '@pg-evict/server';
import { acquireDatabase, endRun, resetDatabase, startRun, type TestRun } from '@pg-evict/testing';
import { failureOf } from '../../support/core/failure.js';
import { serverOptions } from '../../support/server-options.js';
import { rowsIn, setupWith } from '../../support/testing/run-fixture.js';

/** A run on a server of its own, that is restarted. */
async function withRun(
  schema: string,
  callback: (server: RunningEmbeddedServer, start: () => Promise<TestRun>) => Promise<void>,
): Promise<void> {
  const server = await startServer(serverOptions({ synchronous_commit: 'on' }));
  try {
    const cwd = mkdtempSync(join(tmpdir(), 'pg-evict-restart-'));
    writeFileSync(join(cwd, 'schema.sql'), schema);
    const template = { setup: setupWith(schema), inputs: 'schema.sql' };
    await callback(server, async () => startRun({ url: server.url, cwd, testing: { template } }));
    rmSync(cwd, { recursive: true });
  } finally {
    await server.stop();
  }
}

test.each(['fast', 'immediate'] as const)(
  'the databases of a run whose server was restarted (%s) are copied anew',
  async (mode) => {
    await withRun('CREATE TABLE seeded AS SELECT 1 AS a', async (server, start) => {
      const run = await start();
      const database = await acquireDatabase(run);
      await rowsIn(database.url, 'UPDATE seeded SET a = 5');
      await server.restart({ mode });
      expect(await resetDatabase(database)).toMatchObject({ how: 'clone' });
      expect(await rowsIn(database.url, 'SELECT a FROM seeded')).toEqual([{ a: 1 }]);
      expect(await resetDatabase(database)).toMatchObject({ how: 'unchanged' });
      await endRun(run);
    });
  },
);

test('the databases of a process, reset at the same time after a restart, do not wait for each other', async () => {
  await withRun('CREATE TABLE seeded AS SELECT 1 AS a', async (server, start) => {
    const run = await start();
    const databases = await Promise.all([acquireDatabase(run), acquireDatabase(run)]);
    await server.restart({ mode: 'fast' });
    const reports = await Promise.all(databases.map(async (database) => resetDatabase(database)));
    expect(reports).toMatchObject([{ how: 'clone' }, { how: 'clone' }]);
    await endRun(run);
  });
});

test('a template that lost its unlogged rows in a crash is built again', async () => {
  await withRun('CREATE UNLOGGED TABLE unlogged AS SELECT 2 AS a', async (server, start) => {
    const run = await start();
    const database = await acquireDatabase(run);
    await server.restart({ mode: 'immediate' });
    expect(await failureOf(resetDatabase(database))).toMatchObject({ code: 'BLOCKED' });
    await endRun(run);
    const next = await start();
    const { url } = await acquireDatabase(next);
    expect(await rowsIn(url, 'SELECT a FROM unlogged')).toEqual([{ a: 2 }]);
    await endRun(next);
  });
});
