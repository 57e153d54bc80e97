import { pause, stateOf } from '../contract/deadline.js';
import { sqlStateOf } from '../contract/server-error.js';
import { refuseProtectedByNow } from '../guards/protection-label.js';
import { toSession } from '../sessions/row.js';
import { type EvictionRound, evictSessions, type EvictionRow, isDenied } from './evict-sessions.js';
import { type ExclusiveStatement, type Operation, wakeChannel } from './operation.js';
import type { Attempt, SecondRunner } from './second-runner.js';
import { cancelUntilSettled } from './stop-statement.js';

/**
 * How often a nap of the runner may be ended early. `CountOtherDBBackends()` (src/backend/storage/ipc/procarray.c)
 * checks 50 times, 100 ms apart; any signal ends a nap and uses up one check.
 */
const maxWakes = 40;

/** How long a process that the role cannot identify may stay before it counts as one that may not be ended. */
const unidentifiedGraceMs = 1500;

/** How long a backend may take to connect before it counts as one that hangs; it takes some milliseconds. */
const connectingGraceMs = 100;

/** Whether a label prevents the statement from running. */
export const heedsLabels = ({ labels = 'heeded', sessions }: ExclusiveStatement): boolean =>
  labels === 'heeded' && sessions === 'end';

/** A session on the databases may not be terminated. */
export class DeniedError extends Error {
  readonly rows: readonly EvictionRow[];

  constructor(rows: readonly EvictionRow[]) {
    super('sessions may not be terminated');
    this.rows = rows;
  }
}

/**
 * Terminates sessions until the statement has settled, and cancels it when it cannot succeed. Returns the last sweep.
 */
export async function endSessionsUntilSettled(
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
      note(operation, sweep.rows);
      const refuse = refusalOf(operation, statement, sweep, beganAt);
      if (refuse !== undefined) {
        await stop();
        if (!state.succeeded) await refuse();
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

/**
 * The reason not to run the statement, if the sweep has found one. Calling it throws, unless the reason has gone since,
 * or the statement is only stopped so that a session can finish.
 */
function refusalOf(
  { control, drain }: Operation,
  statement: ExclusiveStatement,
  { protected: label, rows }: EvictionRound,
  beganAt: number,
): (() => Promise<void>) | undefined {
  if (label !== null && heedsLabels(statement)) {
    return async () => refuseProtectedByNow(control.client, statement.databases);
  }
  const isLate = performance.now() - beganAt >= unidentifiedGraceMs;
  const denied = rows.filter((row) => isDenied(row) || (row.unidentified && isLate));
  if (denied.length > 0) {
    return async () => {
      throw new DeniedError(denied);
    };
  }
  return drain?.givesBack(rows, beganAt) === true ? async () => undefined : undefined;
}

/** A backend takes about a millisecond of the server to exit: look again when a share of them can be gone. */
function nextLookMs(leaving: number, wakes: number, isSparing: boolean): number {
  if (leaving > 0) return Math.max(isSparing ? 5 : 0, Math.min(10, leaving / 10));
  return wakes < 10 ? 2 : 20;
}

/** Backends that were seen while they connected. */
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

/** Records the sessions that were terminated, and those that were busy. */
function note(operation: Operation, rows: readonly EvictionRow[]): void {
  recordTerminated(
    operation,
    rows.filter(({ signalled }) => signalled),
  );
  operation.drain?.see(rows);
}

function recordTerminated({ terminated }: Operation, rows: readonly EvictionRow[]): void {
  for (const row of rows) {
    const key = `${row.pid} ${row.started_at?.getTime() ?? ''}`;
    // A session that was terminated while it started may be listed for a moment before it goes.
    if (row.started_at !== null) terminated.delete(`${row.pid} `);
    if (!terminated.has(key)) terminated.set(key, toSession(row));
  }
}

/**
 * The server may refuse to signal a backend that has no role yet (42501). It is then waited for: either it will be
 * listed, or it fails to get in.
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
