import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PgEvictError } from '@pg-evict/core';
import type { RunInvitation } from '@pg-evict/testing';
import { packageDirectory } from './package-directory.cjs';
import { readRuns, writeRuns } from './runs-variable.js';
import { WorkerDatabase } from './worker-database.js';

/**
 * The database of this worker in the run of a project. Where no global setup of ours has begun one, as that of the
 * project took its place, this process is a run of its own. Waits for nobody: an environment has to know its variables
 * when it is constructed.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID` and what the start of a run fails with
 */
export function findRun(directory: string): WorkerDatabase {
  const runs = readRuns();
  const invitation = runs[directory];
  if (invitation !== undefined) return WorkerDatabase.of(invitation, invitation.alone === true);
  const begun = { ...beginAlone(directory), alone: true };
  writeRuns({ ...runs, [directory]: begun });
  return WorkerDatabase.of(begun, true);
}

function beginAlone(directory: string): RunInvitation {
  const script = join(packageDirectory, 'begin-alone.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, directory], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const answer = JSON.parse(stdout || '{}') as { readonly run?: RunInvitation; readonly error?: SpokenError };
  if (answer.run !== undefined) return answer.run;
  const { code = 'UNEXPECTED', message = `The run could not be begun (${status}): ${stderr}` } =
    answer.error ?? {};
  throw new PgEvictError(code, message);
}

interface SpokenError {
  readonly code?: PgEvictError['code'];
  readonly message?: string;
}
