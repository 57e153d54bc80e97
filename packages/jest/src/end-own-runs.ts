import { endRun } from '@pg-evict/testing';
import { takeBackEnvironment } from './lend-environment.js';
import { ownRuns } from './own-runs.js';
import { WorkerDatabase } from './worker-database.js';

const key = Symbol.for('pg-evict.jest.ending/1');

/**
 * Ends the runs that this process began, also where processes of Jest still work with them. Called again meanwhile, it
 * waits as well: with `bail`, Jest has a global teardown for each test file that fails, and exits after the first.
 */
export async function endOwnRuns(): Promise<void> {
  const holder = process as unknown as { [key]?: Promise<void> };
  const ending = (holder[key] ?? Promise.resolve()).catch(() => undefined).then(endAll);
  holder[key] = ending;
  await ending;
}

async function endAll(): Promise<void> {
  takeBackEnvironment();
  const runs = [...ownRuns().values()];
  ownRuns().clear();
  WorkerDatabase.leaveAll();
  const ended = await Promise.allSettled(runs.map(async (run) => endRun(run, { force: true })));
  for (const outcome of ended) if (outcome.status === 'rejected') throw outcome.reason;
}
