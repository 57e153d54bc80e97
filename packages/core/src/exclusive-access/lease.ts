import type { Client } from 'pg';
import { connect } from '../connection/connect.js';
import { disconnect } from '../connection/silence.js';
import { Deadline, pause } from '../contract/deadline.js';
import { isPgEvictError, PgEvictError } from '../contract/error.js';
import type { Operation } from '../eviction/operation.js';
import { leaseLockKey, leaseLockTaken } from './lease-lock.js';

/**
 * How long to wait before the next attempt to reach the server, or the next check whether the database is still held.
 */
const retryMs = 50;

/** How long one attempt may take. */
const attemptMs = 5000;

/** $1 the private name. */
const stateQuery = `
SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1) AS held, ${leaseLockTaken('$1::text', 'recoverer')} AS claimed`;

/** How the loss of a hold is told. */
export interface LeaseLoss {
  /** The change that another operation has made to the database because it mistook the holder for dead. */
  readonly taken: string;
  /** The error; `why` ends without a full stop. */
  error(why: string, cause?: unknown): PgEvictError;
}

/**
 * Keeps other operations from mistaking the holder of a database under a private name for dead. The backend in the
 * private name shows that the holder lives. If that backend is lost, another connection takes an advisory lock that
 * shows the same. Other operations wait a moment for that lock before they treat a holder as dead ({@link
 * recoverAbandoned}); if the lock came too late, {@link Lease.lost} fires.
 */
export class Lease {
  readonly #operation: Operation;
  readonly #name: string;
  readonly #loss: LeaseLoss;
  readonly #losing = new AbortController();
  readonly #ending = new AbortController();
  #client: Client | undefined;
  #renewing: Promise<void> | undefined;

  /** @param name the private name of the database */
  constructor(operation: Operation, name: string, loss: LeaseLoss) {
    this.#operation = operation;
    this.#name = name;
    this.#loss = loss;
    const { client } = operation.runner;
    this.#stateOf(client);
    // It may have been lost before it was watched.
    client.query('SELECT').catch(() => {
      this.#renew();
    });
  }

  /** Fires when the database is not held any more, or when that is unknown; its reason is the error that says so. */
  get lost(): AbortSignal {
    return this.#losing.signal;
  }

  /** Waits until the database is held again, or known to be lost. */
  async settled(): Promise<void> {
    while (this.#renewing !== undefined) await this.#renewing;
  }

  /** Stops holding the database. */
  async end(): Promise<void> {
    this.#ending.abort();
    await this.settled();
    if (this.#client !== undefined) await disconnect(this.#client);
  }

  #stateOf(client: Client): void {
    client.once('end', () => {
      this.#renew();
    });
  }

  #renew(): void {
    if (this.#renewing !== undefined || this.#ending.signal.aborted || this.#losing.signal.aborted) return;
    this.#renewing = this.#takeUpAgain().finally(() => {
      this.#renewing = undefined;
    });
  }

  async #takeUpAgain(): Promise<void> {
    const { deadline, maintenanceDatabase, settings } = this.#operation;
    const patience = new Deadline({ timeoutMs: deadline.timeoutMs, signal: this.#ending.signal });
    for (;;) {
      let client: Client | undefined;
      try {
        const attempt = new Deadline({
          timeoutMs: Math.min(attemptMs, Math.max(1, patience.remainingMs)),
          signal: this.#ending.signal,
        });
        ({ client } = await connect(settings, maintenanceDatabase, attempt));
        await this.#say(client, patience);
        if (await this.#isOurs(client, patience)) {
          this.#client = client;
          this.#stateOf(client);
        } else {
          await disconnect(client);
          this.#lose(
            `our connections were lost, and another operation, which mistook the holder for dead, ${this.#loss.taken}`,
          );
        }
        return;
      } catch (error) {
        if (client !== undefined) await disconnect(client);
        if (this.#ending.signal.aborted) return;
        if (patience.over) {
          this.#lose(
            isPgEvictError(error)
              ? `our connections were lost, and the server could not be reached for ${patience.timeoutMs} ms`
              : `our connections were lost, and for ${patience.timeoutMs} ms the lock that shows that we hold it could not be taken again: ${String(error)}`,
            error,
          );
          return;
        }
        await pause(retryMs);
      }
    }
  }

  /** Takes the lock that shows that the holder lives. Any session may hold that lock, so the wait for it is limited. */
  async #say(client: Client, patience: Deadline): Promise<void> {
    const take = `SELECT pg_try_advisory_lock_shared(${leaseLockKey('$1::text', 'holder')}) AS taken`;
    for (;;) {
      const { rows } = await client.query<{ taken: boolean }>(take, [this.#name]);
      if (rows[0]?.taken === true) return;
      if (this.#ending.signal.aborted || patience.over)
        throw new Error('another session has its advisory lock');
      await pause(retryMs);
    }
  }

  /** Whether the database still has its private name, once an operation that is about to put it back has decided. */
  async #isOurs(client: Client, patience: Deadline): Promise<boolean> {
    for (;;) {
      const { rows } = await client.query<{ held: boolean; claimed: boolean }>(stateQuery, [this.#name]);
      const { claimed, held } = rows[0] as (typeof rows)[0];
      if (!claimed || !held) return held;
      if (this.#ending.signal.aborted) throw new Error('it is not waited for any more');
      if (patience.over) throw new Error('another operation has been repairing it for too long');
      await pause(retryMs);
    }
  }

  #lose(why: string, cause?: unknown): void {
    this.#losing.abort(this.#loss.error(why, cause));
  }
}

/** The error for a database that another operation got while it was held. */
export function lostError(database: string, why: string, cause?: unknown): PgEvictError {
  return new PgEvictError('CONNECTION_FAILED', `Database "${database}" was not held to the end: ${why}.`, {
    database,
    hint: 'Changes may be incomplete: check the database, then retry.',
    cause,
  });
}
