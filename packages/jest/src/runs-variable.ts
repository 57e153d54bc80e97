import type { RunInvitation } from '@pg-evict/testing';

/** Where processes of Jest find the runs they belong to. */
const name = 'PG_EVICT_JEST_RUNS';

/** By the folder of a project. */
export type Runs = Readonly<Record<string, RunInvitation & { readonly alone?: boolean }>>;

/** Reads the runs that the global setup has begun. */
export function readRuns(environment: NodeJS.ProcessEnv = process.env): Runs {
  const text = environment[name];
  return text === undefined || text === '' ? {} : (JSON.parse(text) as Runs);
}

/** Hands runs to the processes that Jest starts from now on. */
export function writeRuns(runs: Runs): void {
  process.env[name] = JSON.stringify(runs);
}

/** Takes them from an environment. */
export function removeRuns(environment: NodeJS.ProcessEnv): void {
  Reflect.deleteProperty(environment, name);
}
