import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** How long a run may take. */
const limitMs = 500_000;

/** How long a test of a run, or a hook, may take: on a slow machine that is busy too, some take longer than the default. */
export const ownTestTimeoutMs = 300_000;

/** How a run of a test runner ended. */
export interface RunnerEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** What a test runner's report says: Vitest writes it as Jest does. */
export interface RunnerResults {
  /** By file name: how it ended, and what its own failure says. */
  readonly files: Readonly<Record<string, { readonly status: string; readonly message: string }>>;
  readonly passed: number;
  readonly failed: number;
}

interface RunnerJson {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
  }[];
}

/** Waits until a process, which leads a group of its own, has ended by itself or was ended by `meanwhile`. */
export async function untilRunnerEnds(
  child: ChildProcess,
  meanwhile: (() => Promise<void>) | undefined,
): Promise<RunnerEnd> {
  const kill = (): void => {
    if (child.exitCode === null && child.signalCode === null)
      process.kill(-(child.pid ?? Number.NaN), 'SIGKILL');
  };
  const timer = setTimeout(kill, limitMs);
  const ended = new Promise<RunnerEnd>((done) =>
    child.once('close', (code: number | null, signal: string | null) => done({ code, signal })),
  );
  try {
    await meanwhile?.();
  } catch (error) {
    kill();
    throw error;
  } finally {
    await ended;
    clearTimeout(timer);
  }
  return ended;
}

/**
 * Nothing of the Jest and the pnpm that run these tests, and nothing that says which server is meant.
 *
 * @param more further variables that are left out
 */
export function withoutRunner(env: NodeJS.ProcessEnv, more: readonly string[] = []): NodeJS.ProcessEnv {
  const foreign =
    /^(?:PG[A-Z]+|DATABASE_URL|JEST_.*|VITEST.*|NODE_ENV|NODE_OPTIONS|NODE_PATH|FORCE_COLOR|PG_EVICT_JEST_RUNS)$/;
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !foreign.test(name) && !more.includes(name)),
  );
}

/** Reads a report; one that was never written has no results. */
export function readResults(report: string): RunnerResults {
  let json: RunnerJson;
  try {
    json = JSON.parse(readFileSync(report, 'utf8')) as RunnerJson;
  } catch {
    return { files: {}, passed: 0, failed: 0 };
  }
  const files = json.testResults.map(
    ({ name, status, message }) => [basename(name), { status, message }] as const,
  );
  return { files: Object.fromEntries(files), passed: json.numPassedTests, failed: json.numFailedTests };
}
