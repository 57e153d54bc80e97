import { text } from 'node:stream/consumers';
import { spawnSync } from '../captured/processes.js';
import type { RunInvitation } from '../database/test-run.js';
import { endRun } from '../run/end-run.js';
import { joinRun } from '../run/join-run.js';
import type { TestHost } from './host.js';

/** How long the end of a run may delay the end of this process. */
const atExitMs = 20_000;

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
    input: JSON.stringify(runs),
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['pipe', 'ignore', 'ignore'],
    timeout: atExitMs,
  });
}

/** Ends runs for the process that began them, which is just exiting; it passes them on standard input. */
export async function endRunsOfOthers(): Promise<void> {
  const runs = JSON.parse(await text(process.stdin)) as RunInvitation[];
  for (const invitation of runs) await endRun(await joinRun(invitation, { takeOver: true }), { force: true });
}
