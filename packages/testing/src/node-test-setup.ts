import { endHost, beginHost, type TestHost } from './host/host.js';
import { isInTestFile, leaveTestFile } from './node-test/begin-test-file.js';
import { refuseOutside } from './node-test/refuse-outside.js';
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
 * Test files that do not load `@pg-evict/testing/node-test` get the address of a database that does not exist
 * (`testing.outside`).
 *
 * @throws {@link PgEvictError} the errors of `startRun`
 */
export async function globalSetup(): Promise<void> {
  try {
    host = await beginHost();
    refuseOutside(host, isInTestFile());
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
