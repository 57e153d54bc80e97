import { connect, type Connection } from '../connection/connect.js';
import { disconnect } from '../connection/silence.js';
import { stateOf } from '../contract/deadline.js';
import { isOutcomeUnknown } from '../contract/server-error.js';
import { quoteLiteral } from '../text/quote.js';
import { type ExclusiveStatement, type Operation, wakeChannel } from './operation.js';
import { boundLockWait } from './run-within-deadline.js';
import { cancelUntilSettled, endLostRunner } from './stop-statement.js';

/** A running statement, and the operation as its runner sees it. */
export interface Attempt {
  readonly operation: Operation;
  readonly running: Promise<unknown>;
}

/** $1 databases. */
const namesQuery = 'SELECT oid, datname::text AS name FROM pg_database WHERE datname = ANY ($1::name[])';

/**
 * Added to a string of renames, which is one transaction, this makes all of them fail (22012) unless they rename that
 * very database: renames that are already done are neither repeated nor undone.
 */
const onlyOnce = ({ oid, name }: { oid: number; name: string }): string =>
  `SELECT 1 / count(*) FROM pg_database WHERE oid = ${oid} AND datname <> ${quoteLiteral(name)}
    AND xmin = pg_current_xact_id()::xid`;

/**
 * Queues for the lock that the runner holds, before other sessions do, with the same statement. When the server ends
 * the runner's attempt, this one has the lock at once, and no session that queued later gets to the database in
 * between.
 */
export class SecondRunner {
  readonly #operation: Operation;
  readonly #statement: ExclusiveStatement;
  readonly #connecting: Promise<void>;
  #connection: Connection | undefined;
  #guards: readonly string[] = [];
  #running: Promise<unknown> | undefined;
  /** Whether it has done the operation's work. */
  done = false;

  constructor(operation: Operation, statement: ExclusiveStatement) {
    this.#operation = operation;
    this.#statement = statement;
    // The operation can do without it.
    this.#connecting = this.#connect().catch(() => undefined);
  }

  /** Remembers the databases by their oids. To be called before the runner begins, which renames them. */
  async remember(): Promise<void> {
    const { control } = this.#operation;
    const { rows } = await control.client.query<{ oid: number; name: string }>(namesQuery, [
      this.#statement.databases,
    ]);
    this.#guards = rows.map(onlyOnce);
  }

  /** Queues, unless it already has, behind a runner that holds the lock. */
  queueBehind(runner: Connection): void {
    const isAtWork = this.#running !== undefined || runner === this.#connection;
    if (isAtWork || this.#connection === undefined) return;
    this.#running = this.#connection.run([this.#statement.sql, ...this.#guards].join('; '));
    stateOf(this.#running);
  }

  /** Its attempt, after the runner's has failed; `undefined` if it was not in the queue. */
  takeOver(): Attempt | undefined {
    const running = this.#running;
    if (running === undefined || this.#connection === undefined) return undefined;
    this.#running = undefined;
    return { operation: { ...this.#operation, runner: this.#connection }, running };
  }

  /**
   * Leaves the queue. To be called also before the runner is stopped: otherwise it would get the lock.
   *
   * @throws {@link PgEvictError} `CONNECTION_FAILED` if the server cannot be queried any more
   */
  async standDown(): Promise<void> {
    const attempt = this.takeOver();
    if (attempt === undefined) return;
    const fate = stateOf(attempt.running);
    await cancelUntilSettled(attempt.operation, attempt.running);
    this.done ||= fate.succeeded;
    if (isOutcomeUnknown(fate.error)) await this.dismiss(fate.error);
  }

  /** Makes sure that its backend has ended after the connection to it was lost; it does not queue any more. */
  async dismiss(cause: unknown): Promise<void> {
    const runner = this.#connection;
    this.#connection = undefined;
    if (runner === undefined) return;
    await endLostRunner({ ...this.#operation, runner }, this.#statement.databases, cause);
    await disconnect(runner.client);
  }

  /** Closes its connection. */
  async end(): Promise<void> {
    await this.#connecting;
    if (this.#connection !== undefined) await disconnect(this.#connection.client);
  }

  async #connect(): Promise<void> {
    const { deadline, maintenanceDatabase, settings } = this.#operation;
    const connection = await connect(settings, maintenanceDatabase, deadline);
    try {
      await connection.client.query(`LISTEN ${wakeChannel(connection.pid)}`);
      await boundLockWait(connection, deadline);
      this.#connection = connection;
    } catch (error) {
      await disconnect(connection.client);
      throw error;
    }
  }
}
