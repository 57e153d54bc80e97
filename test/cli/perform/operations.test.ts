import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, serverUrl, uniqueName, withClient } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { runCli, runCliJson } from '../../support/cli/run-cli.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

const content = async (database: string): Promise<unknown[]> =>
  withClient(serverUrl({ database }), async (client) => {
    const { rows } = await client.query(`SELECT to_regclass('marker') IS NOT NULL AS has_marker`);
    return rows;
  });

describe('recreate', () => {
  test('empties a database with other sessions, and reports those that it terminated', async () => {
    const database = await scratch.database();
    const url = serverUrl({ database });
    const sessions = await Promise.all([
      openSession(url, 'idle'),
      openSession(url, 'active'),
      openSession(url, 'idle in transaction'),
    ]);

    const { code, stderr, document } = await runCliJson<{ terminated: { pid: number }[] }>(
      ['recreate', '--yes'],
      { DATABASE_URL: url },
    );

    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(document).toMatchObject({
      command: 'recreate',
      database,
      changed: true,
      denied: [],
      dryRun: false,
    });
    const pids = document.terminated.map(({ pid }) => pid);
    expect(pids).toEqual(expect.arrayContaining(sessions.map(({ pid }) => pid)));
    expect(await Promise.all(sessions.map(async ({ ended }) => ended))).toEqual(['57P01', '57P01', '57P01']);
    expect(await content(database)).toEqual([{ has_marker: false }]);
  });

  test('says in words what it did, on stdout', async () => {
    const database = await scratch.database();
    const session = await openSession(serverUrl({ database }));
    const { code, stdout, stderr } = await runCli(['recreate', database, '-y'], {
      DATABASE_URL: serverUrl(),
    });
    expect(stdout).toMatch(new RegExp(`^Recreated ${database} in \\d.*; 1 session terminated\\.\n`));
    expect(stdout).toContain(String(session.pid));
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  test('creates a missing database only with --if-not-exists', async () => {
    const database = scratch.newName('db');
    const env = { DATABASE_URL: serverUrl({ database }) };
    expect((await runCli(['recreate', '-y'], env)).code).toBe(7);
    expect(await databaseExists(database)).toBe(false);
    const planned = await runCli(['recreate', '-y', '--if-not-exists', '--dry-run'], env);
    expect(planned.stdout).toContain(`Would create ${database};`);
    const created = await runCli(['recreate', '-y', '--if-not-exists'], env);
    expect(created).toMatchObject({ code: 0, stderr: '' });
    expect(created.stdout).toMatch(new RegExp(`^Created ${database} in `));
    expect(await databaseExists(database)).toBe(true);
  });

  test('carries settings over, and does not with --no-keep-settings', async () => {
    const database = await scratch.database();
    const env = { DATABASE_URL: serverUrl({ database }) };
    await ask(`COMMENT ON DATABASE "${database}" IS 'kept'`);
    const comment = async (): Promise<unknown> => {
      const sql = `SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1`;
      return (await ask<{ comment: unknown }>(sql, [database]))[0]?.comment;
    };
    await runCli(['recreate', '-y'], env);
    expect(await comment()).toBe('kept');
    await runCli(['recreate', '-y', '--no-keep-settings'], env);
    expect(await comment()).toBeNull();
  });
});

describe('drop and create', () => {
  test('create makes a database, drop removes it, and both know when there is nothing to do', async () => {
    const database = scratch.newName('db');
    const env = { DATABASE_URL: serverUrl({ database }) };
    expect(await runCli(['create'], env)).toMatchObject({ code: 0, stderr: '' });
    expect(await databaseExists(database)).toBe(true);
    expect((await runCli(['create'], env)).code).toBe(7);
    expect(await runCli(['create', '--if-not-exists'], env)).toMatchObject({
      code: 0,
      stdout: `${database} exists; nothing to do.\n`,
    });
    expect((await runCli(['drop', '--yes'], env)).code).toBe(0);
    expect(await databaseExists(database)).toBe(false);
    expect((await runCli(['drop', '--yes'], env)).code).toBe(7);
    expect(await runCli(['drop', '--yes', '--if-exists'], env)).toMatchObject({
      code: 0,
      stdout: `${database} does not exist; nothing to do.\n`,
    });
  });

  test('create copies a template and gives the database to an owner', async () => {
    const template = await scratch.database();
    const owner = await scratch.role();
    const database = scratch.newName('db');
    const env = { DATABASE_URL: serverUrl({ database }) };
    await runCli(['create', '--template', template, '--owner', owner], env);
    expect(await content(database)).toEqual([{ has_marker: true }]);
    const sql = 'SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = $1';
    expect(await ask(sql, [database])).toEqual([{ owner }]);
    await runCli(['drop', '--yes'], env);
  });

  test.each(['drop', 'recreate'])('%s without a terminal needs --yes', async (command) => {
    const database = await scratch.database();
    const session = await openSession(serverUrl({ database }));
    const { code, stdout, stderr } = await runCli([command], { DATABASE_URL: serverUrl({ database }) });
    expect(code).toBe(3);
    expect(stdout).toBe('');
    expect(stderr).toContain('--yes');
    expect(await content(database)).toEqual([{ has_marker: true }]);
    await session.client.query('SELECT 1');
    await session.close();
  });

  test.each(['drop', 'recreate'])('%s --dry-run reports and changes nothing', async (command) => {
    const database = await scratch.database();
    const session = await openSession(serverUrl({ database }));
    const env = { DATABASE_URL: serverUrl({ database }) };
    const { code, document } = await runCliJson([command, '--dry-run'], env);
    expect(code).toBe(0);
    expect(document).toMatchObject({ dryRun: true, changed: true, terminated: [{ pid: session.pid }] });
    const { stdout } = await runCli([command, '--dry-run'], env);
    expect(stdout).toContain(
      `Would ${command} ${database}; 1 session would be terminated. Nothing was changed.`,
    );
    expect(await content(database)).toEqual([{ has_marker: true }]);
    await session.client.query('SELECT 1');
    await session.close();
  });

  test('--quiet prints nothing but errors', async () => {
    const database = await scratch.database();
    const env = { DATABASE_URL: serverUrl({ database }) };
    expect(await runCli(['drop', '-y', '--quiet'], env)).toEqual({ code: 0, stdout: '', stderr: '' });
    const again = await runCli(['drop', '-y', '--quiet'], env);
    expect(again).toMatchObject({ code: 7, stdout: '' });
    expect(again.stderr).toContain('does not exist');
  });
});

describe('rename and clone', () => {
  test('take the database and the new name, or the new name alone', async () => {
    const database = await scratch.database();
    const [second, third] = [scratch.newName('db'), scratch.newName('db')];
    const session = await openSession(serverUrl({ database }));

    const first = await runCliJson(['rename', database, second], { DATABASE_URL: serverUrl() });
    expect(first.document).toMatchObject({
      command: 'rename',
      database,
      to: second,
      terminated: [{ pid: session.pid }],
    });
    expect([await databaseExists(database), await databaseExists(second)]).toEqual([false, true]);

    const clone = await runCliJson(['clone', third], { DATABASE_URL: serverUrl({ database: second }) });
    expect(clone.document).toMatchObject({ command: 'clone', database: second, to: third, changed: true });
    expect(await content(third)).toEqual([{ has_marker: true }]);
    expect(await content(second)).toEqual([{ has_marker: true }]);

    const again = await runCli(['clone', second, third], { DATABASE_URL: serverUrl() });
    expect(again.code).toBe(7);
    const skipped = await runCli(['clone', second, third, '--if-not-exists'], { DATABASE_URL: serverUrl() });
    expect(skipped).toMatchObject({ code: 0, stdout: `${third} exists; nothing to do.\n` });
  });

  test('names with capitals, spaces, quotes and unicode arrive as they are', async () => {
    const database = await scratch.database(uniqueName(`My "Datenbank" d'été ☂`));
    const to = scratch.newName('Mine; --');
    expect((await runCli(['rename', database, to], { DATABASE_URL: serverUrl() })).code).toBe(0);
    expect([await databaseExists(database), await databaseExists(to)]).toEqual([false, true]);
  });
});
