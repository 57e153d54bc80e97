import {
  cloneDatabase,
  createDatabase,
  dropDatabase,
  recreateDatabase,
  renameDatabase,
  swapDatabase,
  type Target,
  withExclusiveAccess,
} from '@pg-evict/core';
import { executeExclusively } from '@pg-evict/core/internal';
import { failureOf } from '../../support/core/failure.js';
import { alive, markerOf, pidsOf, privateDatabasesFor, targetOf } from '../../support/core/target.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, serverUrl, withClient } from '../../support/server.js';
import { useSessions } from '../../support/sessions.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
const sessionOn = useSessions();

/** Which of the two databases is the protected one does not matter where there are two. */
const operations: Record<string, (target: Target, second: string) => Promise<unknown>> = {
  drop: async (target) => dropDatabase(target),
  recreate: async (target) => recreateDatabase(target),
  'recreate, keeping the old one': async (target) =>
    recreateDatabase(target, { keepOldAs: scratch.newName('kept') }),
  rename: async (target) => renameDatabase(target, scratch.newName('to')),
  clone: async (target) => cloneDatabase(target, scratch.newName('to')),
  'create from it': async ({ database, ...rest }) =>
    createDatabase({ ...rest, database: scratch.newName('to') }, { template: database }),
  swap: async (target, second) => swapDatabase(target, second),
  'swap, as the other side': async ({ database = '', ...rest }, second) =>
    swapDatabase({ ...rest, database: second }, database),
  'exclusive access': async (target) => withExclusiveAccess(target, () => 'had it'),
  'a statement of the caller': async (target) =>
    executeExclusively(target, { kind: 'drop', sql: `DROP DATABASE "${target.database ?? ''}"` }),
};

/** Waits until somebody waits for a lock on the database. */
async function untilWaitedFor(database: string): Promise<void> {
  const waiting = `SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.objid
    WHERE l.locktype = 'object' AND NOT l.granted AND d.datname = $1`;
  while ((await ask(waiting, [database])).length === 0) await new Promise((done) => setTimeout(done, 5));
}

test.each(Object.keys(operations))(
  'a label that is put on while the lock is waited for keeps everybody from being ended: %s',
  async (name) => {
    const [database, second] = [await scratch.database(), await scratch.database()];
    const sessions = await Promise.all([sessionOn(database), sessionOn(second)]);
    await withClient(serverUrl(), async (client) => {
      await client.query('BEGIN');
      await client.query(`COMMENT ON DATABASE "${database}" IS 'ours [pg-evict: protected: just now]'`);
      const failing = failureOf(operations[name]?.(targetOf(database), second) ?? Promise.resolve());
      await untilWaitedFor(database);
      await client.query('COMMIT');
      const error = await failing;
      expect(error).toMatchObject({ code: 'PROTECTED', database });
      expect(error.message).toContain('just now');
      expect(error.terminated.map(({ pid }) => pid)).not.toContain(sessions[0].pid);
    });
    expect(await alive(pidsOf(sessions.slice(0, 1)))).toEqual(pidsOf(sessions.slice(0, 1)));
    expect(await databaseExists(database)).toBe(true);
    expect(await markerOf(database)).toBe('old');
    expect(await privateDatabasesFor(database)).toEqual([]);
  },
);

test.each(['drop', 'recreate', 'rename', 'swap', 'clone'])(
  'a label that is taken off while the lock is waited for does not keep it: %s',
  async (name) => {
    const [database, second] = [await scratch.database(), await scratch.database()];
    await sessionOn(database);
    await withClient(serverUrl(), async (client) => {
      await client.query('BEGIN');
      await client.query(`COMMENT ON DATABASE "${database}" IS '[pg-evict: protected]'`);
      const operating = operations[name]?.(targetOf(database), second);
      await untilWaitedFor(database);
      await client.query('ROLLBACK');
      await expect(operating).resolves.toMatchObject({ changed: true });
    });
  },
);
