import { cloneDatabase, recreateDatabase, type OperationReport } from '@pg-evict/core';
import { Scratch } from '../../support/scratch.js';
import { ask, quote, serverMajor, serverUrl, uniqueName, withClient } from '../../support/server.js';
import { databaseFacts } from '../../support/core/database-facts.js';
import { markerOf, targetOf } from '../../support/core/target.js';

const scratch = new Scratch();
const tablespace = uniqueName('Space "1"');
beforeAll(async () => {
  await withClient(serverUrl(), async (client) => {
    // Without a directory of its own; a setting for tests of PostgreSQL itself.
    await client.query('SET allow_in_place_tablespaces = on');
    await client.query(`CREATE TABLESPACE ${quote(tablespace)} LOCATION ''`);
  });
});
afterAll(async () => {
  await scratch.cleanUp();
  await ask(`DROP TABLESPACE ${quote(tablespace)}`);
});

/** Recreates a database and compares all that the catalogs say of it before and after. */
async function recreateAndCompare(database: string, user?: string): Promise<OperationReport> {
  const before = await databaseFacts(database);
  const report = await recreateDatabase(targetOf(database, user));
  expect(await databaseFacts(database)).toEqual(before);
  return report;
}

const settings = [
  `search_path = "$user", 'my schema', 'it''s', 'say "hi"', public`,
  `work_mem = '7MB'`,
  `statement_timeout = 12345`,
  `timezone = 'America/New_York'`,
  `datestyle = 'SQL, DMY'`,
  `application_name = 'a, "b" \\ c''s'`,
  `enable_seqscan = off`,
  `random_page_cost = 1.5`,
  `temp_tablespaces = ''`,
  `default_text_search_config = 'pg_catalog.simple'`,
];
// Of settings that no module has defined, PostgreSQL lets only a superuser set the value for a database.
const superuserSettings = [
  `log_min_duration_statement = 250`,
  `my_app.mode = 'it''s "quoted", with \\ and , and = signs'`,
  `"MyApp"."Other" = ''`,
];

interface Rich {
  readonly database: string;
  readonly owner: string;
  readonly reader: string;
  readonly third: string;
}

/** A database with everything that can be set on one. */
async function rich(options: { superuserSettings?: boolean; owner?: string } = {}): Promise<Rich> {
  const owner = options.owner ?? (await scratch.role('CREATEDB', uniqueName(`Owner's "x"`)));
  const [reader, third] = [await scratch.role('', uniqueName('Reader "r"')), await scratch.role()];
  const database = await scratch.database(
    uniqueName('Rich "db"'),
    `OWNER ${quote(owner)} CONNECTION LIMIT 17 TABLESPACE ${quote(tablespace)}`,
  );
  const name = quote(database);
  const all = [...settings, ...(options.superuserSettings === false ? [] : superuserSettings)];
  await ask(
    [
      ...all.map((setting) => `ALTER DATABASE ${name} SET ${setting}`),
      `COMMENT ON DATABASE ${name} IS E'it''s "mine"\\n\\\\ 数据库 $$ \\\\n'`,
      `REVOKE ALL ON DATABASE ${name} FROM PUBLIC`,
      `REVOKE CREATE ON DATABASE ${name} FROM ${quote(owner)}`,
      `GRANT TEMPORARY ON DATABASE ${name} TO PUBLIC`,
      `GRANT CONNECT ON DATABASE ${name} TO ${quote(reader)} WITH GRANT OPTION`,
      `GRANT CREATE ON DATABASE ${name} TO ${quote(third)}`,
    ].join(';'),
  );
  return { database, owner, reader, third };
}

test('a superuser’s recreate keeps everything: owner, tablespace, limit, comment, settings, granted privileges', async () => {
  const { database, reader, third } = await rich();
  const name = quote(database);
  await ask(
    `SET ROLE ${quote(reader)}; GRANT CONNECT ON DATABASE ${name} TO ${quote(third)} WITH GRANT OPTION`,
  );
  await ask(`SET ROLE ${quote(third)}; GRANT CONNECT ON DATABASE ${name} TO pg_monitor`);
  await ask(`ALTER ROLE ${quote(reader)} IN DATABASE ${name} SET search_path = 'a b', "C", public;
    ALTER ROLE ${quote(reader)} IN DATABASE ${name} SET log_statement = 'all';
    ALTER ROLE ${quote(third)} IN DATABASE ${name} SET my_app.mode = E'x\\\\y''z'`);
  const report = await recreateAndCompare(database);
  expect(report.notCarriedOver).toEqual([]);
  expect(await markerOf(database)).toBeUndefined();
});

test('an owner without superuser keeps everything that it may', async () => {
  const { database, owner } = await rich({ superuserSettings: false });
  await ask(`GRANT CREATE ON TABLESPACE ${quote(tablespace)} TO ${quote(owner)};
    ALTER ROLE ${quote(owner)} IN DATABASE ${quote(database)} SET search_path = 'a b', "C", public`);
  const report = await recreateAndCompare(database, owner);
  expect(report.notCarriedOver).toEqual([]);
  await ask(`REVOKE ALL ON TABLESPACE ${quote(tablespace)} FROM ${quote(owner)}`);
});

test('the report lists each setting that the owner may not carry over, with the reason, and the rest is kept', async () => {
  const { database, owner, reader, third } = await rich();
  const name = quote(database);
  await ask(`SET ROLE ${quote(reader)}; GRANT CONNECT ON DATABASE ${name} TO ${quote(third)}`);
  await ask(`ALTER ROLE ${quote(reader)} IN DATABASE ${name} SET work_mem = '1MB'`);
  const before = await databaseFacts(database);
  const dryRun = await recreateDatabase(targetOf(database, owner), { dryRun: true });
  expect(dryRun.notCarriedOver).toMatchObject([{ setting: `TABLESPACE "${tablespace}"` }]);
  const { notCarriedOver } = await recreateDatabase(targetOf(database, owner));
  expect(notCarriedOver).toEqual(
    expect.arrayContaining([
      { setting: `TABLESPACE "${tablespace}"`, reason: expect.stringContaining('CREATE') },
      { setting: 'SET log_min_duration_statement', reason: expect.stringMatching(/permission denied/) },
      { setting: 'SET my_app.mode', reason: expect.stringMatching(/permission denied/) },
      { setting: 'SET MyApp.Other', reason: expect.stringMatching(/permission denied/) },
      { setting: `SET work_mem of role "${reader}"`, reason: expect.stringMatching(/./) },
      { setting: `GRANT CONNECT TO "${third}"`, reason: expect.stringMatching(/permission denied|must be/) },
    ]),
  );
  expect(notCarriedOver).toHaveLength(6);
  const after = await databaseFacts(database);
  const lost = /log_min_duration|my_app|MyApp|^Reader.*work_mem/;
  expect(after).toEqual({
    ...before,
    tablespace: 'pg_default',
    settings: (before['settings'] as string[]).filter((setting) => !lost.test(setting)),
    acl: (before['acl'] as string[]).filter((item) => !item.startsWith(`${reader} gives`)),
  });
});

test('a member of the role that owns the database leaves it its owner', async () => {
  const group = await scratch.role();
  const member = await scratch.role('CREATEDB');
  await ask(`GRANT ${quote(group)} TO ${quote(member)}`);
  const { database } = await rich({ superuserSettings: false, owner: group });
  await ask(`GRANT CREATE ON TABLESPACE ${quote(tablespace)} TO ${quote(group)}, ${quote(member)}`);
  const report = await recreateAndCompare(database, member);
  expect(report.notCarriedOver).toEqual([]);
  await ask(`REVOKE ALL ON TABLESPACE ${quote(tablespace)} FROM ${quote(group)}, ${quote(member)}`);
});

// What a member may do with a role can be told apart since 16.
if (serverMajor >= 16)
  test('a member that may not set the role of the owner becomes the owner, and the report says so', async () => {
    const [group, member] = [await scratch.role(), await scratch.role('CREATEDB')];
    await ask(`GRANT ${quote(group)} TO ${quote(member)} WITH INHERIT TRUE, SET FALSE`);
    const database = await scratch.database(uniqueName('db'), `OWNER ${quote(group)}`);
    await ask(
      `COMMENT ON DATABASE ${quote(database)} IS 'kept'; REVOKE ALL ON DATABASE ${quote(database)} FROM PUBLIC`,
    );
    const report = await recreateDatabase(targetOf(database, member));
    expect(report.notCarriedOver).toMatchObject([{ setting: `OWNER "${group}"` }]);
    expect(await databaseFacts(database)).toMatchObject({ owner: member, comment: 'kept' });
  });

test.each([
  ['template flag', 'IS_TEMPLATE true'],
  ['refused connections', 'ALLOW_CONNECTIONS false'],
  ['a connection limit of 0', 'CONNECTION LIMIT 0'],
])('%s is kept', async (_, option) => {
  const database = await scratch.database();
  await ask(`ALTER DATABASE ${quote(database)} ${option}`);
  expect((await recreateAndCompare(database)).leftovers).toEqual([]);
});

test('privileges that were all revoked stay revoked', async () => {
  const database = await scratch.database();
  await ask(`REVOKE ALL ON DATABASE ${quote(database)} FROM PUBLIC, CURRENT_USER`);
  expect((await recreateAndCompare(database)).notCarriedOver).toEqual([]);
});

const locales: [string, number, string][] = [
  ['the C locale', 13, `TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`],
  ['LATIN1', 13, `TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'`],
  ['SQL_ASCII', 13, `TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'`],
  [
    'an ICU locale',
    15,
    `TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de-AT' ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`,
  ],
  [
    'an ICU locale with rules',
    16,
    `TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en' ICU_RULES '&a < ''b'' < z' ENCODING 'UTF8'`,
  ],
  [
    'a builtin locale',
    17,
    `TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' ENCODING 'UTF8'`,
  ],
  [
    'a builtin locale beside a libc one',
    17,
    `TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C' ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`,
  ],
];

describe.each(locales.filter(([, since]) => serverMajor >= since))('%s', (_, __, options) => {
  test('is kept by a superuser and by an owner without superuser', async () => {
    const owner = await scratch.role('CREATEDB');
    const database = await scratch.database(uniqueName('db'), `OWNER ${quote(owner)} ${options}`);
    expect((await recreateAndCompare(database)).notCarriedOver).toEqual([]);
    expect((await recreateAndCompare(database, owner)).notCarriedOver).toEqual([]);
  });

  test('is that of a clone as well', async () => {
    const database = await scratch.database(uniqueName('db'), options);
    const [plain, kept] = [scratch.newName('clone'), scratch.newName('clone')];
    await cloneDatabase(targetOf(database), plain);
    await cloneDatabase(targetOf(database), kept, { keepSettings: true });
    expect(await databaseFacts(plain)).toEqual(await databaseFacts(database));
    expect(await databaseFacts(kept)).toEqual(await databaseFacts(database));
  });
});

test('a recreate of a recreate changes nothing more', async () => {
  const { database } = await rich();
  await recreateAndCompare(database);
  expect((await recreateAndCompare(database)).notCarriedOver).toEqual([]);
});
