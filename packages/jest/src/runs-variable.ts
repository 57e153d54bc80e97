import type { RunInvitation } from '@pg-evict/testing';

/** Where processes of Jest find the runs they belong to. */
const name = 'PG_EVICT_JEST_RUNS';

/** A run as the processes of Jest know it. */
export interface JestRun extends RunInvitation {
  /** Whether the process that found no run has begun it. */
  readonly alone?: boolean;
  /** Whether its server ends with watch mode. */
  readonly watched?: boolean;
}

/** By the folder of a project. */
export type Runs = Readonly<Record<string, JestRun>>;

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
