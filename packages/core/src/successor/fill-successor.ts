import type { Target } from '../connection/target.js';
import { Deadline } from '../contract/deadline.js';
import { alsoThrown, PgEvictError } from '../contract/error.js';
import type { Operation } from '../eviction/operation.js';
import { accessTo, type DatabaseAccess } from '../exclusive-access/access.js';
import { Lease } from '../exclusive-access/lease.js';
import { dropPrivateDatabases } from '../exclusive-access/drop-private-databases.js';
import { quoteIdentifier } from '../text/quote.js';
import { withLiveConnections } from './live-connections.js';

/** How long giving up a database may take if our connections were lost, and the operation's own time is over. */
const givingUpMs = 10_000;

/** The caller's filling of a database that is to replace another. */
export class SuccessorFill {
  readonly #fill: (access: DatabaseAccess) => Promise<void> | void;
  readonly #target: Target;
  #thrown: { readonly error: unknown } | undefined;

  constructor(fill: (access: DatabaseAccess) => Promise<void> | void, target: Target) {
    this.#fill = fill;
    this.#target = target;
  }

  /**
   * Lets the caller fill the database, then calls `next`. The time for the filling does not count towards the
   * operation's deadline, and no other operation mistakes the database for a leftover, not even if our connections are
   * lost meanwhile, in which case `next` gets new ones.
   *
   * @param successor the database's private name
   */
  async fill<T>(
    operation: Operation,
    successor: string,
    next: (operation: Operation) => Promise<T>,
  ): Promise<T> {
    const { database, deadline, failure } = operation;
    const hold = new Lease(operation, successor, {
      taken: 'dropped the new one',
      error: (why, cause) =>
        new PgEvictError('CONNECTION_FAILED', `${failure}: ${why}.`, { database, hint: 'Try again.', cause }),
    });
    try {
      const startedAt = performance.now();
      try {
        await this.#fill(accessTo(operation, successor, this.#target, hold.lost));
      } catch (error) {
        const reason: unknown = hold.lost.reason;
        this.#thrown = { error: reason instanceof PgEvictError ? alsoThrown(reason, error) : error };
        throw error;
      } finally {
        deadline.extend(performance.now() - startedAt);
      }
      if (!deadline.over) await hold.settled();
      hold.lost.throwIfAborted();
      return await withLiveConnections(operation, deadline, next);
    } finally {
      await hold.end();
    }
  }

  /** Drops a database that will not be used. Sessions that the caller left on it end. */
  async giveUp(operation: Operation, successor: string): Promise<void> {
    const drop = `DROP DATABASE IF EXISTS ${quoteIdentifier(successor)} WITH (FORCE)`;
    if (operation.deadline.silent) return;
    await withLiveConnections(operation, new Deadline({ timeoutMs: givingUpMs }), async (last) => {
      await last.runner.client.query(drop).catch(() => undefined);
      operation.leftovers.push(...(await dropPrivateDatabases(last, [successor])));
      // The caller gets the original error; the next operation drops the leftover.
    }).catch(() => undefined);
  }

  /** An exception of the caller's code, passed on untranslated. */
  async rethrow<T>(operation: Promise<T>): Promise<T> {
    try {
      return await operation;
    } catch (error) {
      throw this.#thrown === undefined ? error : this.#thrown.error;
    }
  }
}
