import { text } from 'node:stream/consumers';
import { spawnSync } from '../captured/processes.js';
import type { RunInvitation } from '../database/test-run.js';
import { endRun } from '../run/end-run.js';
import { joinRun } from '../run/join-run.js';
import { lockKeys } from '../session/advisory-locks.js';
import type { TestHost } from './host.js';

/** How long the end of a run may delay the end of this process. */
const atExitMs = 20_000;

/** A run that another process is to end, and the backend with which the process that began it may hold a lock. */
type LeftRun = RunInvitation & { readonly heldBy?: number | undefined };

/**
 * Makes another process end the runs of a host, and waits for it without returning to the event loop: for a process
 * that is just exiting.
 *
 * @param program calls {@link endRunsOfOthers}
 */
export function endRunsElsewhere(host: TestHost, program: string): void {
  // A server that was started for the run ends with this process, with all databases on it.
  const runs = host.runs.filter(({ server }) => server.lasts);
  if (runs.length === 0) return;
  spawnSync(process.execPath, [program], {
    input: JSON.stringify(runs.map((run): LeftRun => ({ ...run.toJSON(), heldBy: run.control.pid }))),
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['pipe', 'ignore', 'ignore'],
    timeout: atExitMs,
  });
}

/** $1 a pid, $2 and $3 the keys of a lock that it holds, the second one unsigned. */
const terminateHolderQuery = `
SELECT DISTINCT pg_terminate_backend(pid) FROM pg_locks
WHERE pid = $1 AND locktype = 'advisory' AND objsubid = 2 AND granted AND classid::bigint::int = $2 AND objid::bigint = $3`;

/**
 * Ends runs for the process that began them, which is exiting or gone; they are on standard input. A process that is
 * exiting waits for this one, so it never gives back the lock with which it was making a database, or had begun to end
 * the run. Its session is terminated; what it was making or dropping goes with the run.
 */
export async function endRunsOfOthers(): Promise<void> {
  const runs = JSON.parse(await text(process.stdin)) as LeftRun[];
  for (const { heldBy, ...invitation } of runs) {
    const run = await joinRun(invitation, { takeOver: true });
    const [kind, key] = lockKeys({ kind: 'ending', of: run.id });
    await run.control.query(terminateHolderQuery, [heldBy ?? null, kind, key >>> 0]);
    await endRun(run, { force: true });
  }
}
