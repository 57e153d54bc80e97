import {
  cloneDatabase,
  createDatabase,
  dropDatabase,
  recreateDatabase,
  renameDatabase,
  swapDatabase,
  type OperationOptions,
  type OperationReport,
  type OperationStep,
  type Target,
} from '@pg-evict/core';
import { openSession } from '../../support/sessions.js';
import { Scratch } from '../../support/scratch.js';
import { databaseExists, serverUrl } from '../../support/server.js';
import { markerOf, privateDatabasesFor, stillAtWork, targetOf } from '../../support/core/target.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

interface Operation {
  readonly run: (target: Target, options: OperationOptions) => Promise<OperationReport>;
  readonly steps: OperationStep[];
}

const operations: Record<string, Operation> = {
  drop: { run: dropDatabase, steps: ['connected', 'checked', 'dropped'] },
  create: {
    run: async (target, options) => createDatabase({ ...target, database: scratch.newName() }, options),
    steps: ['connected', 'checked', 'created', 'settings-applied'],
  },
  rename: {
    run: async (target, options) => renameDatabase(target, scratch.newName(), options),
    steps: ['connected', 'checked', 'renamed'],
  },
  clone: {
    run: async (target, options) => cloneDatabase(target, scratch.newName(), options),
    steps: ['connected', 'checked', 'created', 'settings-applied'],
  },
  'clone with settings': {
    run: async (target, options) =>
      cloneDatabase(target, scratch.newName(), { ...options, keepSettings: true }),
    steps: ['connected', 'checked', 'created', 'settings-applied'],
  },
  swap: {
    run: async (target, options) => swapDatabase(target, await scratch.database(), options),
    steps: ['connected', 'checked', 'swapped'],
  },
  recreate: {
    run: recreateDatabase,
    steps: ['connected', 'checked', 'created', 'settings-applied', 'swapped', 'dropped'],
  },
};

describe.each(Object.entries(operations))('%s', (name, { run, steps }) => {
  test('reports its steps in order, and waits for the listener', async () => {
    const seen: OperationStep[] = [];
    let listening = 0;
    const onStep = async (step: OperationStep): Promise<void> => {
      listening += 1;
      expect(listening).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(step);
      listening -= 1;
    };
    await run(targetOf(await scratch.database()), { onStep });
    expect(seen).toEqual(steps);
  });

  test('a dry run stops after the checks', async () => {
    const seen: OperationStep[] = [];
    const database = await scratch.database();
    const report = await run(targetOf(database), { dryRun: true, onStep: (step) => void seen.push(step) });
    expect(seen).toEqual(['connected', 'checked']);
    expect(report).toMatchObject({ changed: true, dryRun: true });
    expect(await markerOf(database)).toBe('old');
  });

  test.each(steps)(
    'what a listener throws at "%s" comes out as it is, and nothing is left half done',
    async (at) => {
      const database = await scratch.database();
      const target = targetOf(database);
      const session = await openSession(serverUrl({ database }));
      const thrown = new Error('no further');
      const outcome = await run(target, {
        onStep: async (step) => {
          await Promise.resolve();
          if (step === at) throw thrown;
        },
      }).catch((error: unknown) => error);
      expect(outcome).toBe(thrown);
      expect(await stillAtWork(target)).toEqual([]);
      expect(await privateDatabasesFor(database)).toEqual([]);
      const gone = at === 'renamed' || (name === 'drop' && at === 'dropped');
      expect(await databaseExists(database)).toBe(!gone);
      const replaced = name === 'recreate' && (at === 'swapped' || at === 'dropped');
      expect(gone ? undefined : await markerOf(database)).toBe(gone || replaced ? undefined : 'old');
      await session.close();
    },
  );

  test('an abort while a listener is busy ends it at the next step, or not at all once it is done', async () => {
    for (const at of steps) {
      const database = await scratch.database();
      const target = targetOf(database);
      const controller = new AbortController();
      const outcome = await run(target, {
        signal: controller.signal,
        onStep: (step) => {
          if (step === at) controller.abort();
        },
      }).catch((error: unknown) => error);
      const done = outcome instanceof Error ? (outcome as Error & { code?: string }).code : 'done';
      expect(['ABORTED', 'done']).toContain(done);
      const early = at === 'connected' || at === 'checked';
      expect(done).toBe(early ? 'ABORTED' : done);
      expect(early ? await markerOf(database) : 'old').toBe('old');
      expect(await stillAtWork(target)).toEqual([]);
      expect(await privateDatabasesFor(database)).toEqual([]);
    }
  });
});
