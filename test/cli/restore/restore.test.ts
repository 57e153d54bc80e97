import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { Client } from 'pg';
import { ReconnectingClients } from '../../support/reconnecting-clients.js';
import {
  ask,
  databaseExists,
  quote,
  serverUrl,
  uniqueName,
  until,
  withClient,
} from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { describeWithTools } from '../../support/cli/dump-tools.js';
import { runCli, runCliJson } from '../../support/cli/run-cli.js';
import { runOnTerminal, type TerminalRun } from '../../support/cli/run-on-terminal.js';
import { hasTerminal } from '../../support/terminal.js';
import {
  privateDatabases,
  restore,
  sent,
  spoilt,
  statesOf,
  useRestore,
} from '../../support/cli/spoilt-database.js';

const { scratch, dumps, spoiltDatabase } = useRestore();

const describeOnTerminal = hasTerminal ? describe : describe.skip;

/** Asks a database what it holds, again and again, from a connection of its own each time, until it is told to stop. */
function watchStates(url: string): {
  readonly seen: ReadonlySet<string>;
  readonly stop: () => Promise<void>;
} {
  const seen = new Set<string>();
  const state = { isOver: false };
  const watching = (async () => {
    while (!state.isOver) {
      const client = new Client({ connectionString: url });
      client.on('error', () => undefined);
      try {
        await client.connect();
        const { rows } = await client.query('SELECT state, count(*)::int FROM orders GROUP BY state');
        seen.add(JSON.stringify(rows));
      } catch (error) {
        // Refused once, or ended: what a client of a database that is swapped may see.
        const { code } = error as { code?: string };
        if (code !== '3D000' && code !== '57P01') seen.add(String(error));
      }
      await client.end().catch(() => undefined);
    }
  })();
  return {
    seen,
    stop: async () => {
      state.isOver = true;
      await watching;
    },
  };
}

describeWithTools('pg-evict restore', () => {
  test.each([
    ['custom', 'a.dump', ['--format=custom']],
    ['directory', 'a.directory', ['--format=directory']],
    ['tar', 'a.tar', ['--format=tar']],
    ['plain', 'a.sql', []],
    ['plain', 'with inserts.dump', ['--rows-per-insert=500']],
  ])('restores the %s format, told by what is in %s, and says what it did', async (format, name, options) => {
    let dump = '';
    const { database, url } = await spoiltDatabase((from) => (dump = dumps.dump(from, name, ...options)));
    const session = await openSession(url);
    const { code, document } = await runCliJson(['restore', database, dump, '--yes'], { DATABASE_URL: url });
    expect(code).toBe(0);
    expect(document).toMatchObject({
      command: 'restore',
      database,
      restored: { dump, format, tables: 1 },
      old: null,
      changed: true,
      terminated: [{ pid: session.pid }],
      notCarriedOver: [],
      leftovers: [],
      dryRun: false,
    });
    expect(await session.ended).toBe('57P01');
    expect(await statesOf(url)).toEqual(sent);
    expect(await privateDatabases()).toEqual([]);
  });

  test('restores plain SQL within gzip', async () => {
    const dump = dumps.path('zipped');
    const { url } = await spoiltDatabase((from) => {
      writeFileSync(dump, gzipSync(execFileSync('pg_dump', [`--dbname=${from}`])));
    });
    expect(await restore(url, dump, '--yes')).toMatchObject({ code: 0, stderr: '' });
    expect(await statesOf(url)).toEqual(sent);
  });

  test.each([
    ['by pg_restore', 'crowd.dump', ['--format=custom']],
    ['by ourselves', 'crowd.sql', []],
  ])(
    'clients that reconnect all the while see what was there or what was restored, never a mixture: %s',
    async (_by, name, options) => {
      let dump = '';
      const owner = await scratch.role('CREATEDB IN ROLE pg_signal_backend');
      const { database, url } = await spoiltDatabase((from) => (dump = dumps.dump(from, name, ...options)), {
        name: uniqueName(`My "Datenbank" 'ö`),
        owner,
      });
      const stranger = await scratch.role();
      await withClient(url, async (client) => client.query('GRANT SELECT ON orders TO PUBLIC'));
      const crowd = new ReconnectingClients(serverUrl({ database, user: stranger, password: stranger }), 6);
      const watchers = [watchStates(url), watchStates(url)];
      const everySaw = async (rows: unknown): Promise<void> =>
        until(
          async () => Promise.resolve(watchers.every(({ seen }) => seen.has(JSON.stringify(rows)))),
          `everybody to see ${JSON.stringify(rows)}`,
        );
      await until(async () => Promise.resolve(crowd.statistics.connected >= 6), 'the crowd to be in');
      await everySaw(spoilt);
      const { code, stdout } = await restore(url, dump, '--yes');
      await until(async () => {
        const rows = await ask(
          `SELECT FROM pg_stat_activity WHERE datname = $1 AND application_name = 'reconnecting'`,
          [database],
        );
        return rows.length === 6;
      }, 'the crowd to be back');
      await crowd.stop();
      await everySaw(sent);
      await Promise.all(watchers.map(async (watcher) => watcher.stop()));
      expect(code).toBe(0);
      expect(stdout).toMatch(/ sessions terminated\./);
      for (const { seen } of watchers)
        expect([...seen]).toEqual([spoilt, sent].map((rows) => JSON.stringify(rows)));
      expect(await statesOf(url)).toEqual(sent);
      expect(await privateDatabases()).toEqual([]);
    },
  );

  test('encoding, locale and settings of the database are kept, and template1 is not in the way', async () => {
    let dump = '';
    const { database, url } = await spoiltDatabase(
      (from) => (dump = dumps.dump(from, 'settings.dump', '-Fc')),
    );
    const latin = scratch.newName('latin');
    await ask(
      `CREATE DATABASE ${quote(latin)} TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'`,
    );
    await ask(`ALTER DATABASE ${quote(latin)} SET work_mem = '7MB'`);
    await withClient(serverUrl({ database: 'template1' }), async (client) =>
      client.query('CREATE TABLE orders ()'),
    );
    try {
      for (const name of [database, latin]) {
        expect(await restore(serverUrl({ database: name }), dump, '--yes')).toMatchObject({ code: 0 });
        expect(await statesOf(serverUrl({ database: name }))).toEqual(sent);
      }
    } finally {
      await withClient(serverUrl({ database: 'template1' }), async (client) =>
        client.query('DROP TABLE orders'),
      );
    }
    const facts = await withClient(serverUrl({ database: latin }), async (client) =>
      client.query(
        `SELECT current_setting('server_encoding') AS encoding, current_setting('work_mem') AS work`,
      ),
    );
    expect(facts.rows).toEqual([{ encoding: 'LATIN1', work: '7MB' }]);
    expect((await statesOf(url)).length).toBe(1);
  });

  test('options after "--" and --jobs reach pg_restore', async () => {
    let dump = '';
    const { database, url } = await spoiltDatabase((from) => (dump = dumps.dump(from, 'jobs.dump', '-Fc')));
    const { code, stderr } = await restore(
      url,
      database,
      dump,
      '--yes',
      '--jobs',
      '2',
      '--',
      '-v',
      '--no-owner',
    );
    expect(code).toBe(0);
    expect(stderr).toContain('entering main parallel loop');
    expect(stderr).toContain('creating TABLE "public.orders"');
    expect(await statesOf(url)).toEqual(sent);
  });

  test.each(['-Fc', '-Fp'])(
    'with admin in the configuration that role replaces the database, and the connection restores the dump (%s)',
    async (format) => {
      const role = await scratch.role();
      let dump = '';
      const { database, url } = await spoiltDatabase(
        (from) => (dump = dumps.dump(from, `admin${format}`, format)),
        { owner: role },
      );
      const { username, password } = new URL(serverUrl());
      const config = dumps.path('admin.config.json');
      writeFileSync(
        config,
        JSON.stringify({
          connection: url,
          admin: { user: decodeURIComponent(username), password: decodeURIComponent(password) },
        }),
      );
      const { code, stderr } = await runCli(['restore', dump, '--config', config, '--yes']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const owners = await withClient(url, async (client) =>
        client.query(
          `SELECT DISTINCT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relname LIKE 'orders%'
           UNION SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = $1`,
          [database],
        ),
      );
      expect(owners.rows).toEqual([{ owner: role }]);
      expect(await statesOf(url)).toEqual(sent);
    },
  );

  test('a missing database is an error, and with --if-not-exists it is created', async () => {
    let dump = '';
    await spoiltDatabase((from) => (dump = dumps.dump(from, 'new.dump', '-Fc')));
    const database = scratch.newName('new');
    const url = serverUrl({ database });
    expect(await restore(url, dump, '--yes')).toMatchObject({ code: 7 });
    expect(await databaseExists(database)).toBe(false);
    expect(await restore(url, dump, '--yes', '--if-not-exists')).toMatchObject({ code: 0 });
    expect(await statesOf(url)).toEqual(sent);
  });

  test('a protected database is refused with exit code 3, and no session is terminated', async () => {
    let dump = '';
    const { database, url } = await spoiltDatabase(
      (from) => (dump = dumps.dump(from, 'protected.dump', '-Fc')),
    );
    await runCli(['protect', database], { DATABASE_URL: url });
    const session = await openSession(url);
    expect(await restore(url, dump, '--yes')).toMatchObject({ code: 3, stdout: '' });
    expect((await session.client.query('SELECT DISTINCT state FROM orders')).rows).toEqual([
      { state: 'spoilt' },
    ]);
    await session.close();
  });

  test('a dry run lists the sessions that would be terminated and the content that would be restored, and changes nothing', async () => {
    let dump = '';
    const { url } = await spoiltDatabase((from) => (dump = dumps.dump(from, 'dry.dump', '-Fc')));
    const session = await openSession(url);
    const { document } = await runCliJson(['restore', dump, '--dry-run', '--keep-old=kept'], {
      DATABASE_URL: url,
    });
    expect(document).toMatchObject({
      restored: { dump, format: 'custom', tables: 1 },
      old: 'kept',
      dryRun: true,
      terminated: [{ pid: session.pid }],
    });
    expect((await session.client.query('SELECT DISTINCT state FROM orders')).rows).toEqual([
      { state: 'spoilt' },
    ]);
    expect(await databaseExists('kept')).toBe(false);
    await session.close();
  });

  test('without a terminal it wants --yes; --quiet prints nothing', async () => {
    let dump = '';
    const { url } = await spoiltDatabase((from) => (dump = dumps.dump(from, 'quiet.dump', '-Fc')));
    expect(await restore(url, dump)).toMatchObject({ code: 3 });
    expect(await statesOf(url)).toEqual(spoilt);
    expect(await restore(url, dump, '--yes', '--quiet')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await statesOf(url)).toEqual(sent);
  });

  describeOnTerminal('on a terminal', () => {
    test('it shows dump and sessions, and asks', async () => {
      let dump = '';
      const { database, url } = await spoiltDatabase(
        (from) => (dump = dumps.dump(from, 'asked.dump', '-Fc')),
      );
      const session = await openSession(url);
      const asked = async (answer: string, ...args: string[]): Promise<TerminalRun> =>
        runOnTerminal(['restore', dump, ...args], {
          env: { DATABASE_URL: url, NO_COLOR: '1' },
          columns: 200,
          steps: [{ after: '[y/N] ', type: `${answer}\n` }],
        });
      const refused = await asked('n');
      expect(refused.code).toBe(3);
      expect(refused.output).toMatch(
        new RegExp(`dump {6}${dump} \\(custom, 1 table, of ${database}, \\d{4}-`),
      );
      expect(refused.text).toContain('1 session');
      expect(refused.text).toMatch(new RegExp(`Restore "${database}" on .* from ${dump}\\? Its data`));
      const kept = scratch.forget(`${database}_kept`);
      const accepted = await asked('y', `--keep-old=${kept}`);
      expect(accepted.text).toContain(`kept as "${kept}".`);
      expect(accepted.code).toBe(0);
      expect(await session.ended).toBe('57P01');
      expect([await statesOf(url), await statesOf(serverUrl({ database: kept }))]).toEqual([sent, spoilt]);
    });
  });

  describe('--keep-old', () => {
    test('keeps the whole old database under a name with the time; no later restore touches it', async () => {
      let dump = '';
      // 63 bytes, the longest there may be, which end in the middle of a character where the name is cut.
      const name = `${uniqueName('a')}${'ö'.repeat(25)}`.padEnd(38, 'x');
      expect(Buffer.byteLength(name)).toBe(63);
      const { database, url } = await spoiltDatabase(
        (from) => (dump = dumps.dump(from, 'kept.dump', '-Fc')),
        {
          name,
        },
      );
      const first = await runCliJson<{ old: string }>(['restore', dump, '--yes', '--keep-old'], {
        DATABASE_URL: url,
      });
      const { old } = first.document;
      scratch.forget(old);
      expect(old).toMatch(/^a_[0-9a-f]{10}ö+_old_\d{8}_\d{6}$/);
      expect(Buffer.byteLength(old)).toBeLessThanOrEqual(63);
      expect(Buffer.byteLength(old)).toBeGreaterThan(61);
      expect(await statesOf(serverUrl({ database: old }))).toEqual(spoilt);
      expect(await restore(url, database, dump, '--yes')).toMatchObject({ code: 0 });
      expect([await statesOf(url), await statesOf(serverUrl({ database: old }))]).toEqual([sent, spoilt]);
    });

    test('an existing target name is refused with exit code 7 before anything is done', async () => {
      let dump = '';
      const { url } = await spoiltDatabase((from) => (dump = dumps.dump(from, 'taken.dump', '-Fc')));
      const other = await scratch.database();
      const session = await openSession(url);
      const { code, stderr } = await restore(url, dump, '--yes', '--keep-old', other);
      expect({ code, stderr }).toEqual({
        code: 7,
        stderr: expect.stringContaining(`"${other}" already exists`),
      });
      expect((await session.client.query('SELECT DISTINCT state FROM orders')).rows).toEqual([
        { state: 'spoilt' },
      ]);
      await session.close();
    });

    test('if --keep-old took the dump as its name, the error says so', async () => {
      let dump = '';
      const { database, url } = await spoiltDatabase(
        (from) => (dump = dumps.dump(from, 'swallowed.dump', '-Fc')),
      );
      const { code, stderr } = await restore(url, database, '--keep-old', dump, '--yes');
      expect(code).toBe(2);
      expect(stderr).toContain(`--keep-old took ${dump} as a name`);
      expect(await statesOf(url)).toEqual(spoilt);
    });
  });
});
