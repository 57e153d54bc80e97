import { ChildProcess } from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import workerThreads from 'node:worker_threads';
import type { TestHost } from '@pg-evict/testing';
import { setVariables, variablesOutside, withVariables } from '@pg-evict/testing/internal';
import { outsideState } from './outside-state.js';
import { processState } from './process-state.js';

/** The arguments of the functions that start a process, as far as they are examined. */
interface SpawnOptions {
  readonly args?: readonly string[] | undefined;
  envPairs?: string[] | undefined;
}

/** The program of Jest's workers. */
const worker = /[\\/]jest-worker[\\/].*(?:process|thread)Child\.js$/i;

/**
 * From here on, and until {@link allowOutside}, code outside of our environment gets the address of a database that
 * does not exist: the workers that Jest starts, and test files in band. The variables of this process itself stay, for
 * global setups and teardowns of the project.
 */
export function refuseOutside({ runs: [run] }: TestHost): void {
  const variables = run === undefined ? undefined : variablesOutside(run);
  outsideState().variables = variables;
  if (variables !== undefined) patchWorkers();
}

/** The run is over. */
export function allowOutside(): void {
  outsideState().variables = undefined;
}

/** Makes Jest start its workers with the variables of {@link outsideState}, once. */
function patchWorkers(): void {
  const state = processState('workers/1', () => ({ isPatched: false }));
  if (state.isPatched) return;
  state.isPatched = true;
  const prototype = ChildProcess.prototype as unknown as {
    spawn: (this: ChildProcess, options: SpawnOptions) => unknown;
  };
  const { spawn } = prototype;
  prototype.spawn = function spawnWorker(options) {
    const { variables } = outsideState();
    if (variables === undefined || options.args?.some((argument) => worker.test(argument)) !== true) {
      return spawn.call(this, options);
    }
    const pairs = options.envPairs ?? [];
    return spawn.call(this, { ...options, envPairs: withVariables(pairs, variables) });
  };
  workerThreads.Worker = new Proxy(workerThreads.Worker, {
    construct(target, [file, options, ...rest]: unknown[], newTarget: Function): object {
      const { variables } = outsideState();
      if (variables === undefined || !worker.test(String(file))) {
        return Reflect.construct(target, [file, options, ...rest], newTarget) as object;
      }
      // Without one, a thread has the environment of the process.
      const { env = process.env } = Object(options) as { env?: NodeJS.ProcessEnv };
      const refusing = { ...env };
      setVariables(refusing, variables);
      const given = { ...(options as object | undefined), env: refusing };
      return Reflect.construct(target, [file, given, ...rest], newTarget) as object;
    },
  });
  syncBuiltinESMExports();
}
