import { endOwnRuns } from './run/end-runs.js';

/**
 * Jest's global teardown: ends the run that the global setup began, with every database of it. Call it from a global
 * teardown of your own, where you have one. May be called again.
 */
export default async function globalTeardown(): Promise<void> {
  await endOwnRuns();
}
