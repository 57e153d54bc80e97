import { Client, type ClientConfig } from 'pg';
import { CuttingProxy } from '../../support/cutting-proxy.js';
import { useOwnServer } from '../../support/own-server.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, quote, serverUrl, until } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { runCli, runCliJson } from '../../support/cli/run-cli.js';
import { runOnTerminal, type TerminalRun } from '../../support/cli/run-on-terminal.js';
import { hasTerminal } from '../../support/terminal.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
useOwnServer();

const describeOnTerminal = hasTerminal ? describe : describe.skip;

/** The run's server by an address that is not one of this machine's own names for itself. */
function remoteUrl(database: string): string {
  const url = new URL(serverUrl({ database }));
  url.hostname = '0.0.0.0';
  return url.href;
}

describe('protect and unprotect', () => {
  test('a protected database is refused by every command that would touch it, before any session is terminated', async () => {
    const database = await scratch.database();
    const env = { DATABASE_URL: serverUrl({ database }) };
    const session = await openSession(serverUrl({ database }));
    const { code, document } = await runCliJson(['protect', '--reason', 'ask ops'], env);
    expect(code).toBe(0);
    expect(document).toEqual({
      command: 'protect',
      database,
      protected: true,
      reason: 'ask ops',
      changed: true,
      dryRun: false,
    });
    for (const args of [
      ['drop', '-y'],
      ['recreate', '-y'],
      ['recreate', '--confirm', database],
      ['rename', `${database}_to`],
      ['terminate'],
      ['run', '--', 'true'],
    ]) {
      const refused = await runCli(args, env);
      expect({ args, code: refused.code }).toEqual({ args, code: 3 });
      expect(refused.stderr).toContain('ask ops');
    }
    await session.client.query('SELECT FROM marker');
    await session.close();
  });

  test('the refusal names the command that removes it on the same server', async () => {
    const database = await scratch.database();
    const url = new URL(serverUrl({ database }));
    await runCli(['protect'], { DATABASE_URL: url.href });
    const env = { PGPASSWORD: decodeURIComponent(url.password) };
    const options = ['-h', url.hostname, '-p', url.port, '-U', url.username];
    const { code, stderr } = await runCli(['drop', database, '--yes', ...options], env);
    expect(code).toBe(3);
    expect(stderr).toContain(`pg-evict unprotect ${database} ${options.join(' ')}\n`);
  });

  test('sessions, doctor and psql show it', async () => {
    const database = await scratch.database();
    const env = { DATABASE_URL: serverUrl({ database }) };
    await runCli(['protect'], env);
    expect((await runCli(['sessions'], env)).stdout).toContain(`${database} is protected.\n`);
    await runCli(['protect', '--reason', 'ask ops'], env);
    expect((await runCli(['sessions'], env)).stdout).toContain(`${database} is protected (ask ops).\n`);
    expect((await runCliJson(['sessions'], env)).document).toMatchObject({ protection: 'ask ops' });
    expect((await runCliJson(['doctor'], env)).document).toMatchObject({ protection: 'ask ops', ok: true });
    expect((await runCli(['doctor'], env)).stdout).toMatch(/^protection +protected \(ask ops\)$/m);
    const sql = `SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1`;
    expect(await ask(sql, [database])).toEqual([{ comment: expect.stringContaining('ask ops') }]);
  });

  test('unprotect needs --yes without a terminal, and both say when it was so already', async () => {
    const database = await scratch.database();
    const env = { DATABASE_URL: serverUrl({ database }) };
    await runCli(['protect'], env);
    expect((await runCli(['protect'], env)).stdout).toContain('is protected; nothing to do.');
    const refused = await runCli(['unprotect'], env);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('--yes');
    expect((await runCli(['unprotect', '--dry-run'], env)).stdout).toContain('Nothing was changed.');
    expect((await runCli(['drop', '-y'], env)).code).toBe(3);
    expect((await runCli(['unprotect', '--yes'], env)).stdout).toContain('is no longer protected');
    expect((await runCli(['unprotect', '--yes'], env)).stdout).toContain('is not protected; nothing to do.');
    expect((await runCli(['drop', '-y'], env)).code).toBe(0);
  });

  test('protect --dry-run changes nothing, and who does not own the database may not', async () => {
    const database = await scratch.database();
    const role = await scratch.role();
    const dryRun = await runCliJson(['protect', '--dry-run'], { DATABASE_URL: serverUrl({ database }) });
    expect(dryRun.document).toMatchObject({ changed: true, dryRun: true });
    const foreign = await runCliJson(['protect'], {
      DATABASE_URL: serverUrl({ database, user: role, password: role }),
    });
    expect(foreign).toMatchObject({ code: 3, document: { error: { code: 'PERMISSION_DENIED' } } });
    expect((await runCli(['drop', '-y'], { DATABASE_URL: serverUrl({ database }) })).code).toBe(0);
  });
});

describe.each([
  ['the server is not on this machine', (database: string) => ({ DATABASE_URL: remoteUrl(database) })],
  [
    'NODE_ENV is production',
    (database: string) => ({ DATABASE_URL: serverUrl({ database }), NODE_ENV: 'production' }),
  ],
])('where %s', (_what, environment) => {
  test.each(['drop', 'recreate'])(
    '%s --yes is refused, and --confirm with the name does it',
    async (command) => {
      const database = await scratch.database();
      const env = environment(database);
      const session = await openSession(serverUrl({ database }));
      for (const args of [[command, '--yes'], [command]]) {
        const refused = await runCli(args, env);
        expect(refused.code).toBe(3);
        expect(refused.stderr).toContain(`--confirm ${database}`);
      }
      const wrong = await runCli([command, '--yes', '--confirm', `${database}x`], env);
      expect(wrong.code).toBe(3);
      await session.client.query('SELECT FROM marker');
      expect((await runCli([command, '--confirm', database], env)).code).toBe(0);
      expect(await session.ended).toBe('57P01');
    },
  );

  describeOnTerminal('on a terminal', () => {
    test('the name must be typed', async () => {
      const database = await scratch.database();
      const env = environment(database);
      const answered = async (answer: string): Promise<TerminalRun> =>
        runOnTerminal(['drop'], { env, steps: [{ after: 'Type the name', type: `${answer}\n` }] });
      for (const answer of ['y', 'yes', '', database.slice(1)]) {
        const { code, text } = await answered(answer);
        expect({ answer, code }).toEqual({ answer, code: 3 });
        expect(text).toContain('Nothing was changed.');
      }
      expect(await databaseExists(database)).toBe(true);
      expect((await answered(database)).code).toBe(0);
      expect(await databaseExists(database)).toBe(false);
    });
  });
});

test('confirming by name costs no connection; --yes costs one that asks where the server runs', async () => {
  const database = await scratch.database();
  const { hostname, port } = new URL(serverUrl());
  const proxy = await CuttingProxy.start(hostname, Number(port));
  const url = new URL(serverUrl({ database }));
  url.port = String(proxy.port);
  const env = { DATABASE_URL: url.href };
  // Those of the operation itself: one runs the statements, one ends sessions.
  expect((await runCli(['recreate', '--confirm', database], env)).code).toBe(0);
  expect(proxy.connections).toBe(2);
  expect((await runCli(['recreate', '--yes'], env)).code).toBe(0);
  expect(proxy.connections).toBe(5);
  proxy.stop();
});

test('--confirm with a wrong name is refused wherever it is given, also in a dry run', async () => {
  const database = await scratch.database();
  const env = { DATABASE_URL: serverUrl({ database }) };
  for (const args of [
    ['drop'],
    ['drop', '--dry-run'],
    ['recreate', '-y'],
    ['rename', 'x'],
    ['unprotect'],
    ['terminate'],
  ]) {
    const { code, document } = await runCliJson([...args, '--confirm', 'other'], env);
    expect(code).toBe(3);
    expect(document).toMatchObject({
      error: { code: 'REFUSED', message: expect.stringContaining('"other"') },
    });
  }
  expect(await databaseExists(database)).toBe(true);
});

describeOnTerminal('on a terminal', () => {
  test('the question announces what else would be lost: a replication slot', async () => {
    const database = await scratch.database();
    const slot = `slot_${database}`;
    const session = await openSession(serverUrl({ database }));
    await session.client.query(`SELECT pg_create_logical_replication_slot('${slot}', 'test_decoding')`);
    await session.close();
    const env = { DATABASE_URL: serverUrl({ database }) };
    const no = await runOnTerminal(['drop'], { env, columns: 200, steps: [{ after: '[y/N]', type: 'n\n' }] });
    expect(no.text).toMatch(new RegExp(`also +The replication slot "${slot}"`));
    expect(no.code).toBe(3);

    const dryRun = await runCli(['drop', '--dry-run'], env);
    expect(dryRun.stdout).toContain(
      `would be lost too: The replication slot "${slot}" of database "${database}". Its consumer cannot continue.`,
    );
    const { document } = await runCliJson(['drop', '--yes'], env);
    expect(document).toMatchObject({ removed: [{ kind: 'replication-slot', name: slot, database }] });
    expect(await ask('SELECT FROM pg_replication_slots WHERE slot_name = $1', [slot])).toEqual([]);
  });
});

describe('remedies', () => {
  test.each(['drop', 'recreate', 'rename', 'clone'])(
    '%s is blocked by a prepared transaction and rolls it back only with --rollback-prepared',
    async (command) => {
      const database = await scratch.database();
      const session = await openSession(serverUrl({ database }));
      const gid = `gid_${database}`;
      await session.client.query(`BEGIN; DELETE FROM marker; PREPARE TRANSACTION '${gid}'`);
      const to = scratch.forget(`${database}_to`);
      const args = command === 'rename' || command === 'clone' ? [command, to] : [command, '--yes'];
      const env = { DATABASE_URL: serverUrl({ database }) };
      const blocked = await runCliJson(args, env);
      expect(blocked).toMatchObject({
        code: 5,
        document: { error: { code: 'BLOCKED', blockers: [{ kind: 'prepared-transaction', name: gid }] } },
      });
      expect(JSON.stringify(blocked.document)).toContain('--rollback-prepared');
      await session.client.query('SELECT FROM marker');
      const preview = await runCli([...args, '--rollback-prepared', '--dry-run'], env);
      expect(preview.stdout).toContain(
        `would be lost too: The prepared transaction "${gid}" of database "${database}".\n`,
      );
      const done = await runCliJson([...args, '--rollback-prepared'], env);
      expect(done).toMatchObject({
        code: 0,
        document: { removed: [{ kind: 'prepared-transaction', name: gid }] },
      });
      expect(await ask('SELECT FROM pg_prepared_xacts WHERE gid = $1', [gid])).toEqual([]);
    },
  );

  test('drop takes a template only with --unset-template, and says that it did', async () => {
    const database = await scratch.database();
    await ask(`ALTER DATABASE ${quote(database)} IS_TEMPLATE true`);
    const env = { DATABASE_URL: serverUrl({ database }) };
    expect((await runCli(['drop', '-y'], env)).code).toBe(5);
    const { code, stdout } = await runCli(['drop', '-y', '--unset-template'], env);
    expect(code).toBe(0);
    expect(stdout).toContain(`lost too: The mark of "${database}" as a template.\n`);
    expect(await databaseExists(database)).toBe(false);
  });

  test('drop takes a replication slot in use only with --drop-slots', async () => {
    const database = await scratch.database();
    const slot = `used_${database}`;
    const config: ClientConfig & { replication: string } = {
      connectionString: serverUrl({ database }),
      replication: 'database',
    };
    const consumer = new Client(config);
    consumer.on('error', () => undefined);
    await consumer.connect();
    await consumer.query(`CREATE_REPLICATION_SLOT "${slot}" LOGICAL test_decoding`);
    const consuming = consumer.query(`START_REPLICATION SLOT "${slot}" LOGICAL 0/0`).catch(() => undefined);
    await until(async () => {
      const rows = await ask('SELECT FROM pg_replication_slots WHERE slot_name = $1 AND active', [slot]);
      return rows.length > 0;
    }, 'the slot to be in use');

    const env = { DATABASE_URL: serverUrl({ database }) };
    const blocked = await runCliJson(['drop', '-y'], env);
    expect(blocked).toMatchObject({
      code: 5,
      document: { error: { blockers: [{ kind: 'replication-slot', name: slot }] } },
    });
    const { code, document } = await runCliJson(['drop', '-y', '--drop-slots'], env);
    expect(code).toBe(0);
    expect(document).toMatchObject({ removed: [{ kind: 'replication-slot', name: slot }] });
    await consuming;
    await consumer.end().catch(() => undefined);
  });

  test('drop --if-exists --dry-run says when there is nothing to drop', async () => {
    const { code, stdout } = await runCli(['drop', 'nobody_has_this', '--if-exists', '--dry-run'], {
      DATABASE_URL: serverUrl(),
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'nobody_has_this does not exist; nothing to do.\n' });
  });

  test('drop --drop-subscriptions drops a subscription with the database', async () => {
    const database = await scratch.database();
    const session = await openSession(serverUrl({ database }));
    await session.client.query(
      `CREATE SUBSCRIPTION "sub_${database}" CONNECTION 'host=localhost' PUBLICATION p WITH (connect = false, slot_name = NONE)`,
    );
    await session.close();
    const env = { DATABASE_URL: serverUrl({ database }) };
    expect((await runCli(['drop', '-y'], env)).code).toBe(5);
    const { code, document } = await runCliJson(['drop', '-y', '--drop-subscriptions'], env);
    expect(code).toBe(0);
    expect(document).toMatchObject({ removed: [{ kind: 'subscription', name: `sub_${database}` }] });
  });
});
