import { type ConnectionSettings, PgEvictError } from '@pg-evict/core';
import { isConnectionLost } from '@pg-evict/core/internal';
import type { Knex } from 'knex';
import {
  type KnexClient,
  type KnexClientClass,
  type KnexQuery,
  namedAs,
  type ProvidedSettings,
  type RawConnection,
} from '../client/knex-internals.js';
import { flattenSettings } from '../client/settings.js';
import { answerDatabaseName, looksUpDatabase } from '../sql/database-name.js';
import { nameSuccessor } from '../sql/rename-database.js';

/** Where {@link knexOnSuccessor} leads. */
export interface SuccessorOptions {
  /** The database whose name SQL uses. */
  readonly database: string;
  /** Leads to the successor. */
  readonly connection: ConnectionSettings;
  /** Returns new credentials, if they expire. */
  readonly provider?: (() => Promise<ProvidedSettings> | ProvidedSettings) | undefined;
  /** How the caller's user migrates in place, for a hint. @default the function's option */
  readonly inPlace?: string | undefined;
  /** Called with the pid of the backend of each connection, if the driver exposes it. */
  readonly onSession?: ((pid: number) => void) | undefined;
  /** Called with the error with which a connection was lost. */
  readonly onLost?: ((reason: unknown) => void) | undefined;
}

/**
 * An instance like another, with a pool of its own on a successor of its database. Everything else is the same:
 * configuration, user parameters, listeners, the knex that made it. SQL that names the database applies to the
 * successor.
 */
export function knexOnSuccessor(knex: Knex, options: SuccessorOptions): Knex {
  const { connection: successor } = options;
  const instance = knex.withUserParams({ ...(knex.userParams as object) });
  const client = instance.client as KnexClient;
  const provider = options.provider ?? client.connectionConfigProvider;
  const Client = successorClient(client.constructor as KnexClientClass, options);
  // knex makes the clients of transactions and clones from the class alone.
  Object.setPrototypeOf(client, Client.prototype);
  const { connectionPool: _, ...config } = client.config;
  const { connectionString: _string, ...own } = client.connectionSettings ?? {};
  const settings = { ...own, ...successor };
  client.config = { ...config, connection: settings as Knex.PgConnectionConfig };
  client.connectionSettings = settings;
  client.connectionConfigProvider =
    provider === undefined ? undefined : async () => redirected(await provider(), successor);
  // A `connection` function that has not been called yet is called at once.
  const { connectionConfigExpirationChecker: isExpired } = client;
  const asked = options.provider === undefined ? isExpired : undefined;
  client.connectionConfigExpirationChecker = provider === undefined ? null : (asked ?? (() => true));
  client.pool = undefined;
  client.initializePool(client.config);
  return instance;
}

/** The result of a `connection` function, except for where it leads. */
function redirected(provided: ProvidedSettings | string, successor: ConnectionSettings): ProvidedSettings {
  const { expirationChecker, ...given } =
    typeof provided === 'string' ? { connectionString: provided, expirationChecker: undefined } : provided;
  const { password = successor.password, ...settings } = flattenSettings(given);
  const { password: _expiring, ...whereto } = successor;
  return { ...settings, ...whereto, password, expirationChecker };
}

function successorClient(
  Base: KnexClientClass,
  {
    database,
    connection: { database: successor = database },
    inPlace = 'migrateFresh(knex, { inPlace: true })',
    onLost,
    onSession,
  }: SuccessorOptions,
): KnexClientClass {
  class SuccessorClient extends Base {
    override async acquireRawConnection(): Promise<RawConnection> {
      const connection = await super.acquireRawConnection();
      if (connection.processID) onSession?.(connection.processID);
      connection.on('error', (error) => onLost?.(error));
      return connection;
    }

    /**
     * A migration either decides something by the name, or looks the name up on the server: {@link looksUpDatabase}.
     */
    override database(): string | undefined {
      return database;
    }

    override async _query(connection: RawConnection, query: KnexQuery): Promise<KnexQuery> {
      if (query.sql !== undefined && successor !== database) {
        if (query.bindings?.includes(database) === true && looksUpDatabase(query.sql)) {
          query.bindings = query.bindings.map((value) => (value === database ? successor : value));
        }
        const asked = answerDatabaseName(query.sql, database);
        const { sql, namedInCode } = nameSuccessor(asked, database, successor);
        if (namedInCode) {
          throw new PgEvictError(
            'REFUSED',
            `A block of code names database "${database}". It would change the old database, as the new one has another name until it is complete.`,
            {
              database,
              hint: `Have it use current_database(), or migrate in place: ${inPlace}.`,
            },
          );
        }
        query.sql = sql;
      }
      try {
        // oxlint-disable-next-line no-underscore-dangle -- knex's own name
        return await super._query(connection, query);
      } catch (error) {
        if (isConnectionLost(error)) onLost?.(error);
        throw error;
      }
    }
  }
  return namedAs(SuccessorClient, Base);
}
