import { PgEvictError, type DatabaseAccess } from '@pg-evict/core';
import type { Knex } from 'knex';
import type { KnexClient, KnexClientClass, KnexQuery, RawConnection } from './knex-client.js';
import { nameSuccessor } from './name-successor.js';

/**
 * An instance like another, with a pool of its own on a successor of its database. Everything else is the same:
 * configuration, user parameters, listeners, the knex that made it. SQL that names the database means the successor.
 */
export function knexOnSuccessor(knex: Knex, database: string, access: DatabaseAccess): Knex {
  const clone = knex.withUserParams({ ...(knex.userParams as object) });
  const client = clone.client as KnexClient;
  const Client = successorClient(client.constructor as KnexClientClass, database, access.database);
  // knex makes the clients of transactions and clones from the class alone.
  Object.setPrototypeOf(client, Client.prototype);
  const { connectionPool: _, ...config } = client.config;
  client.config = { ...config, connection: access.connection as Knex.PgConnectionConfig };
  client.connectionSettings = { ...access.connection };
  client.connectionConfigProvider = undefined;
  client.connectionConfigExpirationChecker = null;
  client.pool = undefined;
  client.initializePool(client.config);
  return clone;
}

function successorClient(Base: KnexClientClass, database: string, successor: string): KnexClientClass {
  return class SuccessorClient extends Base {
    override async _query(connection: RawConnection, query: KnexQuery): Promise<KnexQuery> {
      if (query.sql !== undefined) {
        const { sql, namedInCode } = nameSuccessor(query.sql, database, successor);
        if (namedInCode) {
          throw new PgEvictError(
            'REFUSED',
            `A block of code names database "${database}". It would change the old database, as the new one has another name until it is complete.`,
            {
              database,
              hint: 'Have it use current_database(), or migrate in place: migrateFresh(knex, { inPlace: true }).',
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
