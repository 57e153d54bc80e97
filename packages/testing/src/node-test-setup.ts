import { endHost, beginHost, type TestHost } from './host/host.js';
import { leaveTestFile } from './node-test/begin-test-file.js';
import { printedError } from './worker/printed-error.js';

let host: TestHost | undefined;

/**
 * Begins the run in the process of node:test's own runner (`--test-global-setup`, Node 24), which is then its host. A
 * module of the project exports it, because Node does not accept a package there:
 *
 * ```js
 * export { globalSetup, globalTeardown } from '@pg-evict/testing/node-test-setup';
 * ```
 *
 * @throws {@link PgEvictError} the errors of `startRun`
 */
export async function globalSetup(): Promise<void> {
  try {
    host = await beginHost();
  } catch (error) {
    throw printedError(error);
  }
}

/** Ends the run, with every database of it. */
export async function globalTeardown(): Promise<void> {
  // With `--test-isolation=none` the tests ran in this process.
  await leaveTestFile();
  if (host !== undefined) await endHost(host);
}
