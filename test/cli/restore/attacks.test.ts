import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { ask, quote, serverUrl, withClient } from '../../support/server.js';
import { describeWithTools } from '../../support/cli/dump-tools.js';
import { restore, useRestore } from '../../support/cli/spoilt-database.js';

const { scratch, dumps, hasTools } = useRestore();

let database = '';
let victim = '';
let role = '';
beforeAll(async () => {
  if (!hasTools) return;
  [database, victim, role] = [await scratch.database(), await scratch.database(), await scratch.role()];
});

/** Everything on the server that a dump of one database must not reach. */
async function world(): Promise<unknown> {
  const rows = await ask(
    `SELECT array(SELECT (oid, datname, datdba, datacl, datconnlimit, datistemplate, datallowconn,
                          shobj_description(oid, 'pg_database'))::text
                  FROM pg_database WHERE datname !~ '^pg_evict_' AND datname <> $1 ORDER BY 1) AS databases,
       array(SELECT pg_authid::text FROM pg_authid ORDER BY 1) AS roles,
       array(SELECT (roleid, member)::text FROM pg_auth_members ORDER BY 1) AS members,
       array(SELECT s::text FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = setdatabase
                  WHERE datname IS DISTINCT FROM $1 ORDER BY 1) AS settings,
       array(SELECT pg_tablespace::text FROM pg_tablespace ORDER BY 1) AS tablespaces,
       array(SELECT gid FROM pg_prepared_xacts) AS prepared,
       array(SELECT (name, setting)::text FROM pg_settings WHERE source = 'configuration file' ORDER BY 1) AS configured`,
    [database],
  );
  const tables = await withClient(serverUrl({ database: victim }), async (client) =>
    client.query(
      `SELECT c.oid, relname, relowner, relacl, (SELECT content FROM marker) FROM pg_class c
       WHERE relnamespace = 'public'::regnamespace ORDER BY 1`,
    ),
  );
  return [rows, tables.rows];
}

/** Restores what is in a file; neither the rest of the server nor the client's disk may be touched by it. */
async function attack(
  content: Buffer | string,
  ...args: string[]
): Promise<{ code: number | null; stderr: string }> {
  const dump = dumps.path('attack.sql');
  writeFileSync(dump, content);
  const before = await world();
  const owned = dumps.path('owned');
  const { code, stderr } = await restore(serverUrl({ database }), dump, '--yes', ...args);
  expect(await world()).toEqual(before);
  expect(existsSync(owned)).toBe(false);
  return { code, stderr };
}

const table = 'CREATE TABLE t (a text);';

describeWithTools('a dump made to reach beyond its database', () => {
  test.each([
    ['a carriage return ends a comment', () => `-- made by x\rdrop database ${victim};`],
    ['a vertical tab is white space', () => `DROP\vDATABASE ${victim};`],
    ['a form feed and comments are white space', () => `/* a /* b */ */ DROP\f--\nDATABASE ${victim};`],
    ['it has a byte order mark', () => `\uFEFFDROP DATABASE ${victim};`],
    ['a rename', () => `ALTER DATABASE ${victim} RENAME TO gone;`],
    ['a name with escapes', () => `ALTER DATABASE U&"\\0061pp" RENAME TO gone;`],
    [
      'a string that ends where its escapes let it',
      () =>
        `${table}\nINSERT INTO t VALUES (E'a'\n  'it\\'');\nALTER DATABASE ${victim} RENAME TO gone;\n-- that's all`,
    ],
    ['a setting of a role in a database', () => `ALTER ROLE ALL IN DATABASE ${victim} SET work_mem = '7MB';`],
    ['a setting of a role', () => `ALTER USER ${role} SET work_mem = '7MB';`],
    ['a password', () => `ALTER ROLE ${role} PASSWORD 'x';`],
    ['a role', () => `CREATE ROLE ${role}_2 SUPERUSER;`],
    ['a role, dropped', () => `DROP USER ${role};`],
    ['a membership', () => `GRANT pg_signal_backend TO ${role};`],
    ['a membership, revoked', () => `REVOKE ADMIN OPTION FOR pg_signal_backend FROM ${role};`],
    ['a privilege on a database', () => `GRANT ALL ON DATABASE ${victim} TO ${role};`],
    [
      'a privilege on a database, within a schema',
      () => `CREATE SCHEMA s GRANT ALL ON DATABASE ${victim} TO ${role};`,
    ],
    ['a privilege on two databases', () => `REVOKE ALL ON DATABASE ${database}, ${victim} FROM PUBLIC;`],
    ['a comment on another database', () => `\\connect x\nCOMMENT ON DATABASE ${victim} IS 'x';`],
    ['a comment on a role', () => `COMMENT ON ROLE ${role} IS 'x';`],
    ['owned objects, reassigned', () => `REASSIGN OWNED BY CURRENT_USER TO ${role};`],
    ['owned objects, dropped', () => `DROP OWNED BY ${role};`],
    ['a setting of the server', () => `ALTER SYSTEM SET work_mem = '7MB';`],
    ['a library', () => `LOAD 'auto_explain';`],
    ['a prepared transaction', () => `BEGIN; ${table} PREPARE TRANSACTION 'kept';`],
    [
      'a catalog that is shared',
      () => `UPDATE pg_catalog.pg_database SET datistemplate = true WHERE datname = '${victim}';`,
    ],
    ['the same without its schema', () => `delete from only pg_authid where rolname = '${role}';`],
    ['the same by COPY', () => `COPY pg_db_role_setting FROM stdin;\n0\t10\t{work_mem=7MB}\n\\.\n`],
    ['the same with a name by escapes', () => `UPDATE U&"pg\\005Fdatabase" SET datistemplate = true;`],
    ['the same in its schema', () => `COPY pg_catalog.U&"pg\\005Fauthid" FROM stdin;\n\\.\n`],
    ['the same within WITH', () => `WITH w AS (DELETE FROM pg_db_role_setting RETURNING 1) SELECT 1;`],
    [
      'the same within parentheses',
      () => `(WITH w AS (UPDATE ONLY pg_database SET datistemplate = true RETURNING 1) SELECT 1);`,
    ],
    [
      'the same within a table that is made',
      () => `CREATE TABLE t AS WITH w AS (DELETE FROM pg_authid RETURNING 1) SELECT 1;`,
    ],
    [
      'the same within EXPLAIN',
      () => `EXPLAIN ANALYZE INSERT INTO pg_catalog.pg_db_role_setting VALUES (0, 10, '{work_mem=7MB}');`,
    ],
    [
      'the same, prepared',
      () => `PREPARE p AS DELETE FROM pg_db_role_setting WHERE setrole = 10; EXECUTE p;`,
    ],
    ['the same within COPY', () => `COPY (DELETE FROM pg_shdescription RETURNING 1) TO STDOUT;`],
    ['catalogs that may be changed', () => `SET LOCAL "allow_system_table_mods" = on;`],
    ['the same in capitals', () => `SET SESSION Allow_System_Table_Mods TO on;`],
    ['the same by a name with escapes', () => `SET U&"allow\\005Fsystem_table_mods" = on;`],
    ['the same with other escapes', () => `SET U&"allow!005Fsystem_table_mods" UESCAPE '!' = on;`],
    ['the same by a function', () => `SELECT pg_catalog.set_config('allow_system_table_mods', 'on', false);`],
    ['the same, the function quoted', () => `SELECT "set_config"('ALLOW_system_table_mods', 'on', true);`],
    [
      'the same, the function by escapes',
      () => `SELECT U&"set\\005Fconfig"('allow_system_table_mods', 'on', true);`,
    ],
    ['the same, put together', () => `SELECT 1, set_config('allow_' || 'system_table_mods', 'on', false);`],
    ['the same, in two lines', () => `SELECT set_config('allow_'\n'system_table_mods', 'on', false);`],
    [
      'the same by escapes in the string',
      () => `SELECT set_config(E'allow\\137system_table_mods', 'on', false);`,
    ],
    ['the same in values', () => `VALUES (1, set_config('allow_system_table_mods', 'on', false));`],
    [
      'the same in a table that is made',
      () => `CREATE TABLE t AS SELECT set_config('allow_system_table_mods', 'on', false);`,
    ],
    ['the same in a view of settings', () => `UPDATE pg_settings SET setting = 'on' WHERE name ~ 'mods';`],
    [
      'the same for a function',
      () =>
        `CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql SET allow_system_table_mods = on AS 'SELECT 1';`,
    ],
    ['the same for a function, later', () => `ALTER FUNCTION f() SET allow_system_table_mods = on;`],
    ['the same for a role', () => `ALTER ROLE CURRENT_USER SET allow_system_table_mods = on;`],
    ['the same for the database', () => `ALTER DATABASE ${database} SET allow_system_table_mods = on;`],
    ['a shared catalog, dropped', () => `DROP TABLE IF EXISTS t, pg_catalog.pg_shdescription;`],
    ['its index', () => `DROP INDEX pg_shdescription_o_c_index;`],
    ['a shared catalog, changed', () => `ALTER TABLE ONLY pg_authid ADD COLUMN a int;`],
    [
      'where long values of it are',
      () => `ALTER TABLE pg_toast.pg_toast_1262 SET (autovacuum_enabled = off);`,
    ],
    ['an index on it', () => `CREATE UNIQUE INDEX i ON pg_catalog.pg_authid (rolname);`],
    ['a rule on it', () => `CREATE OR REPLACE RULE r AS ON INSERT TO pg_database DO INSTEAD NOTHING;`],
    ['a lock on it', () => `BEGIN; LOCK TABLE pg_catalog.pg_authid; COMMIT;`],
    ['a role called mapping', () => `CREATE USER mapping SUPERUSER;`],
    ['a setting of a role called mapping', () => `ALTER USER mapping SET work_mem = '7MB';`],
    ['a role called mapping, dropped', () => `DROP USER mapping, ${role};`],
    [
      'a subscription of which the slot goes with it',
      () =>
        `CREATE SUBSCRIPTION s CONNECTION 'dbname=${victim}' PUBLICATION p WITH (connect = false, slot_name = 'theirs'); DROP SUBSCRIPTION s;`,
    ],
    [
      'a subscription of which the slot is changed',
      () =>
        `CREATE SUBSCRIPTION s CONNECTION 'dbname=${victim}' PUBLICATION p WITH (connect = false); ALTER SUBSCRIPTION s SET (slot_name = 'theirs');`,
    ],
    ['a file of the server', () => `${table} COPY t TO '${dumps.path('owned')}';`],
    [
      'a file of the server, behind STDIN',
      () => `${table} COPY (SELECT a AS stdin FROM t) TO '${dumps.path('owned')}';`,
    ],
    ['a program', () => `${table} COPY t FROM PROGRAM 'touch ${dumps.path('owned')}';`],
    [
      'a subscription',
      () => `CREATE SUBSCRIPTION s CONNECTION 'dbname=${victim}, connect = false' PUBLICATION p;`,
    ],
    ['\\connect', () => `\\connect ${victim}\n${table}`],
    ['\\c behind a semicolon', () => `SELECT 1; \\c ${victim}\n${table}`],
    [
      '\\connect to another server',
      () => `\\connect -reuse-previous=on "dbname='${database}' host='elsewhere'"`,
    ],
    ['\\!', () => `\\! touch ${dumps.path('owned')}\n`],
    ['\\copy', () => `${table}\n\\copy t to '${dumps.path('owned')}'\n`],
    ['\\o', () => `\\o ${dumps.path('owned')}\n`],
    ['\\gexec on a line of its own', () => `SELECT 'DROP DATABASE ${victim}'\n;\\gexec\n`],
    [
      '\\restrict and something behind it',
      () => `\\restrict x\n\\unrestrict x\n\\! touch ${dumps.path('owned')}\n`,
    ],
  ])('is refused: %s', async (_what, content) => {
    const { code, stderr } = await attack(`${content()}\n`);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(' is refused: ') });
  });

  test.each([
    ['off', 'SET standard_conforming_strings TO off;'],
    ['quoted', "SET standard_conforming_strings = 'off';"],
    ['a number', 'SET standard_conforming_strings = 0;'],
    ['of the session', 'SET SESSION standard_conforming_strings = no;'],
    ['by a function', "SELECT set_config('standard_conforming_strings', 'off', false);"],
    ['in a block', "DO $$ BEGIN PERFORM set_config('standard_conforming_strings', 'off', false); END $$;"],
    ['by a name with escapes', 'SET U&"\\0073tandard_conforming_strings" = off;'],
  ])('is read with backslashes as escapes where the server reads them so: %s', async (_how, setting) => {
    const inside = `it\\');\n\\connect ${victim}\nCREATE TABLE written_elsewhere (a int);`;
    const { code } = await attack(`${table}\n${setting}\nINSERT INTO t VALUES ('${inside}');\n`);
    expect(code).toBe(0);
    const rows = await withClient(serverUrl({ database }), async (client) => client.query('SELECT a FROM t'));
    expect(rows.rows).toEqual([{ a: inside.replaceAll('\\', '') }]);
  });

  test('is read in the same way if that is a setting of the old database or of PGOPTIONS', async () => {
    const text = `it\\');\n\\connect ${victim}\nCREATE TABLE x (a int);`;
    await ask(`ALTER DATABASE ${quote(database)} SET standard_conforming_strings = off`);
    const { code } = await attack(`${table}\nINSERT INTO t VALUES ('${text}');\n`);
    await ask(`ALTER DATABASE ${quote(database)} RESET ALL`);
    expect(code).toBe(0);
  });

  test.each([
    [
      'a string that goes on in the next line keeps its escapes',
      String.raw`E'a'
  'it\');
ALTER DATABASE victim RENAME TO gone;
-- that is all'`,
      String.raw`ait');
ALTER DATABASE victim RENAME TO gone;
-- that is all`,
    ],
    ['the same behind a comment', "E'a' -- x\n  -- y\r\n'it\\'s; \\\\connect x'", "ait's; \\connect x"],
    ['a tag of a dollar quote has other letters', '$ä1$\\! x\n$ä$;$ä1$', '\\! x\n$ä$;'],
    ['a comment is within a comment', "'a' /* /* */ \\! x\n */ || 'b'", 'ab'],
  ])('%s', async (_what, literal, value) => {
    const { code, stderr } = await attack(
      `${table}\nSET client_encoding = 'UTF8';\nINSERT INTO t VALUES (${literal});\n`,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const rows = await withClient(serverUrl({ database }), async (client) => client.query('SELECT a FROM t'));
    expect(rows.rows).toEqual([{ a: value }]);
  });

  test.each([
    ['SJIS', [0x83, 0x5c], 'ソ'],
    ['BIG5', [0xa5, 0x5c], '功'],
    ['GBK', [0x81, 0x5c], '乗'],
    ['GB18030', [0x81, 0x5c], '乗'],
    ['GB18030', [0x81, 0x30, 0x84, 0x36], '¥'],
  ])(
    'a byte 0x5c that is half of a character escapes nothing (%s, %j)',
    async (encoding, bytes, character) => {
      for (const [prefix, setting] of [
        ['E', 'on'],
        ['', 'off'],
      ]) {
        const content = Buffer.concat([
          Buffer.from(
            `${table}\nSET client_encoding = '${encoding}';\nSET standard_conforming_strings = ${setting};\n`,
          ),
          Buffer.from(`INSERT INTO t VALUES (${prefix}'`),
          Buffer.from(bytes),
          Buffer.from(`');\n-- ');\n\n`),
        ]);
        const { code, stderr } = await attack(content);
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        const rows = await withClient(serverUrl({ database }), async (client) =>
          client.query('SELECT a FROM t'),
        );
        expect(rows.rows).toEqual([{ a: character }]);
      }
    },
  );

  test('COPY to the client prints nothing and ends nothing, whatever is in it', async () => {
    const { code, stderr } = await attack(
      `create table stdin (a int);\ncopy (select a from stdin) to stdout;\n\\! touch ${dumps.path('owned')}\n/*\n\\.\n*/\n`,
    );
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('\\! is refused') });
    expect(await attack('create table stdin (a int);\ncopy (select a from stdin) to stdout;\n')).toEqual({
      code: 0,
      stderr: '',
    });
  });

  test('data for which the server did not ask are no data', async () => {
    const { code, stderr } = await attack(`${table}\nSELECT 1;\nsome data\n\\.\n`);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('syntax error at or near "some"'),
    });
    expect(await attack(`${table}\nCOPY missing FROM stdin;\nDROP DATABASE ${victim};\n\\.\n`)).toEqual({
      code: 1,
      stderr: expect.stringContaining('relation "missing" does not exist'),
    });
  });

  test('the server refuses two commands in one message', async () => {
    const { code, stderr } = await attack(
      `CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ SELECT $$ SET begin TO x; DROP DATABASE ${victim}; end;\n`,
    );
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('multiple commands') });
  });

  test('a zero byte does not end a statement', async () => {
    const filler = `-- ${'x'.repeat(1000)}\n`.repeat(400);
    const { code, stderr } = await attack(`${filler}${table}\nSELECT 1\0\0\0; DROP DATABASE ${victim};\n`);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('it has a zero byte in it'),
    });
  });

  test('statements on the database that the dump was made from are omitted, never sent, and reported', async () => {
    const { code, stderr } = await attack(
      `DROP DATABASE IF EXISTS ${victim};\nCREATE DATABASE ${victim} ENCODING 'LATIN1';\n\\connect ${victim}\n${table}
       ALTER DATABASE ${victim} SET work_mem = '7MB';\nGRANT ALL ON DATABASE ${victim} TO PUBLIC;
       ALTER ROLE ${role} IN DATABASE ${victim} SET work_mem = '7MB';\nCOMMENT ON DATABASE ${victim} IS 'x';`,
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^left out: DROP DATABASE IF EXISTS .*; and 3 more \(the database keeps its own settings/m,
    );
    expect(await attack(`CREATE DATABASE "My ""db""";\n\\connect "My ""db"""\n${table}\n`)).toMatchObject({
      code: 0,
    });
  });

  test('nothing in the environment changes what is run', async () => {
    const before = process.env['PSQLRC'];
    process.env['PSQLRC'] = dumps.path('psqlrc');
    writeFileSync(dumps.path('psqlrc'), `\\! touch ${dumps.path('owned')}\n`);
    expect(await attack(`${table}\n`)).toEqual({ code: 0, stderr: '' });
    if (before === undefined) delete process.env['PSQLRC'];
    else process.env['PSQLRC'] = before;
  });
});

describeWithTools('an archive made to reach beyond its database', () => {
  const room = 'x'.repeat(50);
  const wide = `${room}1234567890`;
  let archive = Buffer.alloc(0);
  let source = '';

  beforeAll(async () => {
    if (!hasTools) return;
    source = await scratch.database();
    await withClient(serverUrl({ database: source }), async (client) =>
      client.query(
        `CREATE TABLE t (a text, ${room} text); INSERT INTO t VALUES ('x'); CREATE SEQUENCE s_${room};
         CREATE VIEW v AS SELECT 1 AS ${room}; CREATE INDEX ${room} ON t (a);
         CREATE FUNCTION ${wide}() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
      ),
    );
    archive = readFileSync(dumps.dump(serverUrl({ database: source }), 'source.dump', '-Fc', '-Z0'));
  });

  /** Puts a statement into the archive, in the place of another that is as long. */
  function withStatement(begins: string, statement: string, of = archive): Buffer {
    const at = of.indexOf(begins);
    const length = of.readUInt32LE(at - 4);
    expect(at).toBeGreaterThan(0);
    expect(statement.length).toBeLessThanOrEqual(length);
    const changed = Buffer.from(of);
    changed.write(statement.padEnd(length), at, 'latin1');
    return changed;
  }

  const rename = (): string => `ALTER DATABASE ${victim} RENAME TO gone;`;
  test.each([
    ['a view', () => withStatement('CREATE VIEW', rename())],
    ['behind a view', () => withStatement('CREATE VIEW', `SELECT 1;;${rename()}`)],
    [
      'behind what looks like the body of a function',
      () => withStatement('CREATE FUNCTION', `CREATE FUNCTION f(begin int);${rename()}`),
    ],
    ['an index', () => withStatement('CREATE INDEX', `ALTER SYSTEM SET work_mem='7MB';`)],
    ['the value of a sequence', () => withStatement('SELECT pg_catalog.setval', rename())],
    ['data', () => withStatement('COPY public.t', `COPY t FROM PROGRAM 'touch ${dumps.path('owned')}';`)],
    ['what begins data', () => withStatement('COPY public.t', rename())],
    [
      'what drops a function, of which its owner is made',
      () => withStatement('DROP FUNCTION', `DROP SYSTEM SET work_mem='7MB';--`),
    ],
  ])('is never left to pg_restore: %s', async (_what, content) => {
    const { code, stderr } = await attack(content(), '--jobs=2');
    expect(stderr).toContain('--jobs has no effect: each statement is examined, because of "');
    expect(stderr).not.toContain('pg_restore: error');
    expect(code).not.toBe(0);
  });

  test.each([
    ['a tar', '-Ft', ''],
    ['a directory', '-Fd', '/toc.dat'],
  ])('is never left to pg_restore: %s', async (_what, format, contents) => {
    const path = dumps.dump(serverUrl({ database: source }), `source${format}`, format);
    writeFileSync(path + contents, withStatement('CREATE VIEW', rename(), readFileSync(path + contents)));
    const before = await world();
    const { code, stderr } = await restore(serverUrl({ database }), path, '--yes');
    expect(await world()).toEqual(before);
    expect(stderr).toContain('ALTER DATABASE');
    expect(stderr).not.toContain('pg_restore: error');
    expect(code).not.toBe(0);
  });

  test('is run statement by statement where it changes how strings are read', async () => {
    const content = withStatement('CREATE VIEW', 'SET standard_conforming_strings = off;');
    const { stderr } = await attack(content, '--jobs=2');
    expect(stderr).toContain('each statement is examined, because of "VIEW v"');
  });

  test('is left to pg_restore where nothing is wrong with it', async () => {
    expect(await attack(archive, '--jobs=2')).toEqual({ code: 0, stderr: '' });
  });
});
