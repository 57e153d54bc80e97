import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, quote, serverMajor, serverUrl, withClient } from '../../support/server.js';
import { contentOf, describeWithTools } from '../../support/cli/dump-tools.js';
import { runCliJson, startCli } from '../../support/cli/run-cli.js';
import { expectUntouched, restore, statesOf, useRestore } from '../../support/cli/spoilt-database.js';

const { scratch, dumps, spoiltDatabase, hasTools } = useRestore();

/** Statements within a function, which PostgreSQL 13 does not know. */
const atomic =
  serverMajor < 14
    ? ''
    : 'CREATE FUNCTION atomic(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT CASE WHEN a > 1 THEN 2 END; END;';

/** Objects of many kinds, with odd names and bytes. */
const manyThings = `
CREATE SCHEMA "My ""schema"" ö"; CREATE TYPE mood AS ENUM ('it''s', 'b\\c');
CREATE TABLE "My ""schema"" ö"."a;b" (id int PRIMARY KEY, "x'y" text, m mood, b bytea);
INSERT INTO "My ""schema"" ö"."a;b" VALUES (1, E'tab\\t line\\n cr\\r \\\\. \\\\ ''', 'it''s', '\\x00ff5c'), (2, '\\.', 'b\\c', NULL);
${atomic}
CREATE FUNCTION quoted() RETURNS text LANGUAGE plpgsql AS $f$ BEGIN RETURN $$it's; \\connect x$$; END $f$;
CREATE RULE two AS ON DELETE TO orders DO ALSO (SELECT 1; SELECT ';)');
CREATE MATERIALIZED VIEW mat AS SELECT count(*) FROM orders; CREATE INDEX ON orders (state);
CREATE TABLE parted (a int) PARTITION BY RANGE (a); CREATE TABLE part PARTITION OF parted FOR VALUES FROM (1) TO (9);
INSERT INTO parted VALUES (1); SELECT lo_from_bytea(4711, 'large \\\\ object'); COMMENT ON LARGE OBJECT 4711 IS 'a large one'; GRANT SELECT ON LARGE OBJECT 4711 TO PUBLIC; COMMENT ON TABLE orders IS E'line\\nline; -- "';
CREATE VIEW "two
lines" AS SELECT 1 AS a`;

let source = '';
let original = '';
beforeAll(async () => {
  if (!hasTools) return;
  const { url } = await spoiltDatabase(() => undefined, { sql: manyThings });
  await withClient(url, async (client) => client.query(`UPDATE orders SET state = 'sent'`));
  [source, original] = [url, contentOf(url)];
});

/** Restores a dump of the source into a database of its own; returns that. */
async function copyOf(
  dump: string,
  ...args: string[]
): Promise<{ url: string; skipped: unknown[]; bytes: number }> {
  const url = serverUrl({ database: await scratch.database() });
  const { code, document } = await runCliJson<{ skipped: unknown[]; bytes: number }>(
    ['restore', dump, '--yes', ...args],
    { DATABASE_URL: url },
  );
  expect({ code, document }).toMatchObject({ code: 0, document: { command: 'restore' } });
  return { url, ...document };
}

describeWithTools('what pg_dump writes', () => {
  test.each([
    ['plain', []],
    ['with INSERT', ['--inserts', '--rows-per-insert=3']],
    ['with columns', ['--column-inserts', '--quote-all-identifiers']],
    ['with CREATE DATABASE', ['--create']],
    ['with DROP', ['--clean']],
    ['with DROP … IF EXISTS', ['--clean', '--if-exists']],
    ['with both', ['--create', '--clean', '--if-exists']],
    ['in another encoding', ['--encoding=LATIN1']],
    ['with SET SESSION AUTHORIZATION', ['--use-set-session-authorization']],
    ['custom', ['-Fc']],
    ['tar', ['-Ft']],
    ['directory', ['-Fd']],
    ['custom, with both', ['-Fc', '--create', '--clean', '--if-exists']],
    ['custom, with INSERT', ['-Fc', '--inserts']],
    [
      'directory, with all names quoted',
      ['-Fd', '--quote-all-identifiers', '--use-set-session-authorization'],
    ],
  ])('is restored to the byte, %s', async (what, options) => {
    const dump = dumps.dump(source, `kind ${what}`.replaceAll(/\W/g, '_'), ...options);
    const { url, bytes } = await copyOf(dump);
    expect(contentOf(url)).toBe(original);
    expect(bytes).toBeGreaterThan(1000);
  });

  test('of which schema and data are in one file is restored, and refused where either is cut off', async () => {
    const [schema, data] = [
      readFileSync(dumps.dump(source, 'schema.sql', '--schema-only')),
      readFileSync(dumps.dump(source, 'data.sql', '--data-only')),
    ];
    const dump = dumps.path('both.sql');
    writeFileSync(dump, Buffer.concat([schema, data]));
    // Of a materialized view pg_dump takes no data where it takes data only.
    const without = '--exclude-table=mat';
    expect(contentOf((await copyOf(dump)).url, without)).toBe(contentOf(source, without));
    const { url } = await spoiltDatabase(() => undefined);
    await withClient(url, async (client) => client.query(`UPDATE orders SET state = 'spoilt'`));
    const cut = data.indexOf('COPY public.orders');
    const end = '\n--\n-- PostgreSQL database dump complete';
    for (const parts of [
      [schema, data.subarray(0, cut + 200)],
      [schema, data.subarray(0, data.lastIndexOf(end))],
      [schema.subarray(0, schema.lastIndexOf(end)), data],
      [schema, Buffer.from('SET search_path = public;\nCREATE TABLE more ();\n')],
    ]) {
      writeFileSync(dump, Buffer.concat(parts));
      const { code, stderr } = await restore(url, dump, '--yes');
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringMatching(/is cut off: in line \d+, .*hint: /s),
      });
      await expectUntouched(url);
    }
  });

  test.each(['-Fp', '-Fc', '-Fd'])(
    'of one schema, public (%s): that it is there is no failure',
    async (format) => {
      const dump = dumps.dump(source, `public${format}`, '--schema=public', format);
      const { url, skipped } = await copyOf(dump);
      expect(skipped).toEqual([
        { statement: 'CREATE SCHEMA public', reason: 'a new database has the schema "public" already' },
      ]);
      expect(contentOf(url, '--schema=public')).toBe(contentOf(source, '--schema=public'));
    },
  );

  test.each(['-Fp', '-Fc'])(
    'of the schema alone is restored; of the data alone, it says so (%s)',
    async (format) => {
      const schema = dumps.dump(source, `schema${format}`, '--schema-only', format);
      expect(contentOf((await copyOf(schema)).url, '--schema-only')).toBe(contentOf(source, '--schema-only'));
      const data = dumps.dump(source, `data${format}`, '--data-only', format);
      const { url } = await spoiltDatabase(() => undefined);
      const before = contentOf(url);
      const { code, stderr } = await restore(url, data, '--yes');
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringContaining('The dump has data and no tables to put them into'),
      });
      expect(contentOf(url)).toBe(before);
    },
  );

  test('in one transaction, also where pg_restore only writes the statements', async () => {
    const dump = dumps.dump(source, 'one-transaction.dump', '--schema=public', '-Fc');
    const { url, skipped } = await copyOf(dump, '--', '--single-transaction');
    expect(skipped).toHaveLength(1);
    const rows = await withClient(url, async (client) =>
      client.query(
        `SELECT count(DISTINCT xmin::text)::int AS transactions FROM pg_class WHERE relnamespace = 'public'::regnamespace`,
      ),
    );
    expect(rows.rows).toEqual([{ transactions: 1 }]);
  });

  test('by pg_dumpall: the section of the database is run, or the one that is named', async () => {
    const env = { ...process.env, PGPASSWORD: decodeURIComponent(new URL(source).password) };
    const other = await scratch.database();
    const all = dumps.path('all.sql');
    execFileSync('pg_dumpall', [`--dbname=${source}`, `--file=${all}`, '--no-role-passwords'], { env });
    const section = decodeURIComponent(new URL(source).pathname.slice(1));
    const { url, skipped } = await copyOf(all, '--section', section);
    expect(contentOf(url)).toBe(original);
    expect(skipped).toEqual([
      {
        statement: expect.stringMatching(/^\d+ statements outside of the section/),
        reason: expect.any(String),
      },
    ]);
    const otherUrl = serverUrl({ database: other });
    const before = contentOf(otherUrl);
    expect(await restore(otherUrl, all, '--yes')).toMatchObject({ code: 0 });
    expect(contentOf(otherUrl)).toBe(before);
    const { code, stderr } = await restore(otherUrl, all, '--yes', '--section', 'none');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(
        /no section of "none", but of [^]*\nhint: Name the one to restore: --section <name>\.\n/,
      ),
    });
  });

  test.each([
    ['zstd', ['-q']],
    ['xz', []],
    ['bzip2', []],
    ['lz4', ['-q']],
  ])('compressed by %s is unpacked; where it is cut off, nothing changes', async (program, options) => {
    const plain = readFileSync(dumps.dump(source, 'to-compress.sql'));
    const packed = execFileSync(program, [...options, '-c'], { input: plain });
    const dump = dumps.path(`packed.${program}`);
    writeFileSync(dump, packed);
    expect(contentOf((await copyOf(dump)).url)).toBe(original);
    writeFileSync(dump, packed.subarray(0, packed.length - 20));
    const { url } = await spoiltDatabase(() => undefined);
    const before = contentOf(url);
    const { code } = await restore(url, dump, '--yes');
    expect(code).toBe(2);
    expect(contentOf(url)).toBe(before);
    const { stderr } = await startCli(['restore', dump, '--yes'], {
      DATABASE_URL: url,
      PATH: dumps.path('none'),
    }).result;
    expect(stderr).toMatch(
      /there is no \w+ on PATH to unpack it|but broken|cut off|to its end|lacks the comment/,
    );
  });

  test('by a newer pg_dump: the settings that the server does not know are left out', async () => {
    const dump = dumps.dump(source, 'newer.sql');
    writeFileSync(
      dump,
      readFileSync(dump, 'latin1').replace(/^SET lock_timeout/m, 'SET transaction_timeout = 0;\n$&'),
      'latin1',
    );
    const { skipped } = await copyOf(dump);
    const lacking = await ask(
      `SELECT 'SET transaction_timeout = 0' AS statement WHERE current_setting('server_version_num')::int < 170000`,
    );
    expect(skipped).toMatchObject(lacking);
    const archive = dumps.dump(source, 'newer.dump', '-Fc');
    const folder = dumps.path('newer');
    mkdirSync(folder);
    const real = execFileSync('sh', ['-c', 'command -v pg_restore'], { encoding: 'utf8' }).trim();
    const program = join(folder, 'pg_restore');
    writeFileSync(
      program,
      `#!/bin/sh\ncase "$1" in --version) echo "pg_restore (PostgreSQL) 99.1";; *) ${real} "$@" | sed 's/^SET lock_timeout/SET transaction_timeout = 0; SET lock_timeout/';; esac\n`,
    );
    chmodSync(program, 0o755);
    const url = serverUrl({ database: await scratch.database() });
    const { code, stderr } = await startCli(['restore', archive, '--yes', '--jobs', '2'], {
      DATABASE_URL: url,
      PATH: `${folder}:${process.env['PATH'] ?? ''}`,
    }).result;
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('--jobs has no effect') });
    expect(contentOf(url)).toBe(original);
  });

  test('restored by a plain owner: unneeded statements that it may not run are omitted', async () => {
    const owner = await scratch.role('CREATEDB');
    const { url } = await spoiltDatabase(() => undefined, { owner });
    await withClient(serverUrl({ database: new URL(url).pathname.slice(1) }), async (client) =>
      client.query('CREATE EXTENSION pg_stat_statements'),
    );
    for (const format of ['-Fp', '-Fc']) {
      const superuser = serverUrl({ database: new URL(url).pathname.slice(1) });
      const dump = dumps.dump(superuser, `owner${format}`, '--no-owner', '--no-acl', format);
      const { database } = await spoiltDatabase(() => undefined, { owner });
      const target = serverUrl({ database, user: owner, password: owner });
      const { code, stderr } = await restore(
        target,
        dump,
        '--yes',
        ...(format === '-Fc' ? ['--', '--no-owner'] : []),
      );
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: expect.stringContaining('left out: CREATE EXTENSION IF NOT EXISTS pg_stat_statements'),
      });
    }
  });

  test('damaged by a terminal is named as such', async () => {
    const archive = readFileSync(dumps.dump(source, 'terminal.dump', '-Fc'), 'latin1');
    const dump = dumps.path('damaged.dump');
    writeFileSync(dump, archive.replaceAll('\n', '\r\n'), 'latin1');
    const { code, stderr } = await restore(source, dump, '--yes');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('docker exec -t does that'),
    });
  });

  test.each(['-Fp', '-Fc'])(
    'of a database without an encoding, with a name in Latin-1 (%s)',
    async (format) => {
      const name = scratch.newName('ascii');
      await ask(
        `CREATE DATABASE ${quote(name)} TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'`,
      );
      const url = serverUrl({ database: name });
      await withClient(url, async (client) => {
        await client.query(`SET client_encoding = 'LATIN1'`);
        await client.query(
          String.raw`DO $$ BEGIN EXECUTE format('CREATE TABLE %I (a int)', convert_from('\xe4f6', 'SQL_ASCII')); END $$`,
        );
      });
      const dump = dumps.dump(url, `ascii${format}`, format);
      const { code, document } = await runCliJson(['restore', dump, '--yes'], { DATABASE_URL: url });
      expect({ code, document }).toMatchObject({ code: 0, document: { restored: { tables: 1 } } });
    },
  );
});

describeWithTools('a failure', () => {
  test('names file, line and statement, and the state of the old database', async () => {
    const dump = dumps.path('wrong.sql');
    writeFileSync(dump, `CREATE TABLE t (a int);\n\n-- a comment\nINSERT INTO t\nVALUES ('no number');\n`);
    const { database, url } = await spoiltDatabase(() => undefined);
    const { stderr } = await restore(url, dump, '--yes');
    expect(stderr).toContain(
      `Database "${database}" was not restored; the old one is still there: ${dump}, line 4, INSERT INTO t VALUES ('no number'): invalid input syntax for type integer: "no number".`,
    );
    expect(await statesOf(url)).toHaveLength(1);
    writeFileSync(dump, `CREATE TABLE t (a int);\nCOPY t FROM stdin;\n1\nx\n\\.\n`);
    expect((await restore(url, dump, '--yes')).stderr).toContain(`(COPY t, line 2, column a: "x")`);
  });

  test('ends the restore: the next statement is not sent, though it was read meanwhile', async () => {
    const dump = dumps.path('next.sql');
    const next = `DO $$ BEGIN RAISE WARNING 'sent'; END $$;\n`;
    writeFileSync(dump, `CREATE TABLE t (a int);\n${next}SELECT 1/(SELECT 0 FROM pg_sleep(0.2));\n${next}`);
    const { url } = await spoiltDatabase(() => undefined);
    const { stderr } = await restore(url, dump, '--yes');
    expect(stderr.match(/WARNING: sent/g)).toHaveLength(1);
    expect(stderr).toContain('line 3, SELECT 1/');
    await expectUntouched(url);
  });

  test.each([
    ['is gone', 'the old one is not there any more', (name: string) => `DROP DATABASE ${name}`],
    [
      'has another name',
      'the old one is now called "gone',
      (name: string) => `ALTER DATABASE ${name} RENAME TO "gone ${name}"`,
    ],
  ])('says so if the old one %s', async (_what, said, change) => {
    const database = await scratch.database();
    scratch.forget(`gone ${database}`);
    const dump = dumps.path('slow.sql');
    writeFileSync(dump, `CREATE TABLE t (a int);\nSELECT pg_sleep(2);\nSELECT 1/0;\n`);
    const running = startCli(['restore', dump, '--yes'], { DATABASE_URL: serverUrl({ database }) });
    for (;;) {
      const asleep = await ask(`SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'`);
      if (asleep.length > 0) break;
    }
    await ask(change(database));
    const { code, stderr } = await running.result;
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(said) });
  });
});

test('messages of the server are read to their end, however long they are', async () => {
  const dump = dumps.path('long.sql');
  writeFileSync(
    dump,
    `CREATE TABLE t (a int);\nDO $$ BEGIN RAISE WARNING '%', repeat('x', 200000); END $$;\nSELECT repeat('y', 200000);\n`
      .repeat(2)
      .replace(/\nCREATE TABLE t/, '\nCREATE TABLE u'),
  );
  const url = serverUrl({ database: await scratch.database() });
  const { code, stderr } = await restore(url, dump, '--yes');
  expect(code).toBe(0);
  expect(stderr.match(/WARNING: x{200000}$/gm)).toHaveLength(2);
});

test.each([
  ['is not waited for', {}, 'off'],
  ['is waited for where the options of the session say so', { PGOPTIONS: '-c synchronous_commit=on' }, 'on'],
])('the write-ahead log %s at each statement of a dump', async (_what, environment, expected) => {
  const dump = dumps.path('commit.sql');
  writeFileSync(dump, `CREATE TABLE t AS SELECT current_setting('synchronous_commit') AS commit;\n`);
  const url = serverUrl({ database: await scratch.database() });
  const { code } = await runCliJson(['restore', dump, '--yes'], { DATABASE_URL: url, ...environment });
  expect(code).toBe(0);
  const { rows } = await withClient(url, async (client) => client.query('SELECT commit FROM t'));
  expect(rows).toEqual([{ commit: expected }]);
});

test.each([
  ['a bare word', ['otherrole'], '"otherrole" cannot be passed on'],
  ['a variable', ['-v', 'name=value'], 'only psql has variables'],
  ['a variable in one word', ['-Xvname=value'], 'only psql has variables'],
  ['a file for the output', ['-o', 'x'], '-o (--output) cannot be passed on'],
  ['a log', ['--log=x'], '--log (--log-file) cannot be passed on'],
  ['no option at all', ['--nothing'], 'there is no such option'],
])('with a plain dump, %s behind -- is refused before anything is asked', async (_what, words, said) => {
  const dump = dumps.path('options.sql');
  writeFileSync(dump, 'CREATE TABLE t (a int);\n');
  const { code, stderr } = await restore('postgres://localhost:1/none', dump, '--yes', '--', ...words);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(said) });
});

describeWithTools('options that scripts have for psql', () => {
  test('change nothing, and -1 makes all of it one transaction', async () => {
    const url = serverUrl({ database: await scratch.database() });
    const dump = dumps.path('transaction.sql');
    writeFileSync(
      dump,
      `DROP TABLE missing;\nSET transaction_timeout = 0;\nCREATE TABLE t AS SELECT txid_current() AS a;\nINSERT INTO t VALUES (txid_current());\n`,
    );
    const words = ['-1qXwbae', '-v', 'ON_ERROR_STOP=1', '--set=ON_ERROR_STOP=on', '--quiet'];
    expect(await restore(url, dump, '--yes', '--', ...words)).toMatchObject({ code: 0 });
    const { rows } = await withClient(url, async (client) => client.query('SELECT DISTINCT a FROM t'));
    expect(rows).toHaveLength(1);
  });
});
