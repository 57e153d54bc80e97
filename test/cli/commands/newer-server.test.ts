import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { testedMajors } from '@pg-evict/core/internal';
import { acquireDatabase, resetDatabase } from '@pg-evict/testing';
import { runCli, runCliJson } from '../../support/cli/run-cli.js';
import { type NewerServer, startNewerServer } from '../../support/newer-server.js';
import { useOwnServer } from '../../support/own-server.js';
import { Scratch } from '../../support/scratch.js';
import { serverUrl, withClient } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { rowsIn, RunFixture, setupWith } from '../../support/testing/run-fixture.js';

const scratch = new Scratch();
const fixture = new RunFixture();
let folder: string;
let newer: NewerServer;
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await fixture.cleanUp();
  await newer.close();
  await scratch.cleanUp();
});
useOwnServer();
beforeAll(async () => {
  newer = await startNewerServer(serverUrl());
  folder = mkdtempSync(join(tmpdir(), 'pg-evict-newer-'));
  writeFileSync(join(folder, 'package.json'), '{}');
  writeFileSync(join(folder, 'knexfile.js'), `module.exports = { client: 'pg', connection: {} };`);
  mkdirSync(join(folder, 'migrations'));
  symlinkSync(resolve(__dirname, '../../node_modules'), join(folder, 'node_modules'), 'junction');
  writeFileSync(join(folder, 'dump.sql'), 'CREATE TABLE restored ();\n');
});

/** The database's URL through what claims to be newer. */
const through = (database: string): string => new URL(`/${database}`, newer.url).href;

const untested = testedMajors.newest + 1;

test('doctor says that a newer server is not tested, and that all is well', async () => {
  const env = { DATABASE_URL: through(await scratch.database()) };
  const { code, stdout } = await runCli(['doctor'], env);
  expect(stdout).toMatch(/^server +127\.0\.0\.1:\d+, PostgreSQL 19\.0/m);
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
    `note: pg-evict is not tested with PostgreSQL ${untested}, only with ${testedMajors.oldest} to ${testedMajors.newest}.`,
  );
  expect(stdout).toMatch(/All is well\.\n$/);
  expect(code).toBe(0);
  const { document } = await runCliJson(['doctor'], env);
  expect(document).toMatchObject({ ok: true, connection: { untestedMajor: untested } });
  const tested = await runCliJson(['doctor'], { DATABASE_URL: serverUrl() });
  expect(tested.document).toMatchObject({ connection: { untestedMajor: null } });
});

test('no command refuses a newer server', async () => {
  const database = await scratch.database();
  const [copy, renamed] = [scratch.newName('copy'), scratch.newName('renamed')];
  const { pid } = await openSession(serverUrl({ database }));
  const run = async (command: string, ...args: string[]): Promise<unknown> => {
    const words = [command, '--url', through(database), '--json', ...args];
    const { stdout } = await runCli(words, {}, folder);
    return JSON.parse(stdout);
  };
  expect(await run('sessions')).toMatchObject({ sessions: [{ pid }] });
  expect(await run('terminate')).toMatchObject({ terminated: [{ pid }] });
  for (const [command = '', ...words] of [
    ['recreate', '--yes'],
    ['fresh', '--yes', '--knexfile', 'knexfile.js'],
    ['restore', 'dump.sql', '--yes', '--undo', '1h'],
    ['undo', '--yes'],
    ['create', copy],
    ['drop', copy, '--yes', '--no-undo'],
    ['clone', copy],
    ['rename', copy, renamed],
    ['swap', renamed],
  ]) {
    expect(await run(command, ...words)).toMatchObject({ command, changed: true });
  }
  expect(await run('run', '--', process.execPath, '--version')).toMatchObject({ changed: true });
  expect(await run('protect')).not.toHaveProperty('error');
  expect(await run('drop', '--yes')).toMatchObject({ error: { code: 'PROTECTED' } });
  expect(await run('unprotect', '--yes')).not.toHaveProperty('error');
  expect(await run('sweep')).not.toHaveProperty('error');
  expect(await run('drop', '--yes')).toMatchObject({ changed: true });
});

test('a database of a test run is made and reset on a newer server', async () => {
  const setup = setupWith('CREATE TABLE seeded AS SELECT 1 AS a');
  const run = await fixture.start({ template: { setup } }, { url: newer.url });
  const database = await acquireDatabase(run);
  await withClient(database.url, async (client) => client.query('UPDATE seeded SET a = 2'));
  await resetDatabase(database);
  expect(await rowsIn(database.url, 'SELECT a FROM seeded')).toEqual([{ a: 1 }]);
});

test('every query for the version was answered with the newer one', () => {
  expect(newer.asked.times).toBeGreaterThan(10);
  expect(newer.asked.unanswered).toEqual([]);
});
