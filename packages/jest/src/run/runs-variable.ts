import type { RunInvitation } from '@pg-evict/testing';

/** Where processes of Jest find the runs they belong to; numbered, where one variable does not hold it all. */
const name = 'PG_EVICT_JEST_RUNS';

/**
 * As much as a variable holds everywhere: 32,767 UTF-16 units on Windows, 128 KiB on Linux (`MAX_ARG_STRLEN`). The
 * certificates of all public authorities, for one, are more.
 */
const parts = /.{1,15000}/gsu;

/** A run as the processes of Jest know it. */
export interface JestRun extends RunInvitation {
  /** Whether nobody will end it: a process that found none has begun it. */
  readonly alone?: boolean;
  /** Whether its server ends with watch mode. */
  readonly watched?: boolean;
}

/** By the folder of a project. */
export type Runs = Readonly<Record<string, JestRun>>;

/** Several projects may share a run, which is said once. */
interface Said {
  readonly runs: readonly JestRun[];
  /** The index of the run of each project. */
  readonly of: Readonly<Record<string, number>>;
}

/** Reads the runs that the global setup has begun. */
export function readRuns(): Runs {
  let text = '';
  for (let n = 0; ; n += 1) {
    const part = process.env[partName(n)];
    if (part === undefined) break;
    text += part;
  }
  if (text === '') return {};
  const { runs, of } = JSON.parse(text) as Said;
  return Object.fromEntries(
    Object.entries(of).flatMap(([directory, index]) => {
      const run = runs[index];
      return run === undefined ? [] : [[directory, run]];
    }),
  );
}

/** Hands runs to the processes that Jest starts from now on. */
export function writeRuns(given: Runs): void {
  removeRuns(process.env);
  const runs = [...new Set(Object.values(given))];
  const of = Object.fromEntries(
    Object.entries(given).map(([directory, run]) => [directory, runs.indexOf(run)]),
  );
  const text = JSON.stringify({ runs, of } satisfies Said);
  for (const [n, part] of (text.match(parts) ?? []).entries()) process.env[partName(n)] = part;
}

/** Takes them from an environment. */
export function removeRuns(environment: NodeJS.ProcessEnv): void {
  for (let n = 0; environment[partName(n)] !== undefined; n += 1) {
    Reflect.deleteProperty(environment, partName(n));
  }
}

const partName = (n: number): string => (n === 0 ? name : `${name}_${n}`);
