import Module from 'node:module';

/** The role of this process in a run of Mocha. */
export interface MochaProcess {
  /** The process that the run ends with. */
  readonly runner: number;
  /** Whether it runs tests: Mocha's own process leaves them to its workers with `--parallel`, unless `--jobs` is 1. */
  readonly runsTests: boolean;
  readonly isWorker: boolean;
  /** Whether it goes on when its tests are over. */
  readonly isWatching: boolean;
}

/** Mocha's options, from its command line and its configuration files. */
interface MochaOptions {
  readonly parallel?: unknown;
  readonly jobs?: unknown;
  readonly watch?: unknown;
}

/** The role of this process in a run of Mocha; `undefined` if a test file has started it. */
export function mochaProcess(): MochaProcess | undefined {
  const { env, pid, ppid } = process;
  if (env['PG_EVICT_TEST_DATABASE_URL'] !== undefined || env['PG_EVICT_FILLING'] !== undefined) {
    return undefined;
  }
  if (env['MOCHA_WORKER_ID'] !== undefined) {
    return { runner: ppid, runsTests: true, isWorker: true, isWatching: false };
  }
  const { parallel, jobs, watch } = mochaOptions();
  // As Mocha decides it: one job, or fewer, is no reason for a worker.
  const hasWorkers = parallel === true && (jobs === undefined || Number(jobs) > 1);
  return { runner: pid, runsTests: !hasWorkers, isWorker: false, isWatching: watch === true };
}

/**
 * Mocha has read them before it loads the modules of `--require`, but does not expose them, so it is asked to read them
 * again.
 */
function mochaOptions(): MochaOptions {
  const parameters = process.argv.slice(2);
  const { _cache: modules } = Module as unknown as { readonly _cache: NodeJS.Dict<NodeJS.Module> };
  const file = Object.keys(modules).find((name) => /[\\/]lib[\\/]cli[\\/]options\.c?js$/.test(name)) ?? '';
  const { loadOptions } = Object(modules[file]?.exports) as {
    loadOptions?: (parameters: readonly string[]) => MochaOptions;
  };
  if (loadOptions !== undefined) return loadOptions(parameters);
  const has = (...names: string[]): boolean => names.some((name) => parameters.includes(name));
  const [, jobs] = /(?:^| )(?:--jobs|-j)[ =]?(\d+)(?= |$)/.exec(parameters.join(' ')) ?? [];
  return { parallel: has('--parallel', '-p'), jobs, watch: has('--watch', '-w') };
}
