import { execFileSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { ask, databaseExists, quote, serverUrl, uniqueName, withClient } from '../../support/server.js';
import { describeWithTools } from '../../support/cli/dump-tools.js';
import {
  expectUntouched,
  insertLate,
  restore,
  sent,
  statesOf,
  useRestore,
} from '../../support/cli/spoilt-database.js';

const { scratch, dumps, spoiltDatabase, hasTools } = useRestore();

/** What is refused leaves its database as it was, so one will do for all of it. */
let shared: { readonly database: string; readonly url: string };
beforeAll(async () => {
  if (!hasTools) return;
  shared = await spoiltDatabase((url) => {
    for (const format of ['-Fc', '-Fp']) dumps.dump(url, `shared${format}`, format);
  });
  await scratch.database(`${shared.database}_2`);
});

describeWithTools('a dump that reaches beyond one database', () => {
  test.each([
    [
      'of pg_dumpall without a section of the database',
      'hint: It has no database. Create a dump of one: pg_dump.',
      (url: string) => {
        const file = dumps.path('all.sql');
        const { password } = new URL(url);
        const env = { ...process.env, PGPASSWORD: decodeURIComponent(password) };
        execFileSync('pg_dumpall', [`--dbname=${url}`, '--globals-only', `--file=${file}`], { env });
        return file;
      },
    ],
  ])('%s is refused before anything is done', async (_what, named, make) => {
    const { url } = shared;
    const dump = make(url);
    const { code, stderr } = await restore(url, dump, '--yes');
    expect(code).toBe(2);
    expect(stderr).toContain(named);
    await expectUntouched(url);
  });

  test.each([
    ['\\connect', (live: string) => `\\connect ${live}\nDELETE FROM orders;`],
    ['\\c', (live: string) => `SELECT 1; \\c ${live}\nDELETE FROM orders;`],
    ['\\!', () => '\\! touch /nowhere'],
    ['CREATE DATABASE', (live: string) => `CREATE\n-- a comment\nDATABASE "${live}_2";`],
    ['DROP DATABASE', (live: string) => `drop /* now */ database "${live}_2";`],
    ['ALTER DATABASE', (live: string) => `ALTER DATABASE "${live}" SET work_mem = '7MB';`],
    ['GRANT … ON DATABASE', (live: string) => `GRANT ALL PRIVILEGES ON DATABASE "${live}" TO PUBLIC;`],
    [
      'ALTER ROLE … IN DATABASE',
      (live: string) => `ALTER ROLE postgres IN DATABASE "${live}" SET work_mem = '7MB';`,
    ],
    ['DROP DATABASE', (live: string) => `SELECT E'\\\\', 'it''s'; DROP DATABASE "${live}_2"`],
    ['DROP DATABASE', (live: string) => `COPY public.marks FROM stdin;\nx\n\\.\nDROP DATABASE "${live}_2";`],
  ])('with %s somewhere in it is stopped there, and nothing of it has taken effect', async (named, lines) => {
    const { database, url } = shared;
    const dump = dumps.path('reaching.sql');
    copyFileSync(dumps.path('shared-Fp'), dump);
    insertLate(dump, `CREATE TABLE public.marks (mark text);\n${lines(database)}`);
    const { code, stderr } = await restore(url, dump, '--yes');
    expect(code).toBe(2);
    expect(stderr).toContain(`${named} is refused: `);
    expect(await databaseExists(`${database}_2`)).toBe(true);
    const touched = await ask(
      `SELECT FROM pg_database d WHERE datname = $1 AND (datacl IS NOT NULL
         OR shobj_description(oid, 'pg_database') IS NOT NULL
         OR EXISTS (SELECT FROM pg_db_role_setting WHERE setdatabase = d.oid))`,
      [database],
    );
    expect(touched).toEqual([]);
    await expectUntouched(url);
  });

  test('the same words in data, strings, comments, functions and names have no effect', async () => {
    const words = `\\connect x; CREATE DATABASE x; DROP DATABASE x;`;
    for (const options of [[], ['--inserts'], ['--column-inserts', '--quote-all-identifiers']]) {
      let dump = '';
      const { url } = await spoiltDatabase(
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
    ['is not a PostgreSQL dump', 'binary', Buffer.from([1, 2, 3, 0, 5])],
    ['is not a PostgreSQL dump', 'package.json', '{ "name": "app" }\n'],
    ['is not a PostgreSQL dump', 'page.html', `-- saved\n${'-'.repeat(99)}\n<!doctype html>`],
    ['in UTF-16', 'utf-16.sql', Buffer.from('\uFEFFCREATE TABLE t ();', 'utf16le')],
    ['compressed by zstd', 'a.zst', Buffer.from('28b52ffd0000', 'hex')],
    ['pg_restore: error: could not read from input file', 'broken.dump', 'PGDMP'],
    ['a custom dump within gzip', 'a.dump.gz', gzipSync('PGDMP and more')],
    ['is compressed by gzip, but broken', 'broken.gz', gzipSync('CREATE TABLE t ();').subarray(0, 15)],
  ];
  test.each(files)('is refused with the reason: "%s" (%s)', async (problem, name, content) => {
    const { url } = shared;
    writeFileSync(dumps.path(name), content);
    const { code, stderr } = await restore(url, dumps.path(name), '--yes');
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(problem) });
    await expectUntouched(url);
  });

  test.each([
    ['Check the path; the dump comes last', 'missing.dump'],
    ['is not a dump: there is no', '.'],
    ['is not a regular file', '/dev/null'],
  ])('nor is a path: "%s"', async (problem, path) => {
    const { code, stderr } = await restore(serverUrl({ database: uniqueName('none') }), path, '--yes');
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(problem) });
  });

  test('an empty section of pg_dumpall has nothing to restore, and the others are named', async () => {
    const { url } = shared;
    const file = dumps.path('sections.sql');
    const sectionOf = (name: string, sql: string): string =>
      `\\connect ${name}\n--\n-- PostgreSQL database dump\n--\n${sql}--\n-- PostgreSQL database dump complete\n--\n`;
    const sections = `${sectionOf('empty', '')}${sectionOf('full', 'CREATE TABLE t ();\n')}`;
    const around = (end: string): string => `--\n-- PostgreSQL database cluster dump${end}\n--\n`;
    writeFileSync(file, `${around('')}${sections}${around(' complete')}`);
    const { code, stderr } = await restore(url, file, '--yes', '--section', 'empty');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /holds nothing to restore in its section of "empty"[^]*sections of "full": --section/,
    );
    await expectUntouched(url);
  });

  test('an archive of an empty database has nothing to restore, nor has one with options that leave out all', async () => {
    const empty = scratch.newName('empty');
    await ask(`CREATE DATABASE ${quote(empty)}`);
    const { url } = shared;
    const dump = dumps.path('shared-Fc');
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
      const { url } = shared;
      const dump = dumps.path(`shared${format}`);
      const { code, stderr } = await restore(url, dump, '--yes', '--', ...options);
      expect(code).toBe(2);
      expect(stderr).toContain(
        `${named} cannot be passed on ${format === '-Fc' ? 'to pg_restore' : 'with a plain dump'}`,
      );
      await expectUntouched(url);
    },
  );

  test('cannot turn off that a restore stops at the first error', async () => {
    const { url } = shared;
    const dump = dumps.path('stop.sql');
    copyFileSync(dumps.path('shared-Fp'), dump);
    insertLate(dump, 'SELECT 1 / 0;');
    expect(await restore(url, dump, '--yes', '--', '-v', 'ON_ERROR_STOP=0')).toMatchObject({ code: 1 });
    await expectUntouched(url);
  });
});
