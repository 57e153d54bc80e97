import {
  cloneDatabase,
  createDatabase,
  diagnose,
  dropDatabase,
  listSessions,
  protectDatabase,
  recreateDatabase,
  renameDatabase,
  swapDatabase,
  terminateSessions,
  unprotectDatabase,
  withExclusiveAccess,
  type OperationOptions,
  type Queryable,
  type Target,
} from '@pg-evict/core';
import { useOwnServer } from '../../support/own-server.js';
import { type OpenSession, useSessions } from '../../support/sessions.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, serverUrl, uniqueName, withClient } from '../../support/server.js';
import { failureOf } from '../../support/core/failure.js';
import {
  alive,
  markerOf,
  pidsOf,
  privateDatabasesFor,
  stillAtWork,
  targetOf,
} from '../../support/core/target.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
// A crash loses what was not waited for; the label must not be among it.
const server = useOwnServer({ synchronous_commit: 'on' });

const sessionOn = useSessions();

async function sessionsOn(...databases: string[]): Promise<OpenSession[]> {
  const kinds = ['idle', 'idle in transaction', 'active'] as const;
  return Promise.all(
    databases.flatMap((database) => kinds.map(async (kind) => sessionOn(database, { kind }))),
  );
}

const commentOf = async (database: string): Promise<string | null | undefined> =>
  (
    await ask<{ comment: string | null }>(
      `SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1`,
      [database],
    )
  )[0]?.comment;

test.each(['protecting', 'unprotecting'])(
  '%s that waits for a lock ends at its deadline, names the holder, and has no effect later',
  async (what) => {
    const database = await scratch.database();
    if (what === 'unprotecting') await protectDatabase(targetOf(database), 'kept');
    const before = await commentOf(database);
    const holder = await sessionOn('postgres');
    await holder.client.query(`BEGIN; COMMENT ON DATABASE "${database}" IS 'of another session'`);
    const options = { timeoutMs: 3000 };
    const target = targetOf(database);
    const error = await failureOf(
      what === 'protecting' ? protectDatabase(target, 'late', options) : unprotectDatabase(target, options),
    );
    expect(error).toMatchObject({ code: 'BLOCKED', blockers: [{ kind: 'lock', name: String(holder.pid) }] });
    expect(await stillAtWork(target)).toEqual([]);
    await holder.client.query('ROLLBACK');
    expect(await commentOf(database)).toBe(before);
    await holder.close();
  },
);

type Operate = (target: Target, second: string) => Promise<unknown>;
const operations: Record<string, Operate> = {
  drop: async (target) => dropDatabase(target, { ifExists: true }),
  'drop, as a dry run': async (target) => dropDatabase(target, { dryRun: true }),
  recreate: async (target) => recreateDatabase(target, { ifNotExists: true }),
  rename: async (target) => renameDatabase(target, scratch.newName('to')),
  clone: async (target) => cloneDatabase(target, scratch.newName('to')),
  'clone with settings': async (target) =>
    cloneDatabase(target, scratch.newName('to'), { keepSettings: true }),
  swap: async (target, second) => swapDatabase(target, second),
  'swap, as the other side': async ({ database = '', ...rest }, second) =>
    swapDatabase({ ...rest, database: second }, database),
  'create from it': async ({ database, ...rest }) =>
    createDatabase({ ...rest, database: scratch.newName('to') }, { template: database }),
  'recreate another from it': async ({ database, ...rest }, second) =>
    recreateDatabase({ ...rest, database: second }, { template: database }),
  'exclusive access': async (target) => withExclusiveAccess(target, () => 'had it'),
  terminate: async (target) => terminateSessions(target),
  'terminate, as a dry run': async (target) => terminateSessions(target, { dryRun: true }),
  cancel: async (target) => terminateSessions(target, { cancel: true }),
  'terminate, by a client on it': async ({ database }) =>
    withClient(serverUrl({ database: database ?? '' }), async (client) => terminateSessions(client)),
  'terminate, by a client elsewhere': async ({ database }) =>
    withClient(serverUrl(), async (client) => terminateSessions(client, { database })),
};

async function expectNobodyTouched(sessions: readonly OpenSession[], databases: string[]): Promise<void> {
  expect(await alive(pidsOf(sessions))).toEqual(pidsOf(sessions));
  for (const database of databases) {
    expect(await markerOf(database)).toBe('old');
    expect(await privateDatabasesFor(database)).toEqual([]);
  }
}

describe('the label on the server', () => {
  test.each(Object.keys(operations))('refuses before any session is touched: %s', async (name) => {
    const [database, second] = [await scratch.database(), await scratch.database()];
    await protectDatabase(targetOf(database), 'customers live here');
    const sessions = await sessionsOn(database, second);
    const error = await failureOf(operations[name]?.(targetOf(database), second) ?? Promise.resolve());
    expect(error).toMatchObject({ code: 'PROTECTED', database, terminated: [] });
    expect(error.message).toContain('customers live here');
    expect(error.hint).toContain('unprotectDatabase()');
    const queries = await ask('SELECT FROM pg_stat_activity WHERE pid = ANY ($1) AND state = $2', [
      pidsOf(sessions),
      'active',
    ]);
    expect(queries).toHaveLength(2);
    await expectNobodyTouched(sessions, [database, second]);
  });

  describe('put on by somebody else when all was checked already', () => {
    const atLast: Record<string, (target: Target, options: OperationOptions) => Promise<unknown>> = {
      drop: dropDatabase,
      recreate: recreateDatabase,
      rename: async (target, options) => renameDatabase(target, scratch.newName('to'), options),
      clone: async (target, options) => cloneDatabase(target, scratch.newName('to'), options),
      'exclusive access': async (target, options) => withExclusiveAccess(target, () => 'had it', options),
    };

    test.each(Object.keys(atLast))(
      'and sessions were given time to leave: nobody is touched by a %s',
      async (name) => {
        const database = await scratch.database();
        const sessions = await sessionsOn(database);
        const options: OperationOptions = {
          graceMs: 1,
          onStep: async (step) => {
            if (step === 'checked') await protectDatabase(targetOf(database), 'customers live here');
          },
        };
        const error = await failureOf(atLast[name]?.(targetOf(database), options) ?? Promise.resolve());
        expect(error).toMatchObject({ code: 'PROTECTED', database, terminated: [] });
        await expectNobodyTouched(sessions, [database]);
      },
    );

    test('and sessions were given time to leave: none is ended by a terminate', async () => {
      const database = await scratch.database();
      const sessions = await sessionsOn(database);
      await withClient(serverUrl(), async (client) => {
        const query = async (text: string, values?: unknown[]): ReturnType<Queryable['query']> => {
          const result = await client.query<Record<string, unknown>>(text, values);
          if (values?.includes('look') === true) await protectDatabase(targetOf(database));
          return result;
        };
        const error = await failureOf(terminateSessions({ query }, { database, graceMs: 1 }));
        expect(error).toMatchObject({ code: 'PROTECTED', database });
      });
      await expectNobodyTouched(sessions, [database]);
    });

    test('and the new database was being filled: the old one stays', async () => {
      const database = await scratch.database();
      const sessions = await sessionsOn(database);
      const recreating = recreateDatabase(targetOf(database), {
        fill: async () => {
          await protectDatabase(targetOf(database), 'customers live here');
        },
      });
      expect(await failureOf(recreating)).toMatchObject({ code: 'PROTECTED', database, terminated: [] });
      expect(await commentOf(database)).toBe('[pg-evict: protected: customers live here]');
      await expectNobodyTouched(sessions, [database]);
    });
  });

  test('listing its sessions is still possible', async () => {
    const database = await scratch.database();
    await protectDatabase(targetOf(database));
    const sessions = await sessionsOn(database);
    expect(pidsOf(await listSessions(targetOf(database)))).toEqual(pidsOf(sessions));
    expect(await diagnose(targetOf(database))).toMatchObject({ database });
  });

  test('an owner without superuser sets it, every role reads it, and no other role removes it', async () => {
    const [owner, other] = [await scratch.role('CREATEDB'), await scratch.role('CREATEDB')];
    const database = await scratch.database(uniqueName('db'), `OWNER "${owner}"`);
    const target = targetOf(database, owner);
    expect(await protectDatabase(target, 'mine')).toEqual({
      database,
      protected: true,
      reason: 'mine',
      changed: true,
    });
    expect(await protectDatabase(target, 'mine')).toMatchObject({ changed: false });
    expect(await failureOf(dropDatabase(targetOf(database, other)))).toMatchObject({ code: 'PROTECTED' });
    const denied = { code: 'PERMISSION_DENIED', hint: `GRANT "${owner}" TO "${other}";` };
    expect(await failureOf(unprotectDatabase(targetOf(database, other)))).toMatchObject(denied);
    expect(await failureOf(protectDatabase(targetOf(database, other), 'theirs'))).toMatchObject(denied);
    expect(await failureOf(dropDatabase(target))).toMatchObject({ code: 'PROTECTED' });
    expect(await unprotectDatabase(target)).toEqual({
      database,
      protected: false,
      reason: null,
      changed: true,
    });
    expect(await unprotectDatabase(target)).toMatchObject({ changed: false });
    expect(await dropDatabase(target)).toMatchObject({ changed: true });
  });

  test.each([
    ["it's ours: 100 % \\n", "don't"],
    ['', ''],
    ['two\nlines', 'reason: with [brackets]\nand a line'],
    ['ends with [brackets]', 'ünïcode 🐘 \\ "x"'],
    ['pg-evict is what protects it, not a label', 'x'],
  ])('keeps the comment the user wrote: %j, and the reason: %j', async (comment, reason) => {
    const database = await scratch.database();
    if (comment !== '') await ask(`COMMENT ON DATABASE "${database}" IS '${comment.replaceAll("'", "''")}'`);
    const before = await commentOf(database);
    const report = await protectDatabase(targetOf(database), reason);
    expect(report).toMatchObject({ protected: true, changed: true });
    expect(report.reason).toBe(reason.replaceAll(/[[\]\n]/g, ' ').trim());
    expect(await protectDatabase(targetOf(database), 'another reason')).toMatchObject({
      protected: true,
      reason: 'another reason',
    });
    expect(await protectDatabase(targetOf(database))).toMatchObject({
      reason: 'another reason',
      changed: false,
    });
    expect(await commentOf(database)).toContain('another reason');
    expect((await commentOf(database))?.startsWith(comment)).toBe(true);
    await unprotectDatabase(targetOf(database));
    expect(await commentOf(database)).toBe(before);
  });

  test('a label written by hand protects as well', async () => {
    const database = await scratch.database();
    for (const label of [
      '[pg-evict: protected]',
      'x [pg-evict: protected: by hand]',
      'x [pg-evict: protected] ',
      '[pg-evict: protected: prod] ticket 42',
      '[pg-evict: protected: see [42] first]',
      '[pg-evict: protected: see 42] first]',
      '[pg-evict:protected]',
      '[PG-EVICT: Protected]',
      '[pg-evict : protected',
      '[pg-evict:\u00a0protected: pasted]',
      '[pg_evict: protected: x]',
      'pg-evict: protected',
      'first\n[pg-evict: protected: x]\nlast',
    ]) {
      await ask(`COMMENT ON DATABASE "${database}" IS '${label}'`);
      expect(await failureOf(dropDatabase(targetOf(database)))).toMatchObject({ code: 'PROTECTED' });
      expect(await unprotectDatabase(targetOf(database))).toMatchObject({ protected: false, changed: true });
      expect((await commentOf(database)) ?? '').not.toMatch(/protected/i);
    }
  });

  test('goes with the database when it is renamed by hand, and not with a copy', async () => {
    const database = await scratch.database();
    await protectDatabase(targetOf(database), 'x');
    const [renamed, copy] = [scratch.forget(`${database}_2`), scratch.forget(`${database}_3`)];
    await ask(`ALTER DATABASE "${database}" RENAME TO "${renamed}"`);
    await ask(`CREATE DATABASE "${copy}" TEMPLATE "${renamed}"`);
    expect(await failureOf(dropDatabase(targetOf(renamed)))).toMatchObject({ code: 'PROTECTED' });
    expect(await dropDatabase(targetOf(copy))).toMatchObject({ changed: true });
  });

  test('survives a restart and a crash of the server', async () => {
    const target = targetOf(await scratch.database());
    await protectDatabase(target, 'for good');
    for (const mode of ['fast', 'immediate'] as const) {
      await server().restart({ mode });
      const error = await failureOf(dropDatabase(target));
      expect(error).toMatchObject({ code: 'PROTECTED' });
      expect(error.message).toContain('for good');
    }
  });

  test('a reason that is not a string is refused, as options in its place are', async () => {
    const database = await scratch.database();
    const reason = { timeoutMs: 5000 } as unknown as string;
    const error = await failureOf(protectDatabase(targetOf(database), reason));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', database });
    expect(await commentOf(database)).toBeNull();
  });

  test('a database that does not exist cannot be protected', async () => {
    const target = targetOf(uniqueName('missing'));
    expect(await failureOf(protectDatabase(target))).toMatchObject({ code: 'DATABASE_NOT_FOUND' });
    expect(await failureOf(unprotectDatabase(target))).toMatchObject({ code: 'DATABASE_NOT_FOUND' });
  });
});

describe('patterns of the configuration', () => {
  const byClient = new Set(['terminate, by a client on it', 'terminate, by a client elsewhere']);
  const byTarget = Object.keys(operations).filter((name) => !byClient.has(name));

  test.each(byTarget)('refuse by name before any session is touched: %s', async (name) => {
    const database = await scratch.database(uniqueName('prod'));
    const second = await scratch.database();
    const sessions = await sessionsOn(database, second);
    const target = { ...targetOf(database), protect: ['staging*', 'prod*'] };
    const error = await failureOf(operations[name]?.(target, second) ?? Promise.resolve());
    expect(error).toMatchObject({ code: 'PROTECTED', database, terminated: [] });
    expect(error.message).toContain('prod*');
    await expectNobodyTouched(sessions, [database, second]);
  });

  test.each([
    ['rename', async (target: Target, to: string) => renameDatabase(target, to)],
    ['clone', async (target: Target, to: string) => cloneDatabase(target, to)],
    [
      'create',
      async ({ connection, protect }: Target, to: string) =>
        createDatabase({ connection, protect, database: to }),
    ],
  ])('refuse a protected name as the new one: %s', async (_, operate) => {
    const database = await scratch.database();
    const to = scratch.newName('prod');
    const error = await failureOf(operate({ ...targetOf(database), protect: ['prod*'] }, to));
    expect(error).toMatchObject({ code: 'PROTECTED', database: to });
    expect(await databaseExists(to)).toBe(false);
  });

  const nowhere = 'postgres://nobody@db.prod.example.com:1/app';
  test.each([
    [['app'], true],
    [['a*'], true],
    [['?pp'], true],
    [['App', 'ap', 'pp', 'app?', 'a.p'], false],
    [[{ host: '*.example.com' }], true],
    [[{ host: '*.PROD.example.com' }], true],
    [[{ host: 'prod' }], false],
    [[{ host: '*.example.com', database: 'other' }], false],
    [[{ host: 'localhost' }, { host: '*.example.com', database: 'a*' }], true],
  ])('match as a whole: %j', async (protect, refused) => {
    const target = { connection: { connectionString: nowhere, connectionTimeoutMillis: 2000 }, protect };
    const error = await failureOf(dropDatabase(target, { timeoutMs: 5000 }));
    expect(error.code === 'PROTECTED').toBe(refused);
  });

  test.each([
    ['PGHOST', '127.0.0.1', '127.0.0.1'],
    ['an empty PGHOST', '', 'localhost'],
  ])('without a host, it is the one that node-postgres connects to: %s', async (_what, variable, host) => {
    const { port, username, password } = new URL(serverUrl());
    const connection = { port: Number(port), user: username, password: decodeURIComponent(password) };
    const database = await scratch.database();
    const before = process.env['PGHOST'];
    try {
      process.env['PGHOST'] = variable;
      const error = await failureOf(dropDatabase({ connection, database, protect: [{ host }] }));
      expect(error).toMatchObject({ code: 'PROTECTED' });
    } finally {
      if (before === undefined) delete process.env['PGHOST'];
      else process.env['PGHOST'] = before;
    }
  });

  test('match any character in a name', async () => {
    const target = { connection: nowhere, database: 'prod\nof two lines', protect: ['prod*'] };
    expect(await failureOf(dropDatabase(target))).toMatchObject({ code: 'PROTECTED' });
  });

  test('a pattern that names neither database nor host protects everything', async () => {
    expect(await failureOf(dropDatabase({ connection: nowhere, protect: [{}] }))).toMatchObject({
      code: 'PROTECTED',
    });
  });
});
