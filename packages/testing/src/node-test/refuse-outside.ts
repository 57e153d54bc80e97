import { ChildProcess } from 'node:child_process';
import type { TestHost } from '../host/host.js';
import { variablesOutside } from '../run/variables-outside.js';
import { setVariables, withVariables } from '../server/test-variables.js';

/** The variable by which node:test tells a process that it runs a test file. */
const marker = 'NODE_TEST_CONTEXT=';

/** With it, the runner's own process runs the test files. */
const inRunner = /^--(?:experimental-)?test-isolation=none$/;

interface SpawnOptions {
  readonly envPairs?: readonly string[] | undefined;
}

/**
 * From here on, test files that do not load `@pg-evict/testing/node-test`, because `--import` was forgotten, get the
 * address of a database that does not exist. For the others, that module sets the variables of their own database. The
 * variables of this process stay for the project's global setup and teardown, unless test files run in it.
 *
 * @param isInFile whether the module was loaded in this process, which then runs the test files
 */
export function refuseOutside({ runs: [run] }: TestHost, isInFile: boolean): void {
  const variables = run === undefined ? undefined : variablesOutside(run);
  if (variables === undefined || isInFile) return;
  if (process.execArgv.some((argument) => inRunner.test(argument))) setVariables(process.env, variables);
  const prototype = ChildProcess.prototype as unknown as {
    spawn: (this: ChildProcess, options: SpawnOptions) => unknown;
  };
  const { spawn } = prototype;
  prototype.spawn = function spawnTestFile(options) {
    const { envPairs = [] } = options;
    const isTestFile = envPairs.some((pair) => pair.startsWith(marker));
    return spawn.call(
      this,
      isTestFile ? { ...options, envPairs: withVariables(envPairs, variables) } : options,
    );
  };
}
