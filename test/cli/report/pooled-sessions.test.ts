import { runCli } from '../../support/cli/run-cli.js';
import { describeWithPgbouncer, type Pgbouncer, startPgbouncer } from '../../support/pgbouncer.js';
import { Scratch } from '../../support/scratch.js';
import { serverUrl, uniqueName, withClient } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

const env = { DATABASE_URL: serverUrl() };

test.each([
  ['pgcat', true],
  ['Supavisor', true],
  ['my-pgbouncer-exporter', false],
  ['app - v1', false],
])(
  'sessions of the application %s are recognised as those of a pooler: %s',
  async (application, isPooled) => {
    const database = await scratch.database();
    const url = new URL(serverUrl({ database }));
    url.searchParams.set('application_name', application);
    const session = await openSession(url.href);
    const { stdout } = await runCli(['recreate', database, '--yes'], env);
    expect(stdout.includes('1 of these sessions belonged to a connection pooler')).toBe(isPooled);
    await session.close();
  },
);

describeWithPgbouncer('with PgBouncer', () => {
  let pgbouncer: Pgbouncer;
  let database: string;
  beforeEach(async () => {
    database = await scratch.database();
    pgbouncer = await startPgbouncer('transaction', { [database]: '' }, ['application_name_add_host = 1']);
  });
  afterEach(async () => pgbouncer.stop());

  const query = async (): Promise<unknown> =>
    withClient(pgbouncer.url(database), async (client) => client.query('SELECT 1'));

  test('its sessions are known where it names the hosts of its clients, and --pooler is named', async () => {
    await query();
    const { stdout } = await runCli(['recreate', database, '--yes', '--dry-run'], env);
    expect(stdout).toContain('1 of these sessions belong to a connection pooler');
    const args = ['recreate', database, '--yes', '--pooler', pgbouncer.consoleUrl()];
    expect((await runCli(args, env)).stdout).not.toContain('--pooler');
  });

  test('rename announces what happens to its clients, and run how long they wait', async () => {
    await query();
    const pooler = ['--pooler', pgbouncer.consoleUrl()];
    const run = await runCli(['run', database, ...pooler, '--', 'true'], env);
    expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining('query_wait_timeout') });
    const to = scratch.forget(uniqueName('to'));
    const rename = await runCli(['rename', database, to, ...pooler], env);
    expect(rename).toMatchObject({ code: 0, stderr: expect.stringContaining('fail after it') });
  });
});
