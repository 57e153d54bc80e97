import { type ConnectionSettings, PgEvictError } from '@pg-evict/core';
import type { Knex } from 'knex';

/**
 * A connection of node-postgres as knex handles it, with its settings and the mark that tells knex not to use it again.
 */
export interface RawConnection extends Omit<ConnectionSettings, 'connectionString' | 'options'> {
  readonly connectionParameters?: { readonly options?: string | undefined } | undefined;
  /** The pid of its backend; node-postgres' binding of libpq does not expose it. */
  readonly processID?: number | null;
  /** The binding of libpq, with pgnative. */
  readonly native?: { readonly pq: { stopReader(): void } };
  __knex__disposed?: unknown;
  query(text: string): Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** node-postgres as knex uses it. */
export interface KnexDriver {
  readonly Client: new (settings: unknown) => RawConnection;
}

/** A query on its way to the driver, and its response on the way back. */
export interface KnexQuery {
  sql?: string;
  bindings?: readonly unknown[] | undefined;
  response?: unknown;
}

/** The builder that a runner runs: a raw statement, a query or a chain of a schema builder. */
export interface KnexBuilder {
  /** Of a raw statement. */
  readonly sql?: unknown;
  /** Of a schema builder: the methods that were called. */
  readonly _sequence?: readonly { readonly args?: readonly unknown[] }[];
  /** The user's own connection. */
  readonly _connection?: unknown;
  toSQL(): KnexQuery | KnexQuery[];
}

/** Takes a connection from the pool, runs a builder on it, and gives the connection back. */
export interface KnexRunner {
  connection: RawConnection | undefined;
  /** @param details exist for a stream only */
  ensureConnection(
    run: (runner: KnexRunner, details?: unknown) => Promise<unknown>,
    details?: unknown,
  ): Promise<unknown>;
}

/** The source of knex 3.3's connections: its own pool, or one around the user's. */
export interface ConnectionSource {
  acquire(): { readonly promise: Promise<RawConnection> };
  release(connection: RawConnection): unknown;
}

/**
 * The part of a knex client that the plugin hooks into or reads. The same from knex 1.0 to 3.3, except that
 * `wrapNativePool` came with 3.3; the typings of knex leave most of it out.
 */
export interface KnexClient {
  config: Knex.Config & { connectionPool?: unknown };
  driverName: string;
  connectionSettings: ConnectionSettings | undefined;
  connectionConfigProvider: (() => Promise<ProvidedSettings> | ProvidedSettings) | undefined;
  connectionConfigExpirationChecker: (() => boolean) | null | undefined;
  /** Set on the client of a transaction. */
  readonly transacting?: boolean | undefined;
  pool: unknown;
  /** knex's own, or that of the configuration. */
  readonly logger?: { warn(message: string): void } | undefined;
  database(): string | undefined;
  runner(builder: KnexBuilder): KnexRunner;
  initializePool(config: Knex.Config): void;
  _driver(): KnexDriver;
  acquireRawConnection(): Promise<RawConnection>;
  validateConnection(connection: RawConnection): boolean | Promise<boolean>;
  wrapNativePool(pool: unknown): ConnectionSource;
  _query(connection: RawConnection, query: KnexQuery): Promise<KnexQuery>;
}

/** The return value of a `connection` function. */
export interface ProvidedSettings extends ConnectionSettings {
  expirationChecker?: (() => boolean) | undefined;
}

/** The class of a knex client. */
export type KnexClientClass = (new (config: Knex.Config) => KnexClient) & { readonly prototype: KnexClient };

/**
 * Gives a class of ours the name of the one that it extends: third parties recognise the kind of a client by
 * `client.constructor.name`.
 */
export function namedAs<Class extends KnexClientClass>(Client: Class, Base: KnexClientClass): Class {
  return Object.defineProperty(Client, 'name', { value: (Base as { readonly name?: string }).name });
}

/** The drivers of knex that speak to PostgreSQL; CockroachDB and Redshift have others, and the same dialect. */
const drivers = new Set(['pg', 'pgnative']);

/** Whether a client speaks to PostgreSQL. */
export function isPostgres(client: { readonly driverName?: string | undefined }): boolean {
  return drivers.has(client.driverName ?? '');
}

/**
 * The client of an instance whose database can be worked on as a whole.
 *
 * @throws {@link PgEvictError} `IN_TRANSACTION` for a transaction, `CONFIG_INVALID` for another database system
 */
export function clientOf(knex: Knex, operation: string): KnexClient {
  const client = knex.client as KnexClient;
  if (!isPostgres(client)) {
    throw new PgEvictError(
      'CONFIG_INVALID',
      `${operation} works with the clients pg and pgnative, not with ${client.driverName}.`,
      { hint: 'Call it with a knex instance of PostgreSQL.' },
    );
  }
  if (knex.isTransaction === true || client.transacting === true) {
    throw new PgEvictError(
      'IN_TRANSACTION',
      `${operation} was called on a transaction, which it would terminate. No session was terminated.`,
      { hint: 'Call it with the knex instance itself.' },
    );
  }
  return client;
}
