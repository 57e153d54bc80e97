import { acquireDatabase, sweepTestDatabases, type RunInvitation } from '@pg-evict/testing';
import { runCli, runCliJson, startCli } from '../../support/cli/run-cli.js';
import { useOwnServer } from '../../support/own-server.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, quote, serverUrl, until, withClient } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { ownDatabases, RunFixture } from '../../support/testing/run-fixture.js';
import { RunProcess } from '../../support/testing/run-process.js';

const scratch = new Scratch();
const fixture = new RunFixture();
afterAll(async () => {
  await RunProcess.killAll();
  await fixture.cleanUp();
  await scratch.cleanUp();
});
useOwnServer();

const target = () => ({ connection: serverUrl() });

/** A process that has begun a run and acquired a database. */
async function begin(): Promise<{ process: RunProcess; id: string; name: string; url: string }> {
  const process = new RunProcess({ options: { url: serverUrl(), cwd: __dirname } });
  const { id, template } = await process.tell('begin');
  fixture.forget(template);
  return { process, id, ...(await process.tell('acquire')) };
}

/** Kills a process and waits until the server has noticed. */
async function kill({ process, name, id }: Awaited<ReturnType<typeof begin>>): Promise<void> {
  await process.kill();
  await until(
    async () => (await sweepTestDatabases(target(), { dryRun: true })).dropped.includes(name),
    `run ${id} is seen to be over`,
  );
}

test('leftovers of a killed run are dropped; a living run beside it does not notice', async () => {
  const [living, killed] = [await begin(), await begin()];
  await kill(killed);
  // Somebody is still on it: a client of the killed run's.
  const client = await openSession(killed.url);
  const report = await sweepTestDatabases(target());
  expect(report.dropped).toEqual([killed.name]);
  expect(report.left).toContainEqual({ database: living.name, reason: `run ${living.id} lives` });
  expect(report.failed).toEqual([]);
  expect(await client.ended).toBe('57P01');
  expect(await databaseExists(killed.name)).toBe(false);
  expect(await living.process.tell('reset')).toMatchObject({ how: 'unchanged' });
  await living.process.tell('end');
  expect(await ownDatabases(living.id)).toEqual([]);
});

test('the next run sweeps by itself', async () => {
  const killed = await begin();
  await kill(killed);
  const next = await begin();
  expect(await databaseExists(killed.name)).toBe(false);
  await next.process.tell('end');
});

test('a run that its first process has ended lives as long as one that joined it', async () => {
  const run = await fixture.start();
  const invitation = JSON.parse(JSON.stringify(run)) as RunInvitation;
  const joined = new RunProcess({ invitation });
  await joined.tell('begin');
  const { name } = await joined.tell('acquire');
  await fixture.end(run);
  const { dropped, left } = await sweepTestDatabases(target(), { templates: true });
  expect(dropped).not.toContain(name);
  expect(left).toContainEqual({ database: run.template.name, reason: 'a run uses it' });
  expect(await databaseExists(name)).toBe(true);
  expect(await databaseExists((await joined.tell('acquire')).name)).toBe(true);
  await joined.tell('end');
});

test('a run that has lost its session opens a new one with the same settings', async () => {
  const { process, name, id } = await begin();
  await ask(
    `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()`,
  );
  const held = async () => ask(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'`);
  await until(async () => (await held()).length > 0, 'the run says again that it lives');
  expect(await process.tell('reset')).toMatchObject({ how: 'unchanged' });
  const other = await process.tell('acquire');
  expect((await sweepTestDatabases(target())).left).toEqual(
    expect.arrayContaining(
      [name, other.name].map((database) => ({ database, reason: `run ${id} lives` })),
    ) as unknown[],
  );
  await process.tell('end');
});

test('a run whose session is terminated while it creates a database still creates it', async () => {
  const run = await fixture.start();
  const [outcome] = await withClient(serverUrl(), async (client) => {
    await client.query('BEGIN');
    // Whoever copies it has to wait.
    await client.query(`ALTER DATABASE ${quote(run.template.name)} RENAME TO elsewhere`);
    const acquired = Promise.allSettled([acquireDatabase(run)]);
    const waits = "wait_event_type = 'Lock' AND query LIKE 'CREATE DATABASE%'";
    await until(
      async () => (await ask(`SELECT FROM pg_stat_activity WHERE ${waits}`)).length > 0,
      'it waits for its copy',
    );
    await ask(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${waits}`);
    await client.query('ROLLBACK');
    return acquired;
  });
  expect(outcome).toMatchObject({ status: 'fulfilled' });
  await fixture.end(run);
});

test('only names that pg-evict gives are ours', async () => {
  const names = [
    'pg_evict_test',
    'pg_evict_test_abc',
    'pg_evict_tester_12345678_1_0_a',
    'x_pg_evict_test_12345678_1_0_a',
    'pg_evict_test_12345678_1_0_a_copy',
    'pg_evict_test_123_1_0_a',
    'pg_evict_template_0123456789abcdef_old',
    'x_pg_evict_template_0123456789abcdef',
  ];
  for (const name of names) await scratch.database(name);
  const report = await sweepTestDatabases(target(), { kept: true, templates: true });
  for (const name of names) {
    expect(report.dropped).not.toContain(name);
    expect(await databaseExists(name)).toBe(true);
  }
  // What somebody has named after a database for tests is told, and left to him.
  const told = report.left.map(({ database }) => database).filter((name) => names.includes(name));
  expect(told.toSorted()).toEqual(['pg_evict_test_12345678_1_0_a_copy', 'x_pg_evict_test_12345678_1_0_a']);
});

test('databases of another role stay, and are named', async () => {
  const name = 'pg_evict_test_00000000_1_0_abcdef';
  await scratch.database(name);
  const role = await scratch.role('CREATEDB');
  const report = await sweepTestDatabases({ connection: serverUrl({ user: role, password: role }) });
  expect(report).toMatchObject({
    dropped: [],
    left: expect.arrayContaining([{ database: name, reason: 'it belongs to "postgres"' }]) as unknown,
  });
});

describe('pg-evict sweep', () => {
  const killed = 'pg_evict_test_11111111_1_0_abcdef';
  const kept = 'pg_evict_kept_11111111_1_0_abcdef';
  beforeEach(async () => {
    for (const name of [killed, kept]) {
      if (!(await databaseExists(name))) await scratch.database(name);
    }
    await ask(
      `COMMENT ON DATABASE ${quote(kept)} IS '[pg-evict kept on ${new Date().toISOString().slice(0, 10)}]'`,
    );
  });

  test('with --dry-run only reports', async () => {
    const { code, stdout } = await runCli(['sweep', '--dry-run', '-d', serverUrl()]);
    expect(stdout).toContain(`would drop ${killed}\n`);
    expect(stdout).toContain(`left ${kept}: it was kept on `);
    expect(code).toBe(0);
    expect(await databaseExists(killed)).toBe(true);
  });

  test('drops, and says so in one JSON document', async () => {
    const { code, document } = await runCliJson(['sweep', '-d', serverUrl()]);
    expect(code).toBe(0);
    expect(document).toMatchObject({
      command: 'sweep',
      dropped: expect.arrayContaining([killed]) as unknown,
      failed: [],
      dryRun: false,
    });
    expect([await databaseExists(killed), await databaseExists(kept)]).toEqual([false, true]);
  });

  test('with --kept and --templates drops these, too', async () => {
    const run = await fixture.start();
    const { name } = run.template;
    await fixture.end(run);
    const { stdout } = await runCli(['sweep', '--kept', '--templates', '-d', serverUrl()]);
    for (const database of [kept, name]) {
      expect(stdout).toContain(`dropped ${database}\n`);
      expect(await databaseExists(database)).toBe(false);
    }
    expect((await runCli(['sweep', '-d', serverUrl()])).stdout).toContain('There is nothing to sweep.');
  });

  test('--timeout applies to each database: one that another session has locked is left, the others are dropped', async () => {
    const locked = 'pg_evict_test_00000000_1_0_fedcba';
    await scratch.database(locked);
    await withClient(serverUrl(), async (client) => {
      await client.query(`BEGIN; ALTER DATABASE ${quote(locked)} CONNECTION LIMIT 5`);
      const { code, document } = await runCliJson(['sweep', '--timeout', '2s', '-d', serverUrl()]);
      expect(code).toBe(5);
      expect(document).toMatchObject({
        dropped: [killed],
        failed: [
          { database: locked, reason: expect.stringMatching(/holds a lock.*ALTER DATABASE/) as unknown },
        ],
      });
      expect(await databaseExists(locked)).toBe(true);

      const sweeping = startCli(['sweep', '-d', serverUrl()]);
      await until(
        async () => (await ask('SELECT FROM pg_locks WHERE NOT granted')).length > 0,
        'the sweep waits for the lock',
      );
      sweeping.process.kill('SIGINT');
      expect(await sweeping.result).toMatchObject({
        code: 130,
        stderr: 'error: Aborted. No database was dropped.\n',
      });
      expect(await databaseExists(locked)).toBe(true);
    });
    expect((await runCliJson(['sweep', '-d', serverUrl()])).document).toMatchObject({ dropped: [locked] });
  });

  test('one that is protected is left', async () => {
    expect((await runCli(['protect', kept, '-d', serverUrl()])).code).toBe(0);
    const { code, document } = await runCliJson(['sweep', '--kept', '-d', serverUrl()]);
    expect(code).toBe(5);
    expect(document).toMatchObject({
      dropped: [killed],
      failed: [{ database: kept, reason: expect.stringContaining('protected') as unknown }],
    });
    expect(await databaseExists(kept)).toBe(true);
  });

  test('an unreachable server is an error', async () => {
    const { code } = await runCli(['sweep', '-d', 'postgres://nobody@127.0.0.1:1/x']);
    expect(code).toBe(6);
  });
});

test('a database that a project named after a test database is listed, and never dropped', async () => {
  const killed = await begin();
  const made = [`${killed.name}_shadow`, `shadow_of_${killed.name}`];
  for (const name of made) {
    scratch.forget(name);
    await ask(`CREATE DATABASE ${quote(name)}`);
  }
  await kill(killed);
  const listed = made.map((database) => ({
    database,
    reason: expect.stringContaining('not made by pg-evict') as string,
  }));
  const { document } = await runCliJson(['sweep', '--dry-run', '-d', serverUrl()]);
  expect(document).toMatchObject({ dropped: [killed.name], left: expect.arrayContaining(listed) as unknown });
  const { dropped, left } = await sweepTestDatabases(target(), { kept: true, templates: true });
  expect(dropped).toContain(killed.name);
  expect(left).toEqual(expect.arrayContaining(listed));
  for (const name of made) expect(await databaseExists(name)).toBe(true);
});

test("a sweep needs no database that the server's URL names", async () => {
  const report = await sweepTestDatabases(
    { connection: serverUrl({ database: 'nowhere' }) },
    { dryRun: true },
  );
  expect(report).toMatchObject({ dryRun: true, failed: [] });
});
