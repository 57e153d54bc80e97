import {
  dropDatabase,
  recreateDatabase,
  renameDatabase,
  withExclusiveAccess,
  type OperationOptions,
  type Target,
} from '@pg-evict/core';
import { failureOf } from '../../support/core/failure.js';
import { targetOf } from '../../support/core/target.js';
import { Scratch } from '../../support/scratch.js';
import { serverUrl, uniqueName } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

const operations: Record<string, (target: Target, options: OperationOptions) => Promise<unknown>> = {
  drop: dropDatabase,
  recreate: recreateDatabase,
  rename: async (target, options) => renameDatabase(target, scratch.newName('to'), options),
  'exclusive access': async (target, options) => withExclusiveAccess(target, () => undefined, options),
};

async function ownedDatabase(): Promise<{ database: string; target: Target }> {
  const owner = await scratch.role('CREATEDB');
  const database = await scratch.database(uniqueName('db'), `OWNER "${owner}"`);
  return { database, target: targetOf(database, owner) };
}

test.each(Object.keys(operations))(
  'a session that may not be terminated, and is about to leave, is waited for: %s',
  async (name) => {
    const { database, target } = await ownedDatabase();
    const session = await openSession(serverUrl({ database }));
    const leaving = setTimeout(() => void session.close(), 700);
    await expect(operations[name]?.(target, {})).resolves.toMatchObject({ changed: true });
    clearTimeout(leaving);
  },
);

test.each(Object.keys(operations))(
  'with a grace it is waited for as long as that, and one to keep likewise: %s',
  async (name) => {
    const { database, target } = await ownedDatabase();
    const [denied, kept] = [
      await openSession(serverUrl({ database })),
      await openSession(serverUrl({ database }), 'idle in transaction'),
    ];
    setTimeout(() => void Promise.all([denied.close(), kept.close()]), 3000);
    const options = { graceMs: 20_000, keep: [{ application: 'test idle in transaction' }] };
    await expect(operations[name]?.(target, options)).resolves.toMatchObject({ changed: true });
  },
);

test('meanwhile no other session is delayed, and afterwards it fails as usual', async () => {
  const { database, target } = await ownedDatabase();
  const session = await openSession(serverUrl({ database }));
  const failing = failureOf(recreateDatabase(target));
  // Connecting would wait for the lock.
  const other = await openSession(serverUrl({ database }));
  const error = await failing;
  expect(error).toMatchObject({ code: 'SESSIONS_REMAIN', terminated: [] });
  expect(error.message).toContain('no session was disconnected');
  await Promise.all([session.close(), other.close()]);
});
