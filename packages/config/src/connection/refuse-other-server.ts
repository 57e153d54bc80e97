import { type ConnectionSettings, PgEvictError } from '@pg-evict/core';
import type { Environment } from './libpq-parameters.js';

/** Places where a connection may contain something that only libpq understands. */
export interface LibpqOnly {
  readonly url: string | undefined;
  /** The source of the URL, for messages. */
  readonly origin: string | undefined;
  /** The settings that node-postgres gets from sources before libpq's variables. */
  readonly named: Pick<ConnectionSettings, 'database' | 'host'>;
  readonly env: Environment;
}

/**
 * Refuses variables and parameters that lead psql, but not node-postgres, which ignores them, to another server or
 * database. Otherwise a user would find out only by dropping a database on the wrong one.
 *
 * @throws PgEvictError `CONFIG_INVALID`
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-HOSTADDR
 */
export function refuseOtherServer({ env, named, origin, url }: LibpqOnly): void {
  const parameters = new URLSearchParams(url?.split('?')[1]);
  const hostaddr = 'psql would connect to that address, and pg-evict would not';
  const refuse = (problem: string, hint: string): never => {
    throw new PgEvictError('CONFIG_INVALID', `${problem}.`, { hint });
  };
  if (parameters.get('hostaddr')) {
    refuse(`${origin}: it has "hostaddr": ${hostaddr}`, 'Write the address as the host.');
  }
  if ((parameters.get('dbname') || named.database) !== named.database) {
    refuse(
      `${origin}: it has "dbname": psql would connect to that database, and pg-evict would not`,
      'Write its name after the host: postgres://host:5432/database.',
    );
  }
  if (env['PGHOSTADDR'] && named.host === undefined) {
    refuse(`PGHOSTADDR is set: ${hostaddr}`, 'Put the address into PGHOST, and unset PGHOSTADDR.');
  }
}
