import { type ConnectionSettings, PgEvictError } from '@pg-evict/core';
import type { Knex } from 'knex';
import type { KnexClient, KnexClientClass, KnexQuery, RawConnection } from '../client/knex-internals.js';
import { nameSuccessor } from '../sql/rename-database.js';

/** An instance on a successor. */
export interface SuccessorInstance {
  readonly instance: Knex;
  /** The backends of its connections, as far as the driver tells. */
  readonly pids: ReadonlySet<number>;
}

/**
 * An instance like another, with a pool of its own on a successor of its database. Everything else is the same:
 * configuration, user parameters, listeners, the knex that made it. SQL that names the database means the successor.
 */
export function knexOnSuccessor(
  knex: Knex,
  database: string,
  successor: ConnectionSettings,
): SuccessorInstance {
  const instance = knex.withUserParams({ ...(knex.userParams as object) });
  const client = instance.client as KnexClient;
  const pids = new Set<number>();
  const Client = successorClient(
    client.constructor as KnexClientClass,
    database,
    successor.database ?? database,
    pids,
  );
  // knex makes the clients of transactions and clones from the class alone.
  Object.setPrototypeOf(client, Client.prototype);
  const { connectionPool: _, ...config } = client.config;
  const { connectionString: _string, ...own } = client.connectionSettings ?? {};
  const settings = { ...own, ...successor };
  client.config = { ...config, connection: settings as Knex.PgConnectionConfig };
  client.connectionSettings = settings;
  client.connectionConfigProvider = undefined;
  client.connectionConfigExpirationChecker = null;
  client.pool = undefined;
  client.initializePool(client.config);
  return { instance, pids };
}

function successorClient(
  Base: KnexClientClass,
  database: string,
  successor: string,
  pids: Set<number>,
): KnexClientClass {
  return class SuccessorClient extends Base {
    override async acquireRawConnection(): Promise<RawConnection> {
      const connection = await super.acquireRawConnection();
      if (connection.processID) pids.add(connection.processID);
      return connection;
    }

    override async _query(connection: RawConnection, query: KnexQuery): Promise<KnexQuery> {
      if (query.sql !== undefined && successor !== database) {
        const { sql, namedInCode } = nameSuccessor(query.sql, database, successor);
        if (namedInCode) {
          throw new PgEvictError(
            'REFUSED',
            `A block of code names database "${database}". It would change the old database, as the new one has another name until it is complete.`,
            {
              database,
              hint: 'Have it use current_database(), or migrate in place: --in-place, migrateFresh(knex, { inPlace: true }).',
            },
          );
        }
        query.sql = sql;
      }
      // oxlint-disable-next-line no-underscore-dangle -- knex's own name
      return super._query(connection, query);
    }
  };
}
