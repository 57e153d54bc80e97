import type { AbandonedLeftover, DeadlineOptions, KeptDatabase } from '@pg-evict/core';
import type { CommandContext } from '../context/command-context.js';
import {
  deadlineOf,
  dropDatabase,
  dropExpiredDatabases,
  isPgEvictError,
  repairDatabase,
  resumePausedAliases,
  sharedDeadline,
} from '../context/engine.js';

/** The result of an attempted repair. */
export interface Repair {
  readonly database: string;
  /** Why it failed; `null` if it did not. */
  readonly failure: string | null;
}

/**
 * Repairs what died operations left. For each database they were working on, core does it. If that database is gone, a
 * leftover without needed data is dropped if no session is on it. A leftover that holds data stays, unless the database
 * named on the command line turns out to be the one it belongs to.
 */
export async function repair(
  { deadlineEach, target }: CommandContext,
  leftovers: readonly AbandonedLeftover[],
): Promise<Repair[]> {
  const repairs: Repair[] = [];
  const attempt = async (
    database: string,
    action: (options: DeadlineOptions) => Promise<string | undefined>,
  ): Promise<void> => {
    const deadline = sharedDeadline(deadlineEach);
    try {
      repairs.push({ database, failure: (await action(deadline)) ?? null });
    } catch (error) {
      // The next one would only be waited for as long again.
      const isUnreachable = deadlineOf(deadline).silent;
      if (!isPgEvictError(error) || error.code === 'ABORTED' || isUnreachable) throw error;
      repairs.push({ database, failure: error.message });
    }
  };
  const orphans = leftovers.filter(({ of }) => of === null);
  const databases = new Set(leftovers.flatMap(({ of }) => (of === null ? [] : [of])));
  if (orphans.length > 0 && target.database !== undefined) databases.add(target.database);
  for (const database of databases) {
    await attempt(database, async (deadline) => {
      const report = await repairDatabase({ ...target, database }, deadline);
      return (
        report.leftovers.map(({ reason, ...left }) => `${left.database}: ${reason}`).join('; ') || undefined
      );
    });
  }
  for (const { database, kind } of orphans) {
    if (kind === 'held') continue;
    await attempt(database, async (deadline) => {
      // A client that found it and connected to it may have a reason to.
      await dropDatabase({ ...target, database }, { ...deadline, ifExists: true, keep: [{ user: '*' }] });
      return undefined;
    });
  }
  return repairs;
}

/** Whether `dropExpired` drops it. */
export const isDroppedByFix = ({ expired, of, undroppable }: KeptDatabase): boolean =>
  expired && of !== null && undroppable === null;

/** Drops expired content that was kept for an undo. */
export async function dropExpired({ deadlineEach, target }: CommandContext): Promise<Repair[]> {
  const { dropped, left } = await dropExpiredDatabases(target, deadlineEach);
  return [
    ...dropped.map((database) => ({ database, failure: null })),
    ...left.map(({ database, reason }) => ({ database, failure: reason })),
  ];
}

/** Resumes the aliases of poolers that are paused although no operation is running. */
export async function resumePaused({ deadlineEach, target }: CommandContext): Promise<Repair[]> {
  const resumed = await resumePausedAliases(target, deadlineEach);
  return resumed.map(({ alias, failure }) => ({ database: alias, failure }));
}
