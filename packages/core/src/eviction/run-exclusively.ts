import { pause, stateOf } from '../contract/deadline.js';
import { isOutcomeUnknown, sqlStateOf } from '../contract/server-error.js';
import { refuseProtectedByNow } from '../guards/protection-label.js';
import { toSession } from '../sessions/row.js';
import { untilDeniedLeave, waitForSessionsToLeave } from './await-sessions.js';
import { type EvictionRound, evictSessions, type EvictionRow, isDenied } from './evict-sessions.js';
import { sessionsDenied, throwUnlessRetriable } from './explain-failure.js';
import { type ExclusiveStatement, type Operation, wakeChannel } from './operation.js';
import { boundLockWait } from './run-within-deadline.js';
import { type Attempt, SecondRunner } from './second-runner.js';
import { cancelUntilSettled, endLostRunner } from './stop-statement.js';

/**
 * How often a nap of the runner may be ended early. `CountOtherDBBackends()` (src/backend/storage/ipc/procarray.c)
 * looks 50 times, 100 ms apart; any signal ends a nap and uses up one look.
 */
const maxWakes = 40;

/** How long a process that the role cannot identify may stay before it counts as one that may not be ended. */
const unidentifiedGraceMs = 1500;

/** How long a backend may take to connect before it counts as one that hangs; it takes some milliseconds. */
const connectingGraceMs = 100;

/**
 * Lock first, terminate, wake. The runner starts the statement, which takes the lock that keeps newcomers out and
 * then naps until the sessions on the databases are gone; meanwhile control ends them and, when it sees nobody
 * left, wakes the runner. No client can slip in between, and no nap is slept to its end.
 *
 * Never returns while the statement still runs on the server. Sessions ended are added to `operation.terminated`.
 *
 * @throws {@link PgEvictError} `SESSIONS_REMAIN` if sessions may not be ended (nobody is then) or do not end,
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

/** Runs the statement again as long as that is worth it. */
async function runUntilDone(operation: Operation, statement: ExclusiveStatement): Promise<void> {
  const isQueuedTwice = operation.drain !== undefined && statement.renames === true;
  const second = isQueuedTwice ? new SecondRunner(operation, statement) : undefined;
  try {
    while (!(await attemptOnce(operation, statement, second)));
    // What it would do has been done, which it notices by itself.
    await second?.standDown().catch(() => undefined);
  } catch (error) {
    await second?.standDown();
    if (second?.done !== true) throw error;
  } finally {
    await second?.end();
  }
}

/** Runs the statement once. Returns whether it was done; throws what it is not worth another try after. */
async function attemptOnce(
  operation: Operation,
  statement: ExclusiveStatement,
  second: SecondRunner | undefined,
): Promise<boolean> {
  const { deadline, drain } = operation;
  const takenOver = second?.takeOver();
  const attempt = takenOver ?? (await begin(operation, statement, second));
  const fate = stateOf(attempt.running);
  let lastSweep: EvictionRound | undefined;
  try {
    lastSweep = await endSessionsUntilSettled(attempt, statement, second);
    await attempt.running;
    return true;
  } catch (error) {
    if (second?.done === true) return true;
    if (fate.error !== undefined && isOutcomeUnknown(fate.error)) {
      if (takenOver === undefined) throw await endLostRunner(operation, statement.databases, fate.error);
      await second?.dismiss(fate.error);
      return false;
    }
    if (error instanceof DeniedError) {
      await waitForDenied(operation, statement, error);
      return false;
    }
    if (lastSweep === undefined) throw error;
    if (drain?.wasGivenBack() === true && !deadline.over) await drain.wait(operation, statement.databases);
    // What keeps the second runner from it is found by the first one, too.
    else if (takenOver === undefined || deadline.over)
      await throwUnlessRetriable(attempt.operation, statement, lastSweep, error);
    return false;
  }
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
  // The last look before it: where nobody is connected, nothing holds it up once it has begun.
  if (heedsLabels(statement)) await refuseProtectedByNow(runner.client, statement.databases);
  return { operation, running: runner.run(statement.sql) };
}

/**
 * Somebody who may not be ended has come after everybody looked. Nothing is locked any more: they are waited for as the
 * others were.
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

const heedsLabels = ({ labels = 'heeded', sessions }: ExclusiveStatement): boolean =>
  labels === 'heeded' && sessions === 'end';

/** Somebody is on the databases who may not be ended. */
class DeniedError extends Error {
  readonly rows: readonly EvictionRow[];

  constructor(rows: readonly EvictionRow[]) {
    super('sessions may not be ended');
    this.rows = rows;
  }
}

/** Ends sessions until the statement has settled, cancelling it when it cannot succeed. Returns the last look. */
async function endSessionsUntilSettled(
  { operation, running }: Attempt,
  statement: ExclusiveStatement,
  second: SecondRunner | undefined,
): Promise<EvictionRound> {
  const { control, deadline, drain, runner } = operation;
  const state = stateOf(running);
  const beganAt = performance.now();
  const connecting = new Connecting();
  const stop = async (): Promise<void> => {
    await second?.standDown();
    await cancelUntilSettled(operation, running);
  };
  let sweep: EvictionRound = { held: [], protected: null, waitingFor: [], runnerWait: null, rows: [] };
  let wakes = 0;
  try {
    while (!state.settled) {
      if (deadline.over) {
        await stop();
        break;
      }
      const heldBefore = sweep.held;
      const overdue = connecting.overdue();
      const isSparing = drain?.isOn(beganAt) === true;
      sweep = await evictSessions(control.client, statement.databases, runner.pid, {
        terminate: statement.sessions === 'end',
        heldBefore,
        keep: operation.keep,
        overdue,
        ignoresLabels: !heedsLabels(statement),
        sparesBusy: isSparing,
      });
      if (statement.sessions === 'wait') {
        await pause(20, running);
        continue;
      }
      const refuse = refusalOf(operation, statement, sweep, performance.now() - beganAt);
      if (refuse !== undefined) {
        await stop();
        if (!state.succeeded) await refuse();
        break;
      }
      recordTerminated(
        operation,
        sweep.rows.filter((row) => row.signalled),
      );
      drain?.see(sweep.rows);
      if (drain?.givesBack(sweep.rows, beganAt) === true) {
        await stop();
        break;
      }
      if (sweep.held.length > 0) second?.queueBehind(runner);
      connecting.see(sweep.rows);
      await terminateStarting(
        operation,
        sweep.rows.filter(({ pid }) => overdue.includes(pid)),
      );
      const leaving = sweep.rows.filter((row) => row.locked && !row.unidentified).length;
      if (heldBefore.length > 0 && leaving === 0 && wakes < maxWakes) {
        wakes += 1;
        await control.client.query(`NOTIFY ${wakeChannel(runner.pid)}`);
      }
      const isReady = sweep.held.every((name) => heldBefore.includes(name));
      await pause(isReady ? nextLookMs(leaving, wakes, isSparing) : 0, running);
    }
  } catch (error) {
    if (!state.settled) await stop();
    throw error;
  }
  return sweep;
}

/** What says no to the statement, where something that was seen does: it throws, unless that has changed since. */
function refusalOf(
  { control }: Operation,
  statement: ExclusiveStatement,
  { protected: label, rows }: EvictionRound,
  waitedMs: number,
): (() => Promise<void>) | undefined {
  if (label !== null && heedsLabels(statement)) {
    return async () => refuseProtectedByNow(control.client, statement.databases);
  }
  const denied = rows.filter((row) => isDenied(row) || (row.unidentified && waitedMs >= unidentifiedGraceMs));
  if (denied.length === 0) return undefined;
  return async () => {
    throw new DeniedError(denied);
  };
}

/** A backend takes about a millisecond of the server to exit: look again when a share of them can be gone. */
function nextLookMs(leaving: number, wakes: number, isSparing: boolean): number {
  if (leaving > 0) return Math.max(isSparing ? 5 : 0, Math.min(10, leaving / 10));
  return wakes < 10 ? 2 : 20;
}

/** Backends that have been seen while they connected. */
class Connecting {
  readonly #since = new Map<number, number>();

  see(rows: readonly EvictionRow[]): void {
    for (const { pid, connecting } of rows) {
      if (connecting && !this.#since.has(pid)) this.#since.set(pid, performance.now());
    }
  }

  /** Those that have taken too long. */
  overdue(): number[] {
    return [...this.#since.entries()]
      .filter(([, since]) => performance.now() - since > connectingGraceMs)
      .map(([pid]) => pid);
  }
}

function recordTerminated({ terminated }: Operation, rows: readonly EvictionRow[]): void {
  for (const row of rows) {
    const key = `${row.pid} ${row.started_at?.getTime() ?? ''}`;
    // One that was ended while it started may be listed for a moment before it goes.
    if (row.started_at !== null) terminated.delete(`${row.pid} `);
    if (!terminated.has(key)) terminated.set(key, toSession(row));
  }
}

/**
 * The server may refuse to signal a backend that has no role yet (42501). It is then waited for: it will be listed,
 * or find itself locked out.
 */
async function terminateStarting(operation: Operation, rows: readonly EvictionRow[]): Promise<void> {
  for (const row of rows.filter(({ starting, in_the_way: inTheWay }) => starting && inTheWay)) {
    try {
      await operation.control.client.query('SELECT pg_terminate_backend($1)', [row.pid]);
      recordTerminated(operation, [row]);
    } catch (error) {
      if (sqlStateOf(error) !== '42501') throw error;
    }
  }
}
