import { type DeadlineOptions, PgEvictError, type Target } from '@pg-evict/core';
import { deadlineOf, flattenConnection, sharedDeadline } from '@pg-evict/core/internal';
import { unwatched } from '../leaks/watch-sockets.js';
import { dayOf, readComment } from '../names/database-comments.js';
import {
  derivedNamesLike,
  isDerivedName,
  type OwnDatabase,
  ownNamesLike,
  readOwnName,
} from '../names/database-names.js';
import { dropTestDatabaseWithin } from '../server/drop-database.js';
import {
  type HeldLockRow,
  heldLocksQuery,
  isHeld,
  lockClasses,
  lockKeys,
} from '../session/advisory-locks.js';
import { MaintenanceSession } from '../session/maintenance-session.js';
import { SilenceError } from '../session/answer-within.js';

/** How long an unused template, or a database that was kept, stays. */
const weekMs = 7 * 24 * 60 * 60 * 1000;

/**
 * The same for a template of a run that was killed, or that no process ended; it may just be passed on to another run.
 */
const ofOneRunMs = 2 * 24 * 60 * 60 * 1000;

/** Options of {@link sweepTestDatabases}. */
export interface SweepOptions {
  /**
   * Also drops databases of failed test files that were kept less than a week ago.
   * @default false
   */
  readonly kept?: boolean | undefined;
  /**
   * Also drops templates that were used within the last week, but not by a run that lives.
   * @default false
   */
  readonly templates?: boolean | undefined;
  /**
   * Changes nothing; the report lists the databases that would be dropped.
   * @default false
   */
  readonly dryRun?: boolean | undefined;
  /**
   * How long dropping each of the databases may take, in milliseconds. One that takes longer, because another session
   * has it locked, is among the `failed`. {@link sweepTestDatabases} also ends if the server takes longer to answer a
   * query.
   * @default 30_000
   */
  readonly timeoutMs?: number | undefined;
  /** Ends the sweep; it then rejects with code `ABORTED`. */
  readonly signal?: AbortSignal | undefined;
}

/** A database that was not dropped. */
export interface Unswept {
  readonly database: string;
  readonly reason: string;
}

/** The result of a sweep. */
export interface SweepReport {
  /** Dropped; in a dry run, would be. */
  readonly dropped: readonly string[];
  /**
   * Databases of ours that stay, each with the reason, and those whose names were made from that of a test database
   * (`<database>_shadow`), which others have created: they are never dropped.
   */
  readonly left: readonly Unswept[];
  /** Databases that could not be dropped, each with the reason. */
  readonly failed: readonly Unswept[];
  readonly dryRun: boolean;
}

interface FoundRow {
  readonly name: string;
  readonly comment: string | null;
  readonly owner: string;
  readonly owned: boolean;
}

const namesQuery = `
SELECT datname AS name, shobj_description(oid, 'pg_database') AS comment, pg_get_userbyid(datdba) AS owner,
  pg_has_role(datdba, 'USAGE') AS owned
FROM pg_database WHERE datname LIKE '${ownNamesLike}' OR datname LIKE '${derivedNamesLike}' ORDER BY datname`;

const derived =
  'it was not made by pg-evict: its name was made from that of a test database, which may be gone; drop it where it is made';

/**
 * Drops the test databases of runs that are over: ended, killed, or cut off from the server. A run lives as long as
 * one of its processes does. Only databases that pg-evict made, known by their names, are dropped; templates and
 * databases that were kept after a week without use.
 *
 * Needs ownership of the databases; those of others stay.
 *
 * @param target the server; its database is not touched and need not exist
 * @throws {@link PgEvictError} `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`
 */
export async function sweepTestDatabases(target: Target, options: SweepOptions = {}): Promise<SweepReport> {
  return unwatched(async () => {
    // A URL's database would be the one that is connected to.
    const { database: _itsOwn, ...connection } = flattenConnection(target.connection);
    const { timeoutMs: connectionTimeoutMillis } = options;
    const control = await MaintenanceSession.open(
      connectionTimeoutMillis === undefined ? connection : { connectionTimeoutMillis, ...connection },
      target.maintenanceDatabase,
      { answerMs: options.timeoutMs, timeoutMs: options.timeoutMs },
    );
    try {
      return await sweepOver(control, { ...target, connection }, options);
    } finally {
      await control.close();
    }
  });
}

/** The same over an existing session. */
export async function sweepOver(
  control: MaintenanceSession,
  target: Target,
  options: SweepOptions = {},
): Promise<SweepReport> {
  const { dryRun = false, signal } = options;
  const isAborted = (): boolean => signal?.aborted === true;
  // In this order: a run takes its lock before it makes a database.
  const { rows } = await control.query<FoundRow>(namesQuery);
  const found = rows.flatMap((row) => {
    const own = readOwnName(row.name);
    return own === undefined ? [] : [{ ...row, own }];
  });
  const { rows: held } = await control.query<HeldLockRow>(heldLocksQuery, [Object.values(lockClasses)]);
  const dropped: string[] = [];
  const left: Unswept[] = rows.flatMap(({ name }) =>
    isDerivedName(name) ? [{ database: name, reason: derived }] : [],
  );
  const failed: Unswept[] = [];
  for (const { name, comment, owned, owner, own } of found) {
    const reason =
      reasonToStay(own, comment, held, options) ?? (owned ? undefined : `it belongs to "${owner}"`);
    if (reason !== undefined) {
      left.push({ database: name, reason });
      continue;
    }
    if (isAborted()) throw abortedAfter(dropped);
    const deadline = sharedDeadline({ timeoutMs: options.timeoutMs, signal });
    try {
      if (dryRun || (await drop(control, target, own, deadline))) dropped.push(name);
      else left.push({ database: name, reason: 'a run uses it' });
    } catch (error) {
      if (isAborted()) throw abortedAfter(dropped, error);
      // The next one would only be waited for as long again.
      if (deadlineOf(deadline).silent || error instanceof SilenceError) throw error;
      failed.push({ database: name, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { dropped, left, failed, dryRun };
}

function reasonToStay(
  { kind, run, name }: OwnDatabase,
  comment: string | null,
  held: readonly HeldLockRow[],
  { kept = false, templates = false }: SweepOptions,
): string | undefined {
  if (kind === 'template') {
    if (isHeld(held, { kind: 'template', of: hashOf(name) })) return 'a run uses it';
    const day = recentDay(comment);
    return day === undefined || templates ? undefined : `it was last used on ${day}`;
  }
  if (kind === 'kept') {
    const day = recentDay(comment);
    return day === undefined || kept ? undefined : `it was kept on ${day}`;
  }
  const of = run ?? '';
  return isHeld(held, { kind: 'run', of }) ? `run ${of} lives` : undefined;
}

/** The day that a comment names, in words, unless it is long ago. */
function recentDay(comment: string | null): string | undefined {
  const { day, ofOneRun } = readComment(comment);
  if (day === null) return 'an unknown day';
  return day > dayOf(new Date(Date.now() - (ofOneRun ? ofOneRunMs : weekMs))) ? day : undefined;
}

function abortedAfter(dropped: readonly string[], cause?: unknown): PgEvictError {
  const state =
    dropped.length === 0 ? 'No database was dropped' : `Dropped before that: ${dropped.join(', ')}`;
  return new PgEvictError('ABORTED', `Aborted. ${state}.`, { cause });
}

/** Returns whether it was dropped: a run may begin to use a template at this moment. */
async function drop(
  control: MaintenanceSession,
  target: Target,
  { kind, name }: OwnDatabase,
  options: DeadlineOptions,
): Promise<boolean> {
  if (kind !== 'template') {
    await dropTestDatabaseWithin(target, name, options);
    return true;
  }
  const keys = lockKeys({ kind: 'template', of: hashOf(name) });
  const { rows } = await control.query<{ taken: boolean }>(
    'SELECT pg_try_advisory_lock($1, $2) AS taken',
    keys,
  );
  if (rows[0]?.taken !== true) return false;
  try {
    await dropTestDatabaseWithin(target, name, options);
    return true;
  } finally {
    // Where nobody answers, the end of the session gives it back.
    if (!deadlineOf(options).silent) await control.query('SELECT pg_advisory_unlock($1, $2)', keys);
  }
}

const hashOf = (template: string): string => template.slice(-16);
