import type { Client } from 'pg';
import { withMaintenanceConnections } from '../connection/maintenance.js';
import { resolveTarget, type Target } from '../connection/target.js';
import type { Blocker, BlockerKind } from '../contract/blocker.js';
import { deadlineOf, type DeadlineOptions, pause } from '../contract/deadline.js';
import { databaseNotFound } from '../contract/error.js';
import { translateError } from '../contract/server-error.js';
import type { SessionPattern } from '../contract/session.js';
import { isOutdated } from '../database/collation-version.js';
import { inspect } from '../database/facts.js';
import { awaitSetAside, describeSetAside, findSetAside, type SetAside } from '../database/set-aside.js';
import { evictSessions, isDenied } from '../eviction/evict-sessions.js';
import { findBlockers } from '../blockers/find-blockers.js';
import { findLockHolders } from '../blockers/find-lock-holders.js';
import { findStartingProcesses, startingBlocker } from '../blockers/unanswering-processes.js';
import { heldBlocker, isPlaceholder } from '../guards/placeholder.js';
import { outdatedBlocker } from '../guards/preconditions.js';
import { describeSession, sessionKind } from '../sessions/describe.js';
import { deniedBlocker } from '../sessions/permission.js';
import { toDeniedSession, toSession } from '../sessions/row.js';

/** Options of {@link diagnose}. */
export interface DiagnoseOptions extends DeadlineOptions {
  /** Sessions that are never ended. @default none */
  readonly keep?: readonly SessionPattern[] | undefined;
}

/** The obstacles to working on a database. */
export interface Diagnosis {
  readonly database: string;
  /** All findings, including sessions that may be terminated: an operation terminates those by itself. */
  readonly blockers: readonly Blocker[];
  /** Those of the blockers that an operation does not remove by itself. */
  readonly standing: readonly Blocker[];
}

const kinds: readonly BlockerKind[] = [
  'prepared-transaction',
  'replication-slot',
  'subscription',
  'template',
  'invalid-database',
];

/**
 * Sessions that keep DROP DATABASE from its lock. Some hold a lock on the database itself: a copy under way, COMMENT,
 * ALTER DATABASE SET. Others have changed its row in a transaction that is still open: GRANT, ALTER DATABASE … OWNER.
 * DROP DATABASE would wait for either without limit. A backend in startup holds the lock for a moment, and has no
 * database to its name yet.
 */
const lockHoldersQuery = `
SELECT DISTINCT l.pid FROM pg_database d JOIN pg_locks l ON l.granted AND (
  (l.locktype = 'object' AND l.classid = 'pg_database'::regclass AND l.objid = d.oid)
  OR (l.locktype = 'transactionid' AND d.xmax <> '0'::xid AND l.transactionid = d.xmax))
WHERE d.datname = $1 AND l.pid IS NOT NULL AND l.pid <> pg_backend_pid()
  AND EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = l.pid AND a.datid IS NOT NULL)`;

/** The maximum time that a process of the server takes to answer, unless it is stopped or hangs. */
const answerMs = 500;

/** Backends that wait for a process to answer (15 and later). */
const barrierQuery = `SELECT pid FROM pg_stat_activity WHERE wait_event = 'ProcSignalBarrier' ORDER BY pid`;

/**
 * Names every obstacle to dropping, recreating, renaming or cloning a database, each with its remedy. Changes nothing
 * and terminates no session. Needs no privilege. If an operation has renamed the database, as a drop does, it is
 * diagnosed under its private name, and the operation is the first of the blockers.
 *
 * @throws {@link PgEvictError} `DATABASE_NOT_FOUND`, `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`
 */
export async function diagnose(target: Target, options: DiagnoseOptions = {}): Promise<Diagnosis> {
  const resolved = resolveTarget(target);
  const asked = resolved.database;
  return withMaintenanceConnections(resolved, deadlineOf(options), 1, async ([{ client, pid }]) => {
    try {
      const exists = (await inspect(client, [asked])).databases.length > 0;
      const setAside = exists ? undefined : await findSetAside(client, asked);
      const database = setAside?.name ?? asked;
      const [facts] = (await inspect(client, [database])).databases;
      if (facts === undefined) throw databaseNotFound(asked);
      const { blockers: found, inactiveSlots } = await findBlockers(client, [database], kinds);
      const { rows } = await evictSessions(client, [database], pid, { keep: options.keep ?? [] });
      const holders = await client.query<{ pid: number }>(lockHoldersQuery, [database]);
      const barred = await findBarred(client);
      const denied = rows.filter(isDenied);
      const standing: Blocker[] = [
        ...(setAside === undefined ? [] : [setAsideBlocker(asked, setAside)]),
        // Other findings on a placeholder are part of how it is made.
        ...(isPlaceholder(facts.comment) ? [heldBlocker(database)] : found),
        ...(await findLockHolders(
          client,
          database,
          holders.rows.map((row) => row.pid).filter((holder) => !rows.some((row) => row.pid === holder)),
          pid,
        )),
        ...barred.map((row) => barrierBlocker(database, row.pid)),
        ...(barred.length === 0 ? [] : await findStartingProcesses(client, [database])).map((each) =>
          startingBlocker(each, database),
        ),
        ...denied.map((row) => deniedBlocker(toDeniedSession(row), database)),
      ];
      const sessions = rows
        .filter((row) => row.can_terminate)
        .map((row): Blocker => {
          const session = toSession(row);
          const kind = sessionKind(session);
          return {
            kind,
            name: String(row.pid),
            database,
            detail: `${describeSession(session)} is on the database${session.state === null ? '' : ` (${session.state})`}.`,
            remedy:
              kind === 'session'
                ? 'Every operation terminates it by itself; pg-evict terminate does nothing else.'
                : 'Every operation terminates it by itself. Started again, it waits until the operation is over.',
            session,
          };
        });
      // It prevents the database from being copied, and nothing else.
      const outdated = (await isOutdated(client, database)) ? [outdatedBlocker(database)] : [];
      return {
        database: asked,
        blockers: [...standing, ...inactiveSlots, ...outdated, ...sessions],
        standing,
      };
    } catch (error) {
      throw translateError(error, `Database "${asked}" was not diagnosed`, { database: asked });
    }
  });
}

/**
 * Finds the backends that wait for a process that does not answer; DROP DATABASE would wait for it, too. Every DROP
 * DATABASE waits a moment for answers, so the backends found are checked a second time.
 */
async function findBarred(client: Client): Promise<{ pid: number }[]> {
  const { rows: first } = await client.query<{ pid: number }>(barrierQuery);
  if (first.length === 0) return [];
  await pause(answerMs);
  const { rows: second } = await client.query<{ pid: number }>(barrierQuery);
  return second.filter(({ pid }) => first.some((row) => row.pid === pid));
}

function setAsideBlocker(database: string, setAside: SetAside): Blocker {
  return {
    kind: 'lock',
    name: setAside.pid === null ? setAside.name : String(setAside.pid),
    database,
    detail: describeSetAside(database, setAside),
    remedy: awaitSetAside,
  };
}

function barrierBlocker(database: string, pid: number): Blocker {
  return {
    kind: 'stuck-backend',
    name: String(pid),
    database,
    detail: `Backend ${pid} waits for a process of the server that does not answer (ProcSignalBarrier).`,
    remedy: 'Look on the server host for a stopped or hanging process of PostgreSQL, and free it.',
  };
}
