import { spawnSync } from 'node:child_process';
import type { RunInvitation } from '@pg-evict/testing';
import type { Begin } from './begin-elsewhere.js';
import { beginElsewhere, invitationIn, stdio } from './begun-elsewhere.js';
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
  const begin: Begin = { directory };
  const { status, output } = spawnSync(process.execPath, [beginElsewhere, JSON.stringify(begin)], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio,
  });
  return invitationIn(output.at(-1) ?? '', status);
}
