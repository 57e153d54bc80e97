import type { Blocker } from '../contract/blocker.js';
import { pause } from '../contract/deadline.js';
import { blockedError, type PgEvictError } from '../contract/error.js';
import { sqlStateOf, translateError } from '../contract/server-error.js';
import { halfDropped } from '../database/facts.js';
import { findPlaceholder, heldError } from '../guards/placeholder.js';
import { describeSession, sessionKind } from '../sessions/describe.js';
import { protectedState, refuseProtectedByNow } from '../guards/protection-label.js';
import { deniedBlocker } from '../sessions/permission.js';
import { type SessionRow, toDeniedSession, toSession } from '../sessions/row.js';
import { type EvictionRound, evictSessions } from './evict-sessions.js';
import { findBlockers } from '../blockers/find-blockers.js';
import { findLockHolders } from '../blockers/find-lock-holders.js';
import type { ExclusiveStatement, Operation } from './operation.js';
import { unansweringProcesses } from '../blockers/unanswering-processes.js';

/**
 * How a statement fails on a placeholder: `unlessPlaceholder()`, a template that cannot be dropped, an encoding that
 * does not fit.
 */
const placeholderStates = new Set(['22012', '42809', '22023']);
const objectInUse = '55006';
const deadlockDetected = '40P01';

/** Another session has changed the row of a database after we read it: ALTER DATABASE, GRANT, COMMENT. */
const isChangedMeanwhile = (error: unknown): boolean =>
  sqlStateOf(error) === 'XX000' && (error as Error).message.startsWith('tuple concurrently ');
const lockNotAvailable = '55P03';

/**
 * Throws the reason why an exclusive statement failed, with all obstacles, or returns if another attempt makes sense:
 * PostgreSQL's 50 checks can be used up by NOTIFYs meant for other runners, and two statements that lock the same
 * databases can deadlock.
 */
export async function throwUnlessRetriable(
  operation: Operation,
  statement: ExclusiveStatement,
  lastSweep: EvictionRound,
  error: unknown,
): Promise<void> {
  const { control, database, deadline, failure } = operation;
  const sqlState = sqlStateOf(error);
  if (placeholderStates.has(sqlState ?? '')) {
    const held = await findPlaceholder(control.client, statement.databases);
    if (held !== undefined) throw heldError(held, failure, error);
  }
  if (sqlState === protectedState) {
    await refuseProtectedByNow(control.client, statement.databases);
    // The label is off again by now.
    if (!deadline.over) return;
  }
  if (isChangedMeanwhile(error) && !deadline.over) {
    await pause(10);
    return;
  }
  if (sqlState === objectInUse || sqlState === deadlockDetected) {
    await throwIfInUse(operation, statement, error);
    if (!deadline.over) return;
  }
  if (deadline.over || sqlState === lockNotAvailable)
    throw await explainTimeout(operation, statement, lastSweep, error);
  // Our session was terminated, perhaps in the middle of a DROP.
  const isEnded = sqlState === '57P01';
  const state = isEnded ? await halfDropped(control.client, statement.databases).catch(() => '') : '';
  throw translateError(error, failure, { database, state });
}

/** Throws the reason why the databases are in use, if another attempt would not remove it. */
async function throwIfInUse(
  operation: Operation,
  statement: ExclusiveStatement,
  cause: unknown,
): Promise<void> {
  const { control, database, failure } = operation;
  const facts = { database, sqlState: sqlStateOf(cause), cause };
  const { blockers } = await findBlockers(control.client, statement.databases, statement.blockedBy);
  if (blockers.length > 0) throw blockedError('BLOCKED', `${failure}:`, blockers, facts);
  if (statement.sessions === 'end') return;
  const untouchable = await untouchableSessions(operation, statement);
  throw blockedError('SESSIONS_REMAIN', `${failure}:`, untouchable, facts);
}

/**
 * The error for a statement that was cancelled at the deadline. It names the session that the statement waited for, or
 * says that the time is up.
 */
async function explainTimeout(
  { control, database, deadline, failure, runner, terminated }: Operation,
  statement: ExclusiveStatement,
  { rows, runnerWait, waitingFor }: EvictionRound,
  cause: unknown,
): Promise<PgEvictError> {
  const facts = { database, sqlState: sqlStateOf(cause), cause };
  const wrecks = await halfDropped(control.client, statement.databases);
  if (deadline.aborted) return deadline.error(database, `${failure}.${wrecks}`, { cause });
  if (runnerWait === 'ProcSignalBarrier')
    return blockedError(
      'BLOCKED',
      `${failure}:`,
      await unansweringProcesses(control.client, statement.databases, database, wrecks),
      facts,
    );
  const others = waitingFor.filter((pid) => !rows.some((row) => row.pid === pid));
  const holders = await findLockHolders(control.client, database, others, runner.pid);
  if (holders.length > 0) return blockedError('BLOCKED', `${failure}:`, holders, facts);
  const told = new Set([...terminated.values()].map(({ pid }) => pid));
  const stuck = rows.filter(({ in_the_way: inTheWay, pid }) => inTheWay || told.has(pid));
  if (stuck.length > 0) {
    const blockers = stuck.map((row) => stuckBlocker(row, database));
    return blockedError('SESSIONS_REMAIN', `${failure}:`, blockers, facts);
  }
  const there = rows.map(({ pid }) => pid).join(', ');
  const still = there === '' ? '' : ` Connected, and not told to terminate yet: ${there}.`;
  return deadline.error(database, `${failure}.${still}${wrecks}`, { cause });
}

/** The error for sessions that may not be ended, each with its reason and remedy. */
export function sessionsDenied({ database, failure }: Operation, rows: readonly SessionRow[]): PgEvictError {
  const blockers = rows.map((row) => deniedBlocker(toDeniedSession(row), database));
  return blockedError('SESSIONS_REMAIN', `${failure}.`, blockers, { database });
}

/** A session that was signalled and did not end. */
function stuckBlocker(row: SessionRow, database: string): Blocker {
  const session = toSession(row);
  return {
    kind: sessionKind(session),
    name: String(row.pid),
    database,
    detail: `${describeSession(session)} was told to terminate and is still there.`,
    remedy: 'Look at its process on the server host: it may be stopped or stuck in a system call.',
    session,
  };
}

/** Sessions on a database of the server's own, which are never ended. */
async function untouchableSessions(
  { control, runner }: Operation,
  { databases }: ExclusiveStatement,
): Promise<Blocker[]> {
  const { rows } = await evictSessions(control.client, databases, runner.pid);
  const names = databases.map((name) => `"${name}"`).join(', ');
  if (rows.length === 0) {
    const detail = `The template ${names} was in use.`;
    return [
      {
        kind: 'session',
        name: databases.join(', '),
        database: databases.join(', '),
        detail,
        remedy: 'Try again.',
      },
    ];
  }
  return rows.map(toSession).map((session) => ({
    kind: sessionKind(session),
    name: String(session.pid),
    database: databases.join(', '),
    detail: `${describeSession(session)} is on the template ${names}, whose sessions are never terminated.`,
    remedy: 'Disconnect it, or use another template (template0 has no sessions).',
    session,
  }));
}
