import type { Target } from '../connection/target.js';
import { alsoThrown, errorWithRemedies, isPgEvictError, PgEvictError } from '../contract/error.js';
import { assertOptions, operationOptions, type OperationOptions } from '../contract/options.js';
import type { OperationReport } from '../contract/report.js';
import type { Operation } from '../eviction/operation.js';
import type { RemedyOptions } from '../eviction/remove-blockers.js';
import { accessTo, type DatabaseAccess } from '../exclusive-access/access.js';
import { planAcquire, acquire, notHad } from '../exclusive-access/acquire.js';
import { Lease, lostError } from '../exclusive-access/lease.js';
import { minReachingMs, notReached, releaseAgain } from './release-again.js';
import { withOperation } from './with-operation.js';

/** Options of {@link withExclusiveAccess}. */
export interface ExclusiveAccessOptions extends OperationOptions, Pick<RemedyOptions, 'rollbackPrepared'> {}

/** A database that no other client can connect to by its own name. */
export interface ExclusiveAccess extends DatabaseAccess, Pick<OperationReport, 'terminated' | 'removed'> {}

/**
 * The result of {@link withExclusiveAccess}: of getting the access, and, in `leftovers`, of giving the database back.
 */
export interface ExclusiveAccessReport<T> extends OperationReport {
  /** The return value of the callback. */
  readonly value: T;
}

/**
 * The minimum time for giving the database back, in milliseconds, if the server answers: it must not fail because
 * little time was left before.
 */
const minGivingMs = 30_000;

/** The time after the deadline if our connections were lost while the database was taken. */
const spareMs = 900;

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/**
 * Runs `callback` while no other client can connect to the database by its name, not even a superuser, and gives it
 * back in every case. The database is renamed to a private name, which only the callback learns. An empty placeholder
 * with its own name rejects all connections (clients see 55000, "not currently accepting connections"), so that the
 * name always exists and no client creates the database again. Afterwards, sessions that the callback left open are
 * terminated and the names are put back. Each exchange of names is one transaction.
 *
 * The private name stands in `pg_database`, which every role can read. A client that takes it from there, or that
 * visits every database of the server, can still connect, and is terminated when the database is given back. Revoking
 * CONNECT from others would also lock out other roles that the callback uses.
 *
 * If this process is killed meanwhile, the next operation of pg-evict on the database puts the names back, and so does
 * {@link repairDatabase}. If only its connections are lost, it reconnects and continues to hold the database. If
 * another operation has put the names back by then, or the server cannot be reached for longer than `timeoutMs`, the
 * callback's signal fires.
 *
 * `timeoutMs` limits getting the access; not the callback, and not giving the database back. Giving it back has as much
 * time of its own to reach the server (2 seconds at least), and 30 seconds at least once the server answers.
 *
 * Needs ownership of the database and CREATEDB, and for sessions of other roles `pg_signal_backend`.
 *
 * @returns a report, with the return value of the callback; in a dry run the callback is not called. An exception of
 * the callback is thrown
 * @throws {@link PgEvictError} `PROTECTED`, `REFUSED`, `DATABASE_NOT_FOUND`, `PERMISSION_DENIED`, `BLOCKED`,
 * `SESSIONS_REMAIN`, `CONNECTION_FAILED` (also when the database was not held to the end), `CONFIG_INVALID`, `TIMEOUT`,
 * `ABORTED`
 */
export async function withExclusiveAccess<T>(
  target: Target,
  callback: (access: ExclusiveAccess) => Promise<T> | T,
  options?: ExclusiveAccessOptions & { readonly dryRun?: false | undefined },
): Promise<ExclusiveAccessReport<T>>;
export async function withExclusiveAccess<T>(
  target: Target,
  callback: (access: ExclusiveAccess) => Promise<T> | T,
  options: ExclusiveAccessOptions,
): Promise<ExclusiveAccessReport<T | undefined>>;
export async function withExclusiveAccess<T>(
  target: Target,
  callback: (access: ExclusiveAccess) => Promise<T> | T,
  options: ExclusiveAccessOptions = {},
): Promise<ExclusiveAccessReport<T | undefined>> {
  assertOptions('withExclusiveAccess', options, { ...operationOptions, rollbackPrepared: true });
  let outcome: Outcome<T> | undefined;
  const request = { command: 'run', target, options, failure: notHad } as const;
  const report = await withOperation(request, async (operation) => {
    const plan = await planAcquire(operation, options);
    await operation.step('checked');
    if (operation.dryRun) return plan.report;
    const { control, deadline, database, poolers } = operation;
    const { held } = plan;
    const needed = { control: control.client, deadline, database, databases: [database] };
    // Until it is given back: its name rejects all connections meanwhile.
    return poolers.whilePaused(needed, async () => {
      try {
        await acquire(operation, plan);
      } catch (error) {
        // It is unknown whether the database was taken, so it is given back to be sure.
        if (isPgEvictError(error) && error.code === 'CONNECTION_FAILED')
          throw await givenBackAfter(error, operation, target, held);
        throw error;
      }
      const hold = new Lease(operation, held, {
        taken: 'gave it back',
        error: (why, cause) => lostError(operation.database, why, cause),
      });
      try {
        const { removed } = plan.report;
        outcome = await outcomeOf(async () => {
          await operation.step('swapped');
          const terminated = [...operation.terminated.values()];
          return callback({ ...accessTo(operation, held, target, hold.lost), terminated, removed });
        });
        // Held until it is given back, so that no other operation gives it back.
        await hold.settled();
        const leftovers = await give(operation, target, options, held, hold.lost, outcome);
        await operation.step('returned');
        return { changed: true, removed, leftovers };
      } finally {
        await hold.end();
      }
    });
  });
  if (outcome !== undefined && 'error' in outcome) throw outcome.error;
  return { ...report, value: outcome?.value };
}

async function outcomeOf<T>(callback: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await callback() };
  } catch (error) {
    return { error };
  }
}

/**
 * Gives the database back, with connections of its own, because ours may have been lost while the callback ran. An
 * abort must not prevent it. A failure here does not hide the exception of the callback.
 */
async function give(
  { database, deadline }: Operation,
  target: Target,
  { timeoutMs = minGivingMs }: ExclusiveAccessOptions,
  held: string,
  lost: AbortSignal,
  outcome: Outcome<unknown>,
): Promise<OperationReport['leftovers']> {
  const thrown = 'error' in outcome ? [outcome.error] : [];
  try {
    const { changed, dropped, leftovers } = await releaseAgain(target, held, deadline, {
      reachMs: Math.max(timeoutMs, minReachingMs),
      totalMs: Math.max(timeoutMs, minGivingMs),
    });
    if (dropped) throw lostError(database, 'it was dropped meanwhile, and its placeholder as well');
    if (!changed)
      throw lost.aborted ? lost.reason : lostError(database, 'another operation has given it back');
    if (lost.aborted && thrown.length > 0) throw lost.reason;
    return leftovers;
  } catch (error) {
    if (thrown.length === 0 || thrown[0] === error || !(error instanceof PgEvictError)) throw error;
    throw alsoThrown(error, thrown[0]);
  }
}

/**
 * The error to throw if the connections were lost while the database was taken: it either has its name again, or the
 * message says where it is.
 */
async function givenBackAfter(
  error: PgEvictError,
  { database, deadline }: Operation,
  target: Target,
  held: string,
): Promise<PgEvictError> {
  try {
    if (deadline.silent) throw notReached(database, held, error);
    const leftMs = (deadline.over ? 0 : deadline.remainingMs) + spareMs;
    await releaseAgain(target, held, deadline, { reachMs: leftMs, totalMs: leftMs });
    return error;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return errorWithRemedies(
      'CONNECTION_FAILED',
      `Database "${database}" may be called "${held}" now: our connections were lost while it was taken, and it could not be given back. ${message}`,
      [{ kind: 'await-release', database }],
      { database, cause: error },
    );
  }
}
