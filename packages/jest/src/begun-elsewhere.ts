import type { StdioOptions } from 'node:child_process';
import { join } from 'node:path';
import { PgEvictError } from '@pg-evict/core';
import type { Begun } from './begin-elsewhere.js';
import { packageDirectory } from './package-directory.cjs';
import type { JestRun } from './runs-variable.js';

/** The program that begins a run. */
export const beginElsewhere = join(packageDirectory, 'begin-elsewhere.js');

/** What the project writes is for people; the answer has a pipe of its own, the last. */
export const stdio = ['pipe', 2, 2, 'pipe'] satisfies StdioOptions;

/** What it has answered. @throws {@link PgEvictError} what the start of the run failed with */
export function invitationIn(answer: string, status: number | null): JestRun {
  const { run, error } = JSON.parse(answer || '{}') as Begun;
  if (run !== undefined) return run;
  const { code = 'UNEXPECTED', message = `The process that begins the run ended (${status}).` } = error ?? {};
  throw new PgEvictError(code, message);
}
