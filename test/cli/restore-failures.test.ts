import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Scratch } from '../support/scratch.js';
import { ask, databaseExists, quote, serverUrl, uniqueName, until, withClient } from '../support/server.js';
import { openSession } from '../support/sessions.js';
import { describeWithTools, useServerForTools } from './support/dump-tools.js';
import { runCliJson, startCli } from './support/run-cli.js';
import {
  privateDatabases,
  restore,
  sent,
  spoilt,
  spoiltDatabase,
  statesOf,
  useDumps,
} from './support/spoilt-database.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
const dumps = useDumps();
useServerForTools();

/** That nothing has happened to a database, and nothing is left beside it. */
async function expectUntouched(url: string): Promise<void> {
  expect(await statesOf(url)).toEqual(spoilt);
  expect(await privateDatabases()).toEqual([]);
}

/** Puts lines into a plain dump, far behind its top. */
function insertLate(dump: string, lines: string): void {
  const text = readFileSync(dump, 'utf8');
  const end = text.lastIndexOf('--\n-- PostgreSQL database dump complete');
  writeFileSync(
    dump,
    `${text.slice(0, end)}${`-- ${'x'.repeat(1000)}\n`.repeat(400)}${lines}\n${text.slice(end)}`,
  );
}

describeWithTools('a restore that fails', () => {
  test.each(['-Fc', '-Fp'])(
    'halfway, for a role that is missing (%s): the old database is there, its sessions too, and what helps is said',
    async (format) => {
      let dump = '';
      const owner = await scratch.role();
      const { database, url } = await spoiltDatabase(
        scratch,
        (from) => (dump = dumps.dump(from, `owner${format}.dump`, format)),
        { sql: `ALTER TABLE orders OWNER TO ${quote(owner)}` },
      );
      await withClient(url, async (client) => client.query(`REASSIGN OWNED BY ${quote(owner)} TO postgres`));
      await ask(`DROP ROLE ${quote(owner)}`);
      const session = await openSession(url);
      const { code, stdout, stderr } = await restore(url, dump, '--yes');
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      const problem = `role "${owner}" does not exist`;
      expect(stderr).toMatch(
        new RegExp(`^error: Database "${database}" was not restored and stays as it was: .*${problem}`, 'm'),
      );
      // What the program said stands before that, whole.
      expect(stderr.indexOf(problem)).toBeLessThan(stderr.indexOf('error: Database'));
      expect(stderr).toMatch(/^hint: .*--no-owner --no-acl/m);
      expect((await session.client.query('SELECT DISTINCT state FROM orders')).rows).toEqual([
        { state: 'spoilt' },
      ]);
      await session.close();
      await expectUntouched(url);
      if (format === '-Fp') return;
      expect(await restore(url, dump, '--yes', '--', '--no-owner', '--no-acl')).toMatchObject({ code: 0 });
      expect(await statesOf(url)).toEqual(sent);
    },
  );

  test('is one JSON document, with the first error of the program', async () => {
    let dump = '';
    const { database, url } = await spoiltDatabase(scratch, (from) => (dump = dumps.dump(from, 'late.sql')));
    insertLate(dump, `INSERT INTO public.orders VALUES ('no number');`);
    const { code, document } = await runCliJson(['restore', dump, '--yes'], { DATABASE_URL: url });
    expect(code).toBe(1);
    expect(document).toMatchObject({
      error: { code: 'UNEXPECTED', database, message: expect.stringContaining('invalid input syntax') },
    });
    await expectUntouched(url);
  });

  test.each([
    ['custom', '-Fc'],
    ['tar', '-Ft'],
    ['directory', '-Fd'],
    ['plain', '-Fp'],
    ['plain, at the end of a statement', '-Fp'],
    ['plain within gzip', '-Fp'],
  ])('because the dump is cut off (%s): the old database stays', async (what, format) => {
    let dump = '';
    const { url } = await spoiltDatabase(scratch, (from) => {
      dump = dumps.dump(from, `cut ${what}`, format);
    });
    if (format === '-Fd') {
      const data = readdirSync(dump).find((name) => name.endsWith('.dat.gz')) ?? '';
      truncateSync(join(dump, data), 100);
    } else {
      const bytes = readFileSync(dump);
      const end = what.includes('statement') ? bytes.lastIndexOf(';\n') + 2 : bytes.length * 0.6;
      const part = bytes.subarray(0, end);
      // Cut within what is compressed, and far behind what is looked at before.
      writeFileSync(dump, what.includes('gzip') ? gzipSync(bytes).subarray(0, -40) : part);
    }
    const { code, stderr } = await restore(url, dump, '--yes');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(format === '-Fp' ? /cut off|broken|to its end/ : /pg_restore: error/);
    await expectUntouched(url);
  });

  test('because a program reports no error and has not restored: what is missing is named', async () => {
    let dump = '';
    const { url } = await spoiltDatabase(scratch, (from) => (dump = dumps.dump(from, 'lie.dump', '-Fc')));
    const folder = dumps.path('liar');
    mkdirSync(folder);
    const real = execFileSync('sh', ['-c', 'command -v pg_restore'], { encoding: 'utf8' }).trim();
    const liar = join(folder, 'pg_restore');
    writeFileSync(liar, `#!/bin/sh\ncase $1 in --list) exec ${real} "$@";; esac\n`);
    chmodSync(liar, 0o755);
    const path = `${folder}:${process.env['PATH'] ?? ''}`;
    const { code, stderr } = await startCli(['restore', dump, '--yes'], { DATABASE_URL: url, PATH: path })
      .result;
    expect(code).toBe(1);
    expect(stderr).toMatch(/lacks public orders, public all of them, public orders_id_seq\.$/m);
    await expectUntouched(url);
  });

  test('because pg_restore is not installed: how to get it is said', async () => {
    let dump = '';
    const { url } = await spoiltDatabase(scratch, (from) => (dump = dumps.dump(from, 'no tool.dump', '-Fc')));
    const { code, stderr } = await startCli(['restore', dump, '--yes'], {
      DATABASE_URL: url,
      PATH: dumps.path('nothing'),
    }).result;
    expect(code).toBe(2);
    expect(stderr).toContain('There is no command pg_restore');
    expect(stderr).toContain('postgresql-client');
    await expectUntouched(url);
  });
});

describeWithTools('a dump that reaches beyond one database', () => {
  test.each([
    ['of pg_dump --create', 'CREATE DATABASE', (url: string) => dumps.dump(url, 'create.sql', '--create')],
    [
      'of pg_dumpall',
      'pg_dumpall',
      (url: string) => {
        const file = dumps.path('all.sql');
        const { password } = new URL(url);
        const env = { ...process.env, PGPASSWORD: decodeURIComponent(password) };
        execFileSync('pg_dumpall', [`--dbname=${url}`, '--globals-only', `--file=${file}`], { env });
        return file;
      },
    ],
  ])('%s is refused before anything is done', async (_what, named, make) => {
    let dump = '';
    const { url } = await spoiltDatabase(scratch, (from) => (dump = make(from)));
    const { code, stderr } = await restore(url, dump, '--yes');
    expect(code).toBe(2);
    expect(stderr).toContain(named);
    expect(stderr).toContain('without --create');
    await expectUntouched(url);
  });

  test.each([
    ['\\connect', (live: string) => `\\connect ${live}\nDELETE FROM orders;`],
    ['\\c', (live: string) => `SELECT 1 \\c ${live}\nDELETE FROM orders;`],
    ['\\!', () => '\\! touch /nowhere'],
    ['CREATE DATABASE', (live: string) => `CREATE\n-- a comment\nDATABASE "${live}_2";`],
    ['DROP DATABASE', (live: string) => `drop /* now */ database "${live}_2";`],
    ['ALTER DATABASE', (live: string) => `ALTER DATABASE "${live}" SET work_mem = '7MB';`],
    ['COMMENT … ON DATABASE', (live: string) => `COMMENT ON DATABASE "${live}" IS 'x';`],
    ['GRANT … ON DATABASE', (live: string) => `GRANT ALL PRIVILEGES ON DATABASE "${live}" TO PUBLIC;`],
    [
      'ALTER … IN DATABASE',
      (live: string) => `ALTER ROLE postgres IN DATABASE "${live}" SET work_mem = '7MB';`,
    ],
    ['DROP DATABASE', (live: string) => `SELECT E'\\\\', 'it''s'; DROP DATABASE "${live}_2"`],
    ['DROP DATABASE', (live: string) => `COPY marks FROM stdin;\nx\n\\.\nDROP DATABASE "${live}_2";`],
  ])('with %s somewhere in it is stopped there, and nothing of it has happened', async (named, lines) => {
    let dump = '';
    const { database, url } = await spoiltDatabase(
      scratch,
      (from) => (dump = dumps.dump(from, 'reaching.sql')),
    );
    const other = await scratch.database(`${database}_2`);
    insertLate(dump, `CREATE TABLE marks (mark text);\n${lines(database)}`);
    const { code, stderr } = await restore(url, dump, '--yes');
    expect(code).toBe(2);
    expect(stderr).toContain(` ${named} reaches beyond it`);
    expect(await databaseExists(other)).toBe(true);
    const touched = await ask(
      `SELECT FROM pg_database d WHERE datname = $1 AND (datacl IS NOT NULL
         OR shobj_description(oid, 'pg_database') IS NOT NULL
         OR EXISTS (SELECT FROM pg_db_role_setting WHERE setdatabase = d.oid))`,
      [database],
    );
    expect(touched).toEqual([]);
    await expectUntouched(url);
  });

  test('the same words in data, strings, comments, functions and names are nothing to it', async () => {
    const words = `\\connect x; CREATE DATABASE x; DROP DATABASE x;`;
    for (const options of [[], ['--inserts'], ['--column-inserts', '--quote-all-identifiers']]) {
      let dump = '';
      const { url } = await spoiltDatabase(
        scratch,
        (from) => (dump = dumps.dump(from, `words ${options.length}.sql`, ...options)),
        {
          sql: `CREATE TABLE "CREATE DATABASE" ("\\connect" text DEFAULT '${words}', database text);
                INSERT INTO "CREATE DATABASE" VALUES (E'\\\\.\\n\\\\connect x\\n''' || '${words}', 'DROP DATABASE x;'), ('\\.', NULL);
                GRANT SELECT ON "CREATE DATABASE" TO PUBLIC;
                COMMENT ON TABLE "CREATE DATABASE" IS 'it''s $a$ ${words}';
                CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $a$ SELECT $b$${words}$b$; /* ${words} */ $a$;
                CREATE RULE r AS ON DELETE TO orders DO ALSO (SELECT 1; SELECT '${words}')`,
        },
      );
      expect(await restore(url, dump, '--yes')).toMatchObject({ code: 0, stderr: '' });
      expect(await statesOf(url)).toEqual(sent);
      const restored = await withClient(url, async (client) => client.query('TABLE "CREATE DATABASE"'));
      expect(restored.rows).toEqual([
        { '\\connect': `\\.\n\\connect x\n'${words}`, database: 'DROP DATABASE x;' },
        { '\\connect': '\\.', database: null },
      ]);
    }
  });
});

describeWithTools('what is no dump', () => {
  const files: readonly (readonly [string, string, string | Buffer])[] = [
    ['is empty', 'empty', ''],
    ['holds nothing to restore', 'nothing.sql', '-- only a comment\nSET search_path = x;\n'],
    ['is no dump of PostgreSQL', 'binary', Buffer.from([1, 2, 3, 0, 5])],
    ['in UTF-16', 'utf-16.sql', Buffer.from('\uFEFFCREATE TABLE t ();', 'utf16le')],
    ['compressed by zstd', 'a.zst', Buffer.from('28b52ffd0000', 'hex')],
    ['pg_restore: error: could not read from input file', 'broken.dump', 'PGDMP'],
    ['a custom dump within gzip', 'a.dump.gz', gzipSync('PGDMP and more')],
    ['is gzip, but broken', 'broken.gz', gzipSync('CREATE TABLE t ();').subarray(0, 15)],
  ];
  test.each(files)('is refused, and why is said: "%s" (%s)', async (problem, name, content) => {
    const database = await scratch.database();
    writeFileSync(dumps.path(name), content);
    const { code, stderr } = await restore(serverUrl({ database }), dumps.path(name), '--yes');
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(problem) });
    expect(await privateDatabases()).toEqual([]);
  });

  test.each([
    ['There is no dump', 'missing.dump'],
    ['is no dump: there is no', '.'],
    ['is no file', '/dev/null'],
  ])('nor is a path: "%s"', async (problem, path) => {
    const { code, stderr } = await restore(serverUrl({ database: uniqueName('none') }), path, '--yes');
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(problem) });
  });

  test('an archive of an empty database has nothing to restore, nor has one with options that leave out all', async () => {
    const empty = scratch.forget(uniqueName('empty'));
    await ask(`CREATE DATABASE ${quote(empty)}`);
    let dump = '';
    const { url } = await spoiltDatabase(scratch, (from) => (dump = dumps.dump(from, 'picked.dump', '-Fc')));
    const none = dumps.dump(serverUrl({ database: empty }), 'empty.dump', '-Fc');
    for (const args of [[none], [dump, '--', '-v', '-t', 'missing']]) {
      const { code, stderr } = await restore(url, '--yes', ...args);
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringContaining('holds nothing to restore'),
      });
    }
    await expectUntouched(url);
  });
});

describeWithTools('options that are passed on', () => {
  test.each([
    ['-Fc', ['--create'], '--create'],
    ['-Fc', ['-OC'], '-C (--create)'],
    ['-Fc', ['--no-owner', '--clean', '--if-exists'], '--clean'],
    ['-Fc', ['-d', 'x'], '-d (--dbname)'],
    ['-Fc', ['--dbn=x'], '--dbn (--dbname)'],
    ['-Fc', ['-xhelsewhere'], '-h (--host)'],
    ['-Fc', ['-fscript.sql'], '-f (--file)'],
    ['-Fc', ['--list'], '--list'],
    ['-Fc', ['-n', '-C', '-V'], '-V (--version)'],
    ['-Fp', ['-1c', 'DROP TABLE x'], '-c (--command)'],
    ['-Fp', ['--file=x'], '--file'],
    ['-Fp', ['-Uother'], '-U (--username)'],
  ])(
    'are refused where it would be something else than a restore (%s -- %j)',
    async (format, options, named) => {
      let dump = '';
      const { url } = await spoiltDatabase(scratch, (from) => (dump = dumps.dump(from, 'options', format)));
      const { code, stderr } = await restore(url, dump, '--yes', '--', ...options);
      expect(code).toBe(2);
      expect(stderr).toContain(`${named} cannot be passed on to ${format === '-Fc' ? 'pg_restore' : 'psql'}`);
      await expectUntouched(url);
    },
  );

  test('cannot turn off that psql stops at the first error', async () => {
    let dump = '';
    const { url } = await spoiltDatabase(scratch, (from) => (dump = dumps.dump(from, 'stop.sql')));
    insertLate(dump, 'SELECT 1 / 0;');
    expect(await restore(url, dump, '--yes', '--', '-v', 'ON_ERROR_STOP=0')).toMatchObject({ code: 1 });
    await expectUntouched(url);
  });
});

describeWithTools('an interrupted restore', () => {
  const slow = `CREATE FUNCTION slow(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
      IF current_database() LIKE 'pg\\_evict\\_new\\_%' THEN PERFORM pg_sleep(600); END IF; RETURN $1; END $$;
    CREATE INDEX ON orders (slow(id))`;

  test.each([
    ['SIGINT', 'pg_restore', ['-Fc'], []],
    ['SIGTERM', 'pg_restore', ['-Fc'], ['--jobs', '2']],
    ['SIGINT', 'psql', [], []],
    ['SIGHUP', 'psql', [], []],
  ] as const)(
    '(%s, %s) leaves nothing half done and says so; no password is in sight while it runs',
    async (signal, program, options, args) => {
      let dump = '';
      const { database, url } = await spoiltDatabase(
        scratch,
        (from) => (dump = dumps.dump(from, 'slow.dump', ...options)),
        { sql: slow },
      );
      const session = await openSession(url);
      const running = startCli(['restore', dump, '--yes', ...args], { DATABASE_URL: url });
      const workers = async (): Promise<{ pid: number }[]> =>
        ask(`SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND wait_event = 'PgSleep'`, [
          program,
        ]);
      await until(async () => (await workers()).length > 0, 'the restore to be in the middle');
      const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
      expect(processes).toMatch(new RegExp(`${program} .*--dbname=pg_evict_new_`));
      expect(processes).not.toContain(decodeURIComponent(new URL(url).password));
      running.process.kill(signal);
      const { code, stdout, stderr } = await running.result;
      expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
      expect(stderr).toContain(
        `error: Aborted. Database "${database}" was not restored and stays as it was.`,
      );
      expect(await workers()).toEqual([]);
      expect((await session.client.query('SELECT DISTINCT state FROM orders')).rows).toEqual([
        { state: 'spoilt' },
      ]);
      await session.close();
      await expectUntouched(url);
      expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toMatch(
        new RegExp(`^(?:\\S*/)?${program} .*${database}`, 'm'),
      );
    },
  );

  test('of which the process is killed: the next restore clears away what it left', async () => {
    let dump = '';
    const { url } = await spoiltDatabase(scratch, (from) => (dump = dumps.dump(from, 'killed.sql')), {
      sql: slow,
    });
    const running = startCli(['restore', dump, '--yes'], { DATABASE_URL: url });
    const workers = async (): Promise<{ pid: number }[]> =>
      ask(`SELECT pid FROM pg_stat_activity WHERE application_name = 'psql' AND wait_event = 'PgSleep'`);
    await until(async () => (await workers()).length > 0, 'the restore to be in the middle');
    running.process.kill('SIGKILL');
    await running.result;
    expect(await statesOf(url)).toEqual(spoilt);
    expect(await privateDatabases()).toHaveLength(1);
    // psql is left behind, and waits for the server, which sleeps.
    await ask(`SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid`, [
      (await workers()).map(({ pid }) => pid),
    ]);
    await until(async () => (await workers()).length === 0, 'the sleeper to be gone');
    const quick = dumps.path('quick.sql');
    writeFileSync(quick, readFileSync(dump, 'utf8').replaceAll('pg_sleep(600)', 'pg_sleep(0)'));
    expect(await restore(url, quick, '--yes')).toMatchObject({ code: 0 });
    expect(await statesOf(url)).toEqual(sent);
    expect(await privateDatabases()).toEqual([]);
  });
});
