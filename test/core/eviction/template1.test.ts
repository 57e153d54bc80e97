import { createDatabase, recreateDatabase, type OperationReport, type Target } from '@pg-evict/core';
import { useOwnServer } from '../../support/own-server.js';
import { Scratch } from '../../support/scratch.js';
import { databaseExists, serverUrl, until } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { failureOf } from '../../support/core/failure.js';
import { markerOf, stillAtWork, targetOf } from '../../support/core/target.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
// While somebody is on template1, no other test could create a database.
useOwnServer();

type Operate = (target: Target) => Promise<OperationReport>;
const operations: Record<string, readonly [Operate, () => Promise<string>, string]> = {
  create: [createDatabase, async () => Promise.resolve(scratch.newName('new')), 'no database'],
  recreate: [recreateDatabase, async () => scratch.database(), 'old'],
};

const contentOf = async (database: string): Promise<string | undefined> =>
  (await databaseExists(database)) ? markerOf(database) : 'no database';

describe.each(Object.entries(operations))(
  'a session on template1: %s',
  (_name, [operate, newDatabase, content]) => {
    test('is waited for', async () => {
      const target = targetOf(await newDatabase());
      const session = await openSession(serverUrl({ database: 'template1' }));
      const running = operate(target);
      const isWaiting = async (): Promise<boolean> =>
        (await stillAtWork(target)).some(
          ({ query, state }) => state === 'active' && query.startsWith('CREATE DATABASE'),
        );
      await Promise.race([running, until(isWaiting, 'the copy is under way')]);
      await session.close();
      expect(await running).toMatchObject({ changed: true, terminated: [] });
      expect(await session.ended).toBeUndefined();
    });

    test('is never ended: the operation names it, and nothing is changed', async () => {
      const target = targetOf(await newDatabase());
      const session = await openSession(serverUrl({ database: 'template1' }));
      const error = await failureOf(operate(target));
      expect(error).toMatchObject({
        code: 'SESSIONS_REMAIN',
        terminated: [],
        blockers: [{ name: String(session.pid), database: 'template1' }],
      });
      await session.client.query('SELECT');
      await session.close();
      expect(await contentOf(target.database)).toBe(content);
      expect(await stillAtWork(target)).toEqual([]);
    });
  },
);
