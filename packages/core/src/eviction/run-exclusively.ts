import { stateOf } from '../contract/deadline.js';
import { isOutcomeUnknown } from '../contract/server-error.js';
import { refuseProtectedByNow } from '../guards/protection-label.js';
import { untilDeniedLeave, waitForSessionsToLeave } from './await-sessions.js';
import { DeniedError, endSessionsUntilSettled, heedsLabels } from './end-sessions.js';
import { type EvictionRound, isDenied } from './evict-sessions.js';
import { sessionsDenied, throwUnlessRetriable } from './explain-failure.js';
import type { ExclusiveStatement, Operation } from './operation.js';
import { boundLockWait } from './run-within-deadline.js';
import { type Attempt, SecondRunner } from './second-runner.js';
import { endLostRunner } from './stop-statement.js';

/**
 * Lock first, terminate, wake. The runner starts the statement, which takes the lock that keeps new sessions out and
 * then naps until the sessions on the databases are gone. Meanwhile control terminates them and, when it sees none
 * left, wakes the runner. No client can connect in between, and no nap is slept to its end.
 *
 * Never returns while the statement still runs on the server. Terminated sessions are added to `operation.terminated`.
 *
 * @throws {@link PgEvictError} `SESSIONS_REMAIN` if sessions may not be terminated (none is then) or do not end,
 * `BLOCKED` if something else stands in the way, `TIMEOUT`, `ABORTED`, or the server's own refusal
 */
export async function runExclusively(operation: Operation, statement: ExclusiveStatement): Promise<void> {
  if (statement.sessions === 'wait') {
    await runUntilDone(operation, statement);
    return;
  }
  await waitForSessionsToLeave(operation, statement.databases);
  await operation.drain?.wait(operation, statement.databases);
  const { control, deadline, database, poolers } = operation;
  const request = { control: control.client, deadline, database, databases: statement.databases };
  await poolers.whilePaused(request, async () => runUntilDone(operation, statement));
}

/** Repeats the statement as long as that makes sense. */
async function runUntilDone(operation: Operation, statement: ExclusiveStatement): Promise<void> {
  const isQueuedTwice = operation.drain !== undefined && statement.renames === true;
  const second = isQueuedTwice ? new SecondRunner(operation, statement) : undefined;
  try {
    while (!(await attemptOnce(operation, statement, second)));
    // Its work is already done, and its statement then fails on purpose.
    await second?.standDown().catch(() => undefined);
  } catch (error) {
    await second?.standDown();
    if (second?.done !== true) throw error;
  } finally {
    await second?.end();
  }
}

/** Runs the statement once. Returns whether it was done; throws errors after which another attempt makes no sense. */
async function attemptOnce(
  operation: Operation,
  statement: ExclusiveStatement,
  second: SecondRunner | undefined,
): Promise<boolean> {
  const { deadline, drain } = operation;
  const takenOver = second?.takeOver();
  const attempt = takenOver ?? (await begin(operation, statement, second));
  const fate = stateOf(attempt.running);
  const isDone = (): boolean => fate.succeeded || second?.done === true;
  let lastSweep: EvictionRound | undefined;
  try {
    lastSweep = await endSessionsUntilSettled(attempt, statement, second);
    await attempt.running;
    return true;
  } catch (error) {
    // If it has succeeded, only the control connection was lost, which the statement does not need any more.
    if (isDone()) return true;
    if (fate.error !== undefined && isOutcomeUnknown(fate.error)) {
      await endLost(operation, statement, fate.error, takenOver === undefined ? undefined : second);
      return false;
    }
    if (error instanceof DeniedError) {
      await waitForDenied(operation, statement, error);
      return false;
    }
    if (lastSweep === undefined) throw error;
    if (drain?.wasGivenBack() === true && !deadline.over) await drain.wait(operation, statement.databases);
    // An obstacle of the second runner is found by the first one, too.
    else if (takenOver === undefined || deadline.over)
      await throwUnlessRetriable(attempt.operation, statement, lastSweep, error);
    return false;
  }
}

/**
 * Ends pending work after a connection was lost. Throws if it was the runner's, because the outcome of its statement
 * must be known.
 */
async function endLost(
  operation: Operation,
  { databases }: ExclusiveStatement,
  cause: unknown,
  second: SecondRunner | undefined,
): Promise<void> {
  if (second === undefined) throw await endLostRunner(operation, databases, cause);
  await second.dismiss(cause);
}

/** Has the runner begin. */
async function begin(
  operation: Operation,
  statement: ExclusiveStatement,
  second: SecondRunner | undefined,
): Promise<Attempt> {
  const { deadline, runner, database, failure } = operation;
  deadline.throwIfOver(database, `${failure}.`);
  await boundLockWait(runner, deadline);
  await second?.remember();
  // The last look before it: if no session is connected, nothing delays the statement once it has begun.
  if (heedsLabels(statement)) await refuseProtectedByNow(runner.client, statement.databases);
  return { operation, running: runner.run(statement.sql) };
}

/**
 * A session that may not be terminated has connected after the last look. Nothing is locked any more, so it is waited
 * for like the others before.
 */
async function waitForDenied(
  operation: Operation,
  { databases }: ExclusiveStatement,
  { rows: seen }: DeniedError,
): Promise<void> {
  if (operation.patienceMs === 0 || operation.deadline.over) throw sessionsDenied(operation, seen);
  const { rows } = await untilDeniedLeave(operation, databases);
  const denied = rows.filter(isDenied);
  if (denied.length > 0) throw sessionsDenied(operation, denied);
}
