import { spawnSync } from 'node:child_process';
import type { Begin } from './begin-elsewhere.js';
import { beginElsewhere, invitationIn, stdio } from './begun-elsewhere.js';
import { readRuns, writeRuns, type JestRun } from './runs-variable.js';
import { WorkerDatabase } from './worker-database.js';

/**
 * The database of this worker in the run of a project. Where the global setup did not know the project (its `rootDir` is
 * not the folder of its configuration), the run is that of the projects whose configuration of pg-evict it shares. Where
 * no global setup of ours has begun one, as that of the project took its place, this process is a run of its own. Waits
 * for nobody: an environment has to know its variables when it is constructed.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID` and what the start of a run fails with
 */
export function findRun(directory: string): WorkerDatabase {
  const runs = readRuns();
  const known = runs[directory];
  if (known !== undefined) return WorkerDatabase.of(known);
  const found = findElsewhere(directory);
  writeRuns({ ...runs, [directory]: found });
  return WorkerDatabase.of(found);
}

function findElsewhere(directory: string): JestRun {
  const begin: Begin = { directory };
  const { status, output } = spawnSync(process.execPath, [beginElsewhere, JSON.stringify(begin)], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio,
  });
  return invitationIn(output.at(-1) ?? '', status);
}
