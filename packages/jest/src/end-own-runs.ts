import { endRun } from '@pg-evict/testing';
import { takeBackEnvironment } from './lend-environment.js';
import { ownRuns } from './own-runs.js';
import { WorkerDatabase } from './worker-database.js';

/** Ends the runs that this process began, also where processes of Jest still work with them. */
export async function endOwnRuns(): Promise<void> {
  takeBackEnvironment();
  const runs = [...ownRuns().values()];
  ownRuns().clear();
  // In band, the last test file's database may be on its way to be reset.
  await WorkerDatabase.leaveAll();
  const ended = await Promise.allSettled(runs.map(async (run) => endRun(run, { force: true })));
  for (const outcome of ended) if (outcome.status === 'rejected') throw outcome.reason;
}
