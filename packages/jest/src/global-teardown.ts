import { endOwnRuns } from './run/end-runs.js';

/**
 * Jest's global teardown: ends the run that the global setup began, with all its databases. Call it from your own
 * global teardown, if you have one. May be called again.
 */
export default async function globalTeardown(): Promise<void> {
  await endOwnRuns();
}
