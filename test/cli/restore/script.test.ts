import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ReconnectingClients } from '../../support/reconnecting-clients.js';
import { Scratch } from '../../support/scratch.js';
import { ask, quote, serverUrl, until, withClient } from '../../support/server.js';
import { describeWithTools, useServerForTools } from '../../support/cli/dump-tools.js';
import { cliEnvironment } from '../../support/cli/run-cli.js';

const example = resolve(__dirname, '../../../examples/restore-script');
let folder: string;
const scratch = new Scratch();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pg-evict-restore-'));
});
afterAll(async () => {
  await scratch.cleanUp();
  rmSync(folder, { recursive: true });
});
useServerForTools();

const rowCount = 20_000;

/** A database with a table, and a dump of it, which takes a moment to restore; then the table is spoilt. */
async function dumpedDatabase(owner?: string): Promise<{ url: string; database: string; dump: string }> {
  const database = scratch.newName('db');
  await ask(`CREATE DATABASE ${quote(database)} ${owner === undefined ? '' : `OWNER ${quote(owner)}`}`);
  const url = serverUrl(owner === undefined ? { database } : { database, user: owner, password: owner });
  await withClient(url, async (client) =>
    client.query(
      `CREATE TABLE orders (id int PRIMARY KEY, state text);
       INSERT INTO orders SELECT n, 'sent' FROM generate_series(1, ${rowCount}) AS n;
       CREATE FUNCTION rest() RETURNS boolean LANGUAGE sql AS 'SELECT true FROM pg_sleep(0.5)';
       CREATE TABLE slow (id int CHECK (public.rest()));
       INSERT INTO slow VALUES (1)`,
    ),
  );
  const dump = join(folder, `${database}.dump`);
  execFileSync('pg_dump', ['--format=custom', `--file=${dump}`, `--dbname=${url}`]);
  await withClient(url, async (client) => client.query(`UPDATE orders SET state = 'spoilt'`));
  return { url, database, dump };
}

async function restore(url: string, dump: string): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((done) => {
    execFile(
      'npm',
      ['run', 'restore'],
      { cwd: example, env: cliEnvironment({ DATABASE_URL: url, DUMP: dump }) },
      (error, stdout, stderr) => {
        done({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
}

const states = async (url: string): Promise<unknown[]> =>
  withClient(url, async (client) => {
    const { rows } = await client.query('SELECT state, count(*)::int FROM orders GROUP BY state');
    return rows;
  });

describeWithTools('examples/restore-script', () => {
  test.each([
    ['a superuser, among superusers', false],
    ['the owner, among other roles', true],
  ])('restores the dump while clients reconnect all the while, run by %s', async (_who, byOwner) => {
    const owner = byOwner ? await scratch.role('CREATEDB IN ROLE pg_signal_backend') : undefined;
    const { url, database, dump } = await dumpedDatabase(owner);
    const stranger = await scratch.role();
    const crowd = new ReconnectingClients(
      byOwner ? serverUrl({ database, user: stranger, password: stranger }) : url,
      8,
    );
    await until(async () => Promise.resolve(crowd.statistics.connected >= 8), 'the crowd to be in');

    // Whoever is on the data while pg_restore is.
    const seen = new Set<string>();
    const restoring = restore(url, dump);
    const watching = withClient(serverUrl(), async (client) => {
      const state = { isOver: false };
      void restoring.finally(() => (state.isOver = true));
      while (!state.isOver) {
        const { rows } = await client.query<{ name: string }>(
          `SELECT application_name AS name FROM pg_stat_activity WHERE datname LIKE 'pg\\_evict\\_held\\_%'
             AND EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'pg_restore')`,
        );
        for (const { name } of rows) seen.add(name);
      }
    });
    const { code, stderr } = await restoring;
    await watching;
    await until(async () => {
      const rows = await ask(
        `SELECT FROM pg_stat_activity WHERE datname = $1 AND application_name = 'reconnecting'`,
        [database],
      );
      return rows.length === 8;
    }, 'the crowd to be back');
    await crowd.stop();

    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('8 sessions terminated') });
    expect([...seen]).toEqual(['pg_restore']);
    expect(await states(url)).toEqual([{ state: 'sent', count: rowCount }]);
    expect(await ask(`SELECT FROM pg_database WHERE datname LIKE 'pg\\_evict\\_%'`)).toEqual([]);
  });

  test('if a dump cannot be restored, the exit code shows it and the old content has its name', async () => {
    const { url } = await dumpedDatabase();
    const broken = join(folder, 'broken.dump');
    writeFileSync(broken, 'PGDMP, but not really');
    const { code, stderr } = await restore(url, broken);
    expect(code).toBe(1);
    expect(stderr).toContain('pg_restore');
    expect(await states(url)).toEqual([{ state: 'spoilt', count: rowCount }]);
  });
});
