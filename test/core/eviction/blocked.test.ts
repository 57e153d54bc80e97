import {
  cloneDatabase,
  dropDatabase,
  recreateDatabase,
  renameDatabase,
  swapDatabase,
  type OperationReport,
  type Target,
} from '@pg-evict/core';
import { type OpenSession, useSessions } from '../../support/sessions.js';
import { Scratch } from '../../support/scratch.js';
import { ask, uniqueName, until } from '../../support/server.js';
import { databaseFacts } from '../../support/core/database-facts.js';
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

const sessionOn = useSessions();

type Operation = (
  target: Target,
  options: { timeoutMs?: number; signal?: AbortSignal },
) => Promise<OperationReport>;

const operations: Record<string, Operation> = {
  drop: dropDatabase,
  rename: async (target, options) => renameDatabase(target, scratch.newName('renamed'), options),
  clone: async (target, options) => cloneDatabase(target, scratch.newName('clone'), options),
  swap: async (target, options) => swapDatabase(target, await scratch.database(), options),
  recreate: recreateDatabase,
};
const run = async (name: string, target: Target, options = {}): Promise<OperationReport | undefined> =>
  operations[name]?.(target, options);

async function bystanders(database: string): Promise<OpenSession[]> {
  return Promise.all([sessionOn(database), sessionOn(database, { kind: 'idle in transaction' })]);
}

/** Waits until the operation's statement is under way: it waits for the lock. */
async function waiting(target: ReturnType<typeof targetOf>): Promise<void> {
  await until(async () => {
    const rows = await stillAtWork(target);
    return rows.some(({ state, query }) => state === 'active' && /^(?:DROP|ALTER|CREATE)/.test(query));
  }, 'the statement is under way');
}

/** Everything is as it was: the sessions, the database, and nothing runs any more. */
async function expectUntouched(
  target: ReturnType<typeof targetOf>,
  sessions: readonly OpenSession[],
): Promise<void> {
  expect(await stillAtWork(target)).toEqual([]);
  expect(await alive(pidsOf(sessions))).toEqual(pidsOf(sessions));
  expect(await databaseFacts(target.database)).toMatchObject({ datconnlimit: -1 });
  expect(await markerOf(target.database)).toBe('old');
  expect(await privateDatabasesFor(target.database)).toEqual([]);
}

describe.each(Object.keys(operations))('%s', (name) => {
  test('a prepared transaction blocks it: the error names it with its remedy, no session is terminated, and the remedy works', async () => {
    const database = await scratch.database();
    const session = await sessionOn(database);
    const gid = uniqueName("it's mine");
    await session.client.query(
      `BEGIN; CREATE TABLE t (); PREPARE TRANSACTION '${gid.replaceAll("'", "''")}'`,
    );
    const target = targetOf(database);
    try {
      const error = await failureOf(run(name, target));
      expect(error).toMatchObject({ code: 'BLOCKED', database, terminated: [] });
      expect(error.blockers).toMatchObject([{ kind: 'prepared-transaction', name: gid }]);
      expect(error.hint).toContain(`In database "${database}": ROLLBACK PREPARED`);
      await expectUntouched(target, [session]);
    } finally {
      await session.client.query(`ROLLBACK PREPARED '${gid.replaceAll("'", "''")}'`);
    }
    expect((await run(name, target))?.terminated).toMatchObject([{ pid: session.pid }]);
  });

  // COMMENT locks the database, the others its row. (ALTER DATABASE … SET lets go of its lock at once.)
  const statements: Record<string, (database: string) => string> = {
    'COMMENT ON DATABASE': (database) => `COMMENT ON DATABASE "${database}" IS 'x'`,
    'ALTER DATABASE … CONNECTION LIMIT': (database) => `ALTER DATABASE "${database}" CONNECTION LIMIT 9`,
    GRANT: (database) => `GRANT CONNECT ON DATABASE "${database}" TO CURRENT_USER`,
  };
  const holding: Record<string, string[]> = {
    // A copy of a database does not mind that its row or its settings change.
    clone: ['COMMENT ON DATABASE'],
    // A GRANT holds what the others hold: with drop and recreate it is tried as well.
    rename: ['COMMENT ON DATABASE', 'ALTER DATABASE … CONNECTION LIMIT'],
    swap: ['COMMENT ON DATABASE', 'ALTER DATABASE … CONNECTION LIMIT'],
  };

  describe.each(holding[name] ?? Object.keys(statements))('an uncommitted %s of another session', (kind) => {
    const scene = async (): Promise<{
      target: ReturnType<typeof targetOf>;
      holder: OpenSession;
      sessions: OpenSession[];
    }> => {
      const database = await scratch.database();
      const [holder, sessions] = [await sessionOn(), await bystanders(database)];
      await holder.client.query(`BEGIN; ${statements[kind]?.(database) ?? ''}`);
      return { target: targetOf(database), holder, sessions };
    };

    test('is named when the deadline passes, and no session is terminated', async () => {
      const { target, holder, sessions } = await scene();
      const startedAt = performance.now();
      const error = await failureOf(run(name, target, { timeoutMs: 4000 }));
      expect(performance.now() - startedAt).toBeLessThan(25_000);
      expect(error).toMatchObject({ code: 'BLOCKED', terminated: [] });
      expect(error.blockers).toMatchObject([{ kind: 'lock', name: String(holder.pid) }]);
      expect(error.hint).toContain(`pg_terminate_backend(${holder.pid})`);
      await expectUntouched(target, sessions);
    });

    test('delays the operation, which succeeds when it is gone', async () => {
      const { target, holder, sessions } = await scene();
      const running = run(name, target);
      await waiting(target);
      await holder.client.query('ROLLBACK');
      const report = await running;
      expect(report).toMatchObject({ changed: true });
      expect(pidsOf(report?.terminated ?? [])).toEqual(pidsOf(sessions));
    });

    test('an abort ends the wait immediately, and no session is terminated', async () => {
      const { target, sessions } = await scene();
      const controller = new AbortController();
      const running = failureOf(run(name, target, { signal: controller.signal }));
      await waiting(target);
      controller.abort();
      const startedAt = performance.now();
      const error = await running;
      expect(performance.now() - startedAt).toBeLessThan(25_000);
      expect(error).toMatchObject({ code: 'ABORTED', terminated: [] });
      await expectUntouched(target, sessions);
    });
  });

  test('a session of the database itself that holds such a lock is ended like any other', async () => {
    const database = await scratch.database();
    const session = await sessionOn(database);
    await session.client.query(`BEGIN; COMMENT ON DATABASE "${database}" IS 'x';
      ALTER DATABASE "${database}" CONNECTION LIMIT 9`);
    expect(await run(name, targetOf(database), { timeoutMs: 20_000 })).toMatchObject({
      changed: true,
      terminated: [{ pid: session.pid }],
    });
  });

  test('a signal that was aborted before it began: nothing happens', async () => {
    const database = await scratch.database();
    const [target, sessions] = [targetOf(database), await bystanders(database)];
    const error = await failureOf(run(name, target, { signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ code: 'ABORTED', terminated: [] });
    await expectUntouched(target, sessions);
  });
});

test('a template cannot be dropped: the error has the remedy, no session is terminated, and the remedy works', async () => {
  const database = await scratch.database();
  await ask(`ALTER DATABASE "${database}" IS_TEMPLATE true`);
  const [target, sessions] = [targetOf(database), await bystanders(database)];
  const error = await failureOf(dropDatabase(target));
  expect(error).toMatchObject({ code: 'BLOCKED', blockers: [{ kind: 'template', name: database }] });
  await expectUntouched(target, sessions);
  await ask(/ALTER DATABASE .*?;/.exec(String(error.hint))?.[0] ?? '');
  expect((await dropDatabase(target)).terminated).toHaveLength(2);
});

test.each(['drop', 'recreate'])(
  'a subscription blocks it, and no session is terminated: %s',
  async (name) => {
    const database = await scratch.database();
    const sessions = await bystanders(database);
    const subscription = uniqueName('sub');
    const owner = await sessionOn(database);
    await owner.client.query(
      `CREATE SUBSCRIPTION "${subscription}" CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false)`,
    );
    const target = targetOf(database);
    try {
      const error = await failureOf(run(name, target));
      expect(error).toMatchObject({
        code: 'BLOCKED',
        blockers: [{ kind: 'subscription', name: subscription }],
      });
      await expectUntouched(target, sessions);
    } finally {
      await owner.client.query(
        `ALTER SUBSCRIPTION "${subscription}" SET (slot_name = NONE); DROP SUBSCRIPTION "${subscription}"`,
      );
    }
    expect(await run(name, target)).toMatchObject({ changed: true });
  },
);
