import { accessTo, type DatabaseAccess } from './database-access.js';
import { quoteIdentifier } from './identifier.js';
import type { Operation } from './operation.js';
import type { Target } from './target.js';

/** The caller's filling of a database that is to take another's place. */
export class Filling {
  readonly #fill: (access: DatabaseAccess) => Promise<void> | void;
  readonly #target: Target;
  readonly #signal: AbortSignal | undefined;
  #thrown: { readonly error: unknown } | undefined;

  constructor(
    fill: (access: DatabaseAccess) => Promise<void> | void,
    target: Target,
    signal: AbortSignal | undefined,
  ) {
    this.#fill = fill;
    this.#target = target;
    this.#signal = signal;
  }

  /** Lets the caller fill the database. However long that takes, the operation has as much time left as before. */
  async fill(operation: Operation, database: string): Promise<void> {
    const startedAt = performance.now();
    try {
      await this.#fill(accessTo(operation, database, this.#target, this.#signal));
    } catch (error) {
      this.#thrown = { error };
      throw error;
    } finally {
      operation.deadline.extend(performance.now() - startedAt);
    }
  }

  /** Ends what the caller left on a database that will not be used, so that it can be dropped. */
  async endSessions({ runner }: Operation, database: string): Promise<void> {
    // What this cannot drop, the caller of this method tries again and reports.
    await runner.client
      .query(`DROP DATABASE IF EXISTS ${quoteIdentifier(database)} WITH (FORCE)`)
      .catch(() => undefined);
  }

  /** What the caller threw is the caller's, and is not translated. */
  async rethrow<T>(operation: Promise<T>): Promise<T> {
    try {
      return await operation;
    } catch (error) {
      throw this.#thrown === undefined ? error : this.#thrown.error;
    }
  }
}
