import {
  cloneDatabase,
  dropDatabase,
  recreateDatabase,
  renameDatabase,
  withExclusiveAccess,
  type OperationOptions,
  type Target,
} from '@pg-evict/core';
import { openSession } from '../../support/sessions.js';
import { Scratch } from '../../support/scratch.js';
import { serverUrl, until } from '../../support/server.js';
import { failureOf } from '../../support/core/failure.js';
import { markerOf, stillAtWork, targetOf, type OwnTarget } from '../../support/core/target.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

type Operate = (
  target: Target,
  options: OperationOptions,
) => Promise<{ terminated: readonly { pid: number }[] }>;
const operations: Record<string, Operate> = {
  drop: dropDatabase,
  rename: async (target, options) => renameDatabase(target, scratch.newName('to'), options),
  clone: async (target, options) => cloneDatabase(target, scratch.newName('to'), options),
  recreate: recreateDatabase,
  'recreate from a template that nobody is on': async (target, options) =>
    recreateDatabase(target, { ...options, template: await scratch.database() }),
  'exclusive access': async (target, options) => withExclusiveAccess(target, () => undefined, options),
};

test.each(Object.keys(operations))(
  'a time that is not a number of milliseconds is refused: %s',
  async (name) => {
    const database = await scratch.database();
    const session = await openSession(serverUrl({ database }));
    for (const wrong of [{ graceMs: '2s' }, { drainMs: '20s' }, { graceMs: -1 }, { drainMs: Number.NaN }]) {
      const error = await failureOf(
        operations[name]?.(targetOf(database), wrong as OperationOptions) ?? Promise.resolve(),
      );
      expect(error).toMatchObject({ code: 'CONFIG_INVALID', hint: 'Give a number of milliseconds.' });
    }
    await session.client.query('SELECT 1');
    await session.close();
  },
);

/** Waits until an operation looks, again and again, who is on the database, and does nothing else. */
async function untilItWaits(target: OwnTarget): Promise<void> {
  let looks = 0;
  await until(async () => {
    const sessions = await stillAtWork(target);
    const isWaiting =
      sessions.length === 2 &&
      sessions.some(({ query }) => query.trimStart().startsWith('WITH me AS')) &&
      sessions.every(({ query, state }) => state === 'idle' || query.trimStart().startsWith('WITH me AS'));
    looks = isWaiting ? looks + 1 : 0;
    return looks >= 10;
  }, 'it waits for sessions to leave');
}

test.each(Object.keys(operations))('sessions that leave in time are not ended: %s', async (name) => {
  const database = await scratch.database();
  const session = await openSession(serverUrl({ database }));
  const target = targetOf(database);
  const running = operations[name]?.(target, { graceMs: 40_000, timeoutMs: 50_000 });
  await Promise.race([running, untilItWaits(target)]);
  await session.client.query('SELECT FROM marker');
  await session.close();
  expect((await running)?.terminated).toEqual([]);
});

test('those that stay are ended when it is over', async () => {
  const database = await scratch.database();
  const session = await openSession(serverUrl({ database }));
  const startedAt = performance.now();
  const { terminated } = await dropDatabase(targetOf(database), { graceMs: 600 });
  expect(performance.now() - startedAt).toBeGreaterThan(600);
  expect(terminated).toMatchObject([{ pid: session.pid }]);
  expect(await session.ended).toBe('57P01');
});

test('a deadline within the grace terminates no session', async () => {
  const database = await scratch.database();
  const session = await openSession(serverUrl({ database }));
  const error = await failureOf(dropDatabase(targetOf(database), { graceMs: 60_000, timeoutMs: 4000 }));
  expect(error).toMatchObject({ code: 'TIMEOUT', terminated: [] });
  await session.client.query('SELECT FROM marker');
  await session.close();
  expect(await markerOf(database)).toBe('old');
});
