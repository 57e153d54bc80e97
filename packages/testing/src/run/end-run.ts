import { letSessionsLeave } from '../database/let-sessions-leave.js';
import { releaseDatabase } from '../database/release-database.js';
import type { TestRun } from '../database/test-run.js';
import { unwatched } from '../leaks/watch-sockets.js';
import { ownNamesLike, readOwnName } from '../names/database-names.js';
import { dropTestDatabase } from '../server/drop-database.js';
import { type HeldLockRow, heldLocksQuery, isHeld, lockClasses } from '../session/advisory-locks.js';

/** Options of {@link endRun}. */
export interface EndRunOptions {
  /**
   * Also drops databases that other processes of the run still work with: for the process that began the run, and
   * decides that it is over.
   * @default false
   */
  readonly force?: boolean | undefined;
}

/**
 * Ends a run for this process: releases the databases it still has and closes its session. In the process that began
 * the run, the databases of its other processes are dropped as well, and so is a template that no later run may use; a
 * server that was started for the run is stopped. A database that a process still works with is left for a later sweep.
 *
 * @throws {@link PgEvictError} `CONNECTION_FAILED`
 */
export async function endRun(run: TestRun, { force = false }: EndRunOptions = {}): Promise<void> {
  return unwatched(async () => {
    try {
      // A server that was started for the run ends with all databases on it.
      if (run.owned && !run.server.lasts) return;
      for (const database of run.databases) await releaseDatabase(database);
      if (run.owned) await dropAbandoned(run, force);
    } finally {
      await run.stop();
    }
  });
}

async function dropAbandoned({ control, server, id, template }: TestRun, force: boolean): Promise<void> {
  // From here on, no other database can be made.
  if (force) await control.hold({ kind: 'ending', of: id, shared: false });
  const { rows: found } = await control.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database WHERE datname LIKE '${ownNamesLike}'`,
  );
  const uses = { kind: 'template', of: template.hash, shared: true } as const;
  if (!template.reused) await control.release(uses);
  const { rows: held } = await control.query<HeldLockRow>(heldLocksQuery, [Object.values(lockClasses)]);
  if (!template.reused && (force || !isHeld(held, uses))) {
    await dropTestDatabase(control, server.target, template.name);
  }
  for (const { name } of found) {
    const own = readOwnName(name);
    if (own?.run !== id || own.kind === 'kept') continue;
    if (!force && isHeld(held, { kind: 'database', of: name })) continue;
    await letSessionsLeave(control, name);
    await dropTestDatabase(control, server.target, name);
  }
}
