import { isMainThread } from 'node:worker_threads';
import { resolve } from 'node:path';

/** The role of this process in a run of node:test. */
export interface TestProcess {
  /** The process that the run ends with. */
  readonly runner: number;
  /** The test file that it runs; `null` if it runs them all. */
  readonly file: string | null;
}

/**
 * The role of this process in a run of node:test; `undefined` if it runs no tests: a thread, a process that a test file
 * has started or that fills a template, or one that has inherited NODE_OPTIONS.
 *
 * The runner says so to its children in `NODE_TEST_CONTEXT`; with `--test-isolation=none` it has none, and loads the
 * modules that `--import` names itself.
 */
export function roleInRun(): TestProcess | undefined {
  const { env, execArgv, argv, pid, ppid } = process;
  const isWithin = env['PG_EVICT_TEST_DATABASE_URL'] !== undefined || env['PG_EVICT_FILLING'] !== undefined;
  if (!isMainThread || isWithin) return undefined;
  const file = argv[1] === undefined ? null : resolve(argv[1]);
  if (env['NODE_TEST_CONTEXT'] !== undefined) return { runner: ppid, file };
  if (execArgv.includes('--test')) return { runner: pid, file: null };
  const isAsked = execArgv.some((argument) => /^(?:--import|--require|-r)(?:=|$)/.test(argument));
  return isAsked ? { runner: pid, file } : undefined;
}
