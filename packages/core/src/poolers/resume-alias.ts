import type { ConnectionSettings } from '../connection/flatten-connection.js';
import { pause } from '../contract/deadline.js';
import { isNotPaused, PoolerConsole } from './console.js';

/** An alias that an operation has paused, or is about to. */
export interface PausedAlias {
  readonly settings: ConnectionSettings;
  readonly alias: string;
  /** The name of the connection that pauses it: {@link PoolerConsole.name}. */
  readonly pausedBy: string;
}

const againMs = 100;

/**
 * Resumes an alias over a connection of its own, after the one that paused it was closed or lost. Tries again until the
 * pooler answers.
 *
 * PgBouncer (seen with 1.18) ends with "admin_pause_done: bad state" if an alias is resumed while another connection's
 * PAUSE still waits for it. So either that connection has to be gone first, or the PAUSE must have no client left to
 * wait for.
 *
 * @param patienceMs how long to keep trying
 * @returns whether it was paused until then: a pooler that was restarted has forgotten it
 * @throws the error of the last attempt
 */
export async function resumeAlias(
  { settings, alias, pausedBy }: PausedAlias,
  patienceMs: number,
): Promise<boolean> {
  const endsAt = performance.now() + patienceMs;
  for (;;) {
    try {
      const console = await PoolerConsole.open(settings);
      try {
        const ended = await resumeOver(console, alias, pausedBy);
        if (ended !== undefined) return ended;
        if (performance.now() > endsAt) throw new Error('the PAUSE before is still waited for');
      } finally {
        await console.close();
      }
    } catch (error) {
      if (performance.now() > endsAt) throw error;
    }
    await pause(againMs);
  }
}

/** Returns nothing while it is too early. */
async function resumeOver(
  console: PoolerConsole,
  alias: string,
  pausedBy: string,
): Promise<boolean | undefined> {
  const row = (await console.aliases()).find(({ name }) => name === alias);
  if (row === undefined || row.paused === 0) return false;
  const waits =
    (await console.hasClient(pausedBy)) &&
    (await console.servers()).some(({ database }) => database === alias);
  if (waits) return undefined;
  try {
    await console.resume(alias);
    return true;
  } catch (error) {
    if (isNotPaused(error)) return false;
    throw error;
  }
}
