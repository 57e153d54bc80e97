import { setTimeout as sleep } from 'node:timers/promises';
import {
  dropDatabase,
  findKeptDatabases,
  recreateDatabase,
  repairDatabase,
  undoDatabase,
} from '@pg-evict/core';
import { startServer, type RunningEmbeddedServer } from '@pg-evict/server';
import { markerOf, privateDatabasesFor, stillAtWork, targetOf } from '../../support/core/target.js';
import { randomNumbers } from '../../support/long/random.js';
import { OperationProcess } from '../../support/operation-process.js';
import { Scratch } from '../../support/scratch.js';
import { serverOptions } from '../../support/server-options.js';
import { databaseExists, until } from '../../support/server.js';

const random = randomNumbers(Number(process.env['FAULTS_SEED'] ?? 1));
const hourMs = 3_600_000;
const scratch = new Scratch();

let server: RunningEmbeddedServer;
beforeAll(async () => {
  server = await startServer(serverOptions());
  process.env['PG_EVICT_TEST_URL'] = server.url;
});
afterAll(async () => {
  await scratch.cleanUp();
  await server.stop();
});

/** Where an operation is killed: at a step, or so many milliseconds after it has connected. */
type Moment = string | number;

const steps: readonly Moment[] = ['connected', 'checked', 'created', 'settings-applied', 'swapped'];
const randomMoments = Array.from({ length: 20 }, () => Math.round(random() * 120));

async function killAt(moment: Moment, operation: string, database: string): Promise<void> {
  const target = targetOf(database);
  const values = [{ undoMs: hourMs, timeoutMs: 20_000 }];
  const pauseAt = typeof moment === 'string' ? { pauseAt: moment } : {};
  const child = new OperationProcess({ operation, target, values, ...pauseAt });
  await child.reached(typeof moment === 'string' ? moment : 'connected');
  if (typeof moment === 'number') await sleep(moment);
  await child.kill();
  await until(async () => (await stillAtWork(target)).length === 0, 'the server is through with it');
}

/** What is kept of a database, and of nothing else than it. */
async function keptOf(database: string): Promise<readonly string[]> {
  const kept = await findKeptDatabases(targetOf(database));
  return kept.filter(({ of }) => of === database).map(({ database: name }) => name);
}

describe('killed with undo on', () => {
  test.each([...steps, ...randomMoments])(
    'a recreate (at %s) leaves the name with old or new content, and at most one thing to undo, whole',
    async (moment) => {
      const database = await scratch.database();
      await killAt(moment, 'recreateDatabase', database);
      const content = await markerOf(database);
      const kept = await keptOf(database);
      expect(kept).toHaveLength(content === 'old' ? 0 : 1);
      expect((await repairDatabase(targetOf(database))).leftovers).toEqual([]);
      expect(await keptOf(database)).toEqual(kept);
      if (kept.length === 1) await undoDatabase(targetOf(database));
      expect(await markerOf(database)).toBe('old');
      expect(await privateDatabasesFor(database)).toEqual([]);
    },
  );

  test.each(['connected', 'checked', 'swapped', ...randomMoments])(
    'an undo (at %s) leaves the name with old or new content, and the other to undo, whole',
    async (moment) => {
      const database = await scratch.database();
      await recreateDatabase(targetOf(database), { undoMs: hourMs });
      await killAt(moment, 'undoDatabase', database);
      const before = await markerOf(database);
      expect(await keptOf(database)).toHaveLength(1);
      await undoDatabase(targetOf(database), { undoMs: hourMs });
      expect(await markerOf(database)).toBe(before === 'old' ? undefined : 'old');
      await dropDatabase(targetOf(database));
      expect(await keptOf(database)).toEqual([]);
      expect(await privateDatabasesFor(database)).toEqual([]);
    },
  );

  test.each(['connected', 'checked', 'dropped', ...randomMoments.slice(0, 5)])(
    'a drop that keeps (at %s) leaves the database, or its content to undo, whole',
    async (moment) => {
      const database = await scratch.database();
      await killAt(moment, 'dropDatabase', database);
      const exists = await databaseExists(database);
      expect(await keptOf(database)).toHaveLength(exists ? 0 : 1);
      if (!exists) await undoDatabase(targetOf(database));
      expect(await markerOf(database)).toBe('old');
      expect(await privateDatabasesFor(database)).toEqual([]);
    },
  );
});
