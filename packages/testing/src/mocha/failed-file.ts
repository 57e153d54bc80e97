import type { Suite } from './mocha-types.js';

/** Whether a test or a hook of a file has failed. */
export function hasFailed(root: Suite, file: string | undefined): boolean {
  const isOfFile = (one: { readonly file?: string | undefined }): boolean => one.file === file;
  return (
    root.tests.some((test) => isOfFile(test) && test.state === 'failed') ||
    root.suites.some((suite) => isOfFile(suite) && suiteHasFailed(suite))
  );
}

function suiteHasFailed({ tests, suites, ...hooks }: Suite): boolean {
  const { _beforeAll, _beforeEach, _afterEach, _afterAll } = hooks;
  return (
    [tests, _beforeAll, _beforeEach, _afterEach, _afterAll].flat().some(({ state }) => state === 'failed') ||
    suites.some((suite) => suiteHasFailed(suite))
  );
}
