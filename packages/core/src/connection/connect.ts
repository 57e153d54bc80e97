import { Client } from 'pg';
import { type Deadline, pause } from '../contract/deadline.js';
import { PgEvictError } from '../contract/error.js';
import { sqlStateOf } from '../contract/server-error.js';
import { connectionHint } from './connection-hint.js';
import { locationOf } from './locate-server.js';
import { sessionSettings } from './session-settings.js';
import { giveUp, giveUpOnSilence } from './silence.js';
import { survivesWhatItCannotRead } from './unreadable-messages.js';
import { statementName, traced } from './trace.js';
import type { ConnectionSettings } from './flatten-connection.js';

/** A connected client of ours and its backend: its pid, and when it started, in microseconds since 1970. */
export interface Connection {
  readonly client: Client;
  readonly pid: number;
  readonly started: string;
  /** Runs a statement that may take long. The caller makes sure that it ends. */
  run(sql: string): Promise<unknown>;
}

/** With SQL_ASCII, text may be in any encoding: the server does not check it. */
const asItIs = `SELECT CASE WHEN pg_catalog.current_setting('server_encoding') OPERATOR(pg_catalog.=) 'SQL_ASCII'
  THEN pg_catalog.set_config('client_encoding', 'SQL_ASCII', false) END;`;

const notConnected = 'No connection was made; nothing was changed.';

/**
 * Connects to one database. Changes nothing on the server except for the connection itself.
 *
 * @throws {@link PgEvictError} `CONNECTION_FAILED`, `TIMEOUT`, `ABORTED`; a missing database (3D000) is thrown as the
 * driver's error, so that the caller decides
 */
export async function connect(
  settings: ConnectionSettings,
  database: string,
  deadline: Deadline,
): Promise<Connection> {
  // A signal that has already fired does not fire again.
  deadline.throwIfOver(undefined, notConnected);
  const client = new Client({
    ...settings,
    database,
    application_name: settings.application_name ?? 'pg-evict',
    // While a database is held exclusively, this connection is silent, perhaps for hours.
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
  });
  const run = watch(client, deadline);
  survivesWhatItCannotRead(client);
  // A connection that breaks while it is idle is noticed by the next query; without a listener the process would crash.
  client.on('error', () => undefined);
  const connecting = traced({ ...whereOf(client), what: 'connect' }, async () => client.connect())
    .then(async () => client.query<{ pid: number; started: string }>(`${asItIs}${sessionSettings()}`))
    // Of several statements node-postgres returns several results, which its types do not know; of one, one.
    .then((results) => [results].flat().at(-1)?.rows ?? []);
  const stop = (): void => giveUp(client);
  deadline.signal?.addEventListener('abort', stop, { once: true });
  try {
    // A timer may fire a moment early, so the code checks which came first, not the time.
    const tooLate = pause(deadline.remainingMs, connecting).then(() => 'too late' as const);
    if ((await Promise.race([connecting, tooLate])) === 'too late') {
      connecting.catch(() => undefined);
      deadline.silent = true;
      throw deadline.error(undefined, notConnected);
    }
    const [row] = await connecting;
    if (row === undefined) throw new Error('it does not answer as PostgreSQL does');
    return { client, pid: row.pid, started: row.started, run };
  } catch (error) {
    giveUp(client);
    if (error instanceof PgEvictError) throw error;
    if (deadline.over) throw deadline.error(undefined, notConnected, { cause: error });
    if (sqlStateOf(error) === '3D000') throw error;
    throw connectionError(client, error);
  } finally {
    deadline.signal?.removeEventListener('abort', stop);
  }
}

/** Publishes each statement to trace subscribers, and gives up a client whose server does not answer any more. */
function watch(client: Client, deadline: Deadline): Connection['run'] {
  const query = client.query.bind(client) as (...parameters: unknown[]) => Promise<unknown>;
  const told = async (...parameters: unknown[]): Promise<unknown> => {
    const what = statementName(parameters[0]);
    return traced({ ...whereOf(client), what }, async () => query(...parameters));
  };
  client.query = told as Client['query'];
  giveUpOnSilence(client, deadline);
  return told;
}

/** Where a client is connected, and the pid of the backend that serves it, which node-postgres knows and does not type. */
function whereOf(client: Client): { where: string; pid: () => number | undefined } {
  return {
    where: `${locationOf(client).server}/${client.database ?? ''}`,
    pid: () => (client as unknown as { processID?: number | null }).processID ?? undefined,
  };
}

function connectionError(client: Client, cause: unknown): PgEvictError {
  const server = `${client.host}:${client.port}`;
  const sqlState = sqlStateOf(cause);
  const message =
    cause instanceof Error ? cause.message || String((cause as { code?: unknown }).code) : String(cause);
  const reason = message.includes('client password must be a string') ? 'no password was given' : message;
  return new PgEvictError(
    'CONNECTION_FAILED',
    `Cannot connect to ${server} as "${client.user ?? ''}": ${reason}.`,
    { hint: connectionHint(sqlState, message), sqlState, cause },
  );
}
