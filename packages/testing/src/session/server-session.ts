import { type ConnectionSettings, sessionSettings } from '@pg-evict/core';
import { connectionHint, isConnectionLost, sqlStateOf } from '@pg-evict/core/internal';
import { Client } from 'pg';
import { newSocket } from '../captured/sockets.js';
import { answerWithin, connectWithin, SilenceError } from './answer-within.js';
import { closeClient } from './close-client.js';
import { failureOf } from './error.js';

/**
 * Settings that could change our results, or end our session. Row security that would hide rows is an error instead.
 * Rows are read as text and written from it, so the text has to represent every value exactly, as for pg_dump
 * (`setup_connection()`, src/bin/pg_dump/pg_dump.c).
 */
const readingSettings = {
  default_transaction_isolation: 'read committed',
  row_security: 'off',
  max_parallel_workers_per_gather: '0',
  extra_float_digits: '3',
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  array_nulls: 'on',
  // Prepared statements run again and again, and a custom plan would not be better.
  plan_cache_mode: 'force_generic_plan',
};

/** For several statements node-postgres returns several results, which its types do not know; for one, one. */
function rowsOfAll<Row extends object>(results: unknown): Row[][] {
  return [results].flat().map((result) => (result as { rows: Row[] }).rows);
}

/** How long connecting may take, also on a machine that is as busy as those of CI. */
const longestConnectingMs = 60_000;

/** How long an answer may take unless something else is said: no copy of a template takes that long. */
const longestAnswerMs = 600_000;

/** How long a busy server may take to say that a wait of `timeoutMs` has been cancelled. */
const cancelledMs = 5000;

/** How long an answer may take where waits for others are limited to `timeoutMs`. */
export function answerTimeMs(timeoutMs: number | null | undefined): number | undefined {
  return timeoutMs === null || timeoutMs === undefined ? undefined : timeoutMs + cancelledMs;
}

/** Members of node-postgres that its types lack. */
interface KeepsAlive {
  ref(): void;
  unref(): void;
}

/** A session of ours on one database. It keeps the process alive only while a query is pending. */
export class ServerSession {
  readonly pid: number;
  /** Whether it is gone: terminated, or with the server. */
  lost = false;
  readonly #client: Client & KeepsAlive;
  readonly #answerMs: number;
  #asking = 0;
  /** node-postgres runs one query at a time. */
  #last: Promise<unknown> = Promise.resolve();
  #whenLost = (): void => undefined;

  private constructor(client: Client & KeepsAlive, pid: number, answerMs: number) {
    this.#client = client;
    this.#answerMs = answerMs;
    this.pid = pid;
    const lose = (): void => {
      this.lost = true;
      const tell = this.#whenLost;
      this.#whenLost = () => undefined;
      tell();
    };
    // From its first error on the driver runs no query; the end comes a moment later.
    client.on('error', lose);
    client.on('end', lose);
    client.unref();
  }

  /**
   * Connects; rejects with the driver's error if the database does not exist (3D000), so that the caller decides.
   *
   * @param answerMs how long the server may take to answer each query
   * @throws {@link PgEvictError} `CONNECTION_FAILED`
   */
  static async open(
    settings: ConnectionSettings,
    database: string,
    answerMs = longestAnswerMs,
  ): Promise<ServerSession> {
    // As for the driver, and for libpq's connect_timeout, 0 is no limit.
    const { connectionTimeoutMillis: connectingMs = Math.min(longestConnectingMs, answerMs) } = settings;
    const client = new Client({
      keepAlive: true,
      keepAliveInitialDelayMillis: 30_000,
      stream: newSocket,
      ...settings,
      connectionTimeoutMillis: 0,
      database,
      application_name: settings.application_name ?? 'pg-evict',
    });
    // A session that breaks while it is idle is noticed with the next query; without a listener Node would crash.
    client.on('error', () => undefined);
    try {
      await connectWithin(client, connectingMs === 0 ? Infinity : connectingMs);
      const preparing = client.query(sessionSettings(readingSettings));
      const [row] = rowsOfAll<{ pid: number }>(await answerWithin(client, preparing, answerMs)).at(-1) ?? [];
      return new ServerSession(client as Client & KeepsAlive, row?.pid ?? 0, answerMs);
    } catch (error) {
      await closeClient(client);
      if (sqlStateOf(error) === '3D000') throw error;
      throw failureOf(
        error,
        `${client.host}:${client.port} cannot be connected to as "${client.user ?? ''}"`,
        { hint: remedyOf(error) },
        'CONNECTION_FAILED',
      );
    }
  }

  /** The password that was used, from any source (`.pgpass`, a function). */
  get password(): string | undefined {
    const { password } = this.#client as { password?: unknown };
    return typeof password === 'string' ? password : undefined;
  }

  /** Runs one statement; one with a name is planned once. */
  // oxlint-disable-next-line no-unnecessary-type-parameters -- the shape of a row is what the statement says
  async query<Row extends object>(
    statement: string | { readonly name: string; readonly text: string },
    values?: unknown[],
  ): Promise<{ rows: Row[] }> {
    return this.#ask(async () => this.#client.query<Row>(statement as string, values));
  }

  /** Runs statements, one after the other, in one go; returns the rows of each. */
  async queryAll<Row extends object>(statements: readonly string[]): Promise<Row[][]> {
    return rowsOfAll<Row>(await this.#ask(async () => this.#client.query(statements.join(';\n'))));
  }

  /** Calls back when it is gone without having been closed. */
  onLost(callback: () => void): void {
    this.#whenLost = callback;
  }

  /** Ends it and waits until the server has, too, unless that does not answer. */
  async close(): Promise<void> {
    this.#whenLost = () => undefined;
    this.#client.ref();
    await closeClient(this.#client);
  }

  async #ask<T>(query: () => Promise<T>): Promise<T> {
    this.#asking += 1;
    this.#client.ref();
    const answered = this.#last.then(async () => answerWithin(this.#client, query(), this.#answerMs));
    this.#last = answered.catch(() => undefined);
    try {
      return await answered;
    } catch (error) {
      if (error instanceof SilenceError) {
        // Another connection would hang as well.
        this.#whenLost = () => undefined;
        this.lost = true;
      }
      // The server says so a moment before it closes the connection.
      this.lost ||= sqlStateOf(error) !== undefined && isConnectionLost(error);
      throw error;
    } finally {
      this.#asking -= 1;
      if (this.#asking === 0) this.#client.unref();
    }
  }
}

function remedyOf(error: unknown): string | undefined {
  const sqlState = sqlStateOf(error);
  const message = error instanceof Error ? error.message : '';
  return sqlState === '53300' && !message.startsWith('too many connections for role')
    ? 'Raise max_connections on the server, or have fewer workers.'
    : connectionHint(sqlState, message);
}
