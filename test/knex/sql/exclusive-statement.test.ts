import { KnexFixture, failure } from '../../support/knex/knex-fixture.js';
import { databaseExists, quote, uniqueName } from '../../support/server.js';

/**
 * What the plugin reads in SQL is seen from outside: a statement it takes over is refused in a transaction with
 * IN_TRANSACTION, one it leaves alone is refused by the server, whose errors have an SQLSTATE.
 */
describe('the plugin reads', () => {
  const fixture = new KnexFixture('knex');

  async function verdict(sql: string): Promise<[string, string | null] | 'left alone'> {
    const knex = fixture.connect('postgres');
    let outcome: unknown;
    await knex
      .transaction(async (trx) => {
        outcome = await trx.raw(sql.replaceAll('?', String.raw`\?`)).then(
          () => undefined,
          (error: unknown) => error,
        );
        throw new Error('roll back');
      })
      .catch(() => undefined);
    const { code, database } = (outcome ?? {}) as { code?: string; database?: string };
    return code === 'IN_TRANSACTION' ? ['for itself', database ?? null] : 'left alone';
  }

  const taken: [string, string][] = [
    ['DROP DATABASE x', 'x'],
    ['drop\n\tdatabase X ;', 'x'],
    ['DROP DATABASE IF EXISTS x', 'x'],
    ['DROP DATABASE x WITH (FORCE)', 'x'],
    ['DROP DATABASE x (force, FORCE);', 'x'],
    ['DROP DATABASE "My ""db"""', 'My "db"'],
    ['DROP DATABASE "drop database y"', 'drop database y'],
    ['DROP DATABASE Größe_ÄÖÜ$1', 'größe_ÄÖÜ$1'],
    ['-- first\nDROP /* a /* nested */ comment */ DATABASE x -- last', 'x'],
    ['DROP--\nDATABASE"x"', 'x'],
    ['ALTER DATABASE x RENAME TO y', 'x'],
    ['alter database "X" rename to "Y"', 'X'],
    ['ALTER DATABASE x SET TABLESPACE fast', 'x'],
    ['CREATE DATABASE y TEMPLATE x', 'x'],
    ['CREATE DATABASE y WITH TEMPLATE = x OWNER me', 'x'],
    ['CREATE DATABASE y WITH OWNER = me TEMPLATE "X" ENCODING \'UTF8\' CONNECTION LIMIT = -1', 'X'],
    ["CREATE DATABASE y TEMPLATE 'It''s'", "It's"],
    ['CREATE DATABASE y IS_TEMPLATE false STRATEGY wal_log OID 123456 TEMPLATE x', 'x'],
    ['CREATE DATABASE y ENCODING 6 TEMPLATE x;;', 'x'],
    ["SELECT 'a'; DROP DATABASE x", 'x'],
    ['DROP DATABASE x; SELECT $$ ; $$', 'x'],
    ["SELECT E'it\\'s'; DROP DATABASE x", 'x'],
    ["SELECT $a$ $b$ ' $a$; DROP DATABASE x", 'x'],
  ];
  it.each(taken)('%j', async (sql, database) => {
    expect(await verdict(sql)).toEqual(['for itself', database]);
  });

  const leftAlone = [
    'SELECT 1',
    "SELECT 'DROP DATABASE x'",
    'SELECT $$DROP DATABASE x$$',
    'SELECT $tag$; DROP DATABASE x; $tag$',
    '-- DROP DATABASE x\nSELECT 1',
    '/* DROP DATABASE x */ SELECT 1',
    '/* /* */ DROP DATABASE x */ SELECT 1',
    "SELECT E'\\'; DROP DATABASE x; --'",
    `SELECT 1 AS "DROP DATABASE x; "`,
    'DROP TABLE database',
    'DROP DATABASE',
    'DROP DATABASE IF EXISTS',
    'DROP DATABASE x, y',
    'DROP DATABASE x.y',
    'DROP DATABASE x WITH (LATER)',
    'DROP DATABASE "x',
    'DROP DATABASE ""',
    'DROP DATABASE x /* unfinished',
    String.raw`DROP DATABASE U&"\0078"`,
    `DROP DATABASE ${'x'.repeat(64)}`,
    'DROP DATABASE $1',
    'ALTER DATABASE x SET work_mem TO 4321',
    'ALTER DATABASE x OWNER TO y',
    'ALTER DATABASE x RENAME y',
    'CREATE DATABASE y',
    'CREATE DATABASE y TEMPLATE template0',
    'CREATE DATABASE y TEMPLATE "template1"',
    'CREATE DATABASE y TEMPLATE DEFAULT',
    'CREATE DATABASE y TEMPLATE postgres',
    'CREATE DATABASE template OWNER me',
    String.raw`CREATE DATABASE y TEMPLATE E'\x78'`,
    'CREATE DATABASE y TEMPLATE',
    "COMMENT ON DATABASE x IS 'drop database x'",
    'EXPLAIN DROP DATABASE x',
  ];
  it.each(leftAlone)('and leaves %j to the server', async (sql) => {
    expect(await verdict(sql)).toBe('left alone');
  });

  it('leaves statements with parameters to the server, which takes none there', async () => {
    const attempt = fixture.connect('postgres').raw('DROP DATABASE ?', ['x']);
    await expect(attempt).rejects.toMatchObject({ code: '42601' });
  });

  it('names of every kind, and drops what they name', async () => {
    for (const name of [uniqueName('ÄÖÜ 数据库'), uniqueName('a"b\'c--')]) {
      await fixture.scratch.database(name);
      const opened = await fixture.others(name);
      await fixture.connect('postgres').raw(`DROP DATABASE ${quote(name)}`.replaceAll('?', String.raw`\?`));
      expect(await databaseExists(name)).toBe(false);
      expect(await Promise.all(opened.map(async ({ ended }) => ended))).toHaveLength(3);
    }
  });

  it('a refusal quotes the user’s own words', async () => {
    const error = await failure(fixture.connect('postgres').raw('CREATE DATABASE y TEMPLATE x; SELECT 1'));
    expect(error.message).toContain('CREATE DATABASE needs exclusive access to database "x"');
    expect(error.message).toContain('No session was terminated.');
  });
});
