import type { Queryable } from '@pg-evict/core';
import type { ServerEndpoint } from '@pg-evict/core/internal/own-connections';
import type { OpenSocket } from './watch-sockets.js';

/**
 * A session that a test file left open. Values that the server hides, or that a connecting session does not have yet,
 * are `null`.
 */
export interface LeakedSession {
  readonly pid: number | null;
  readonly database: string | null;
  readonly user: string | null;
  readonly application: string | null;
  /** `idle`, `idle in transaction`, `active`, …; `connecting` before the server knows it. */
  readonly state: string;
  /** For how long it had been in this state. */
  readonly stateAgeMs: number | null;
  /** How long it had been there. */
  readonly ageMs: number;
  /** The current or last query. */
  readonly query: string | null;
  /** Our end of it; `null` if it belongs to another process, a thread or a native addon. */
  readonly socket: OpenSocket | null;
}

interface ActivityRow {
  readonly pid: number;
  readonly port: number | null;
  readonly database: string | null;
  readonly user: string | null;
  readonly application: string | null;
  readonly state: string | null;
  readonly state_age: number | null;
  readonly age: number | null;
  readonly query: string | null;
}

/**
 * $1 pids, $2 ports of clients, $3 databases of which all sessions count, $4 pids that do not. Without
 * `pg_read_all_stats`, the types of other roles' backends are hidden; a worker of autovacuum has no role.
 */
const activityQuery = `
SELECT pid, client_port AS port, datname AS database, usename AS "user", nullif(application_name, '') AS application, state,
  (extract(epoch FROM clock_timestamp() - state_change) * 1000)::float8 AS state_age,
  (extract(epoch FROM clock_timestamp() - backend_start) * 1000)::float8 AS age,
  CASE WHEN query NOT IN ('', '<insufficient privilege>') THEN query END AS query
FROM pg_stat_activity
WHERE coalesce(backend_type, 'client backend') = 'client backend' AND pid <> pg_backend_pid() AND pid <> ALL ($4::int[])
  AND (pid = ANY ($1::int[]) OR client_port = ANY ($2::int[])
    OR datname = ANY ($3::text[]) AND (backend_type IS NOT NULL OR usesysid IS NOT NULL))
ORDER BY backend_start, pid`;

/** Options of {@link inspectLeaks}. */
export interface InspectLeaksOptions {
  /** The server the client is connected to. */
  readonly server: ServerEndpoint;
  /** Databases of which every session counts, regardless of its process. @default none */
  readonly database?: string | readonly string[] | undefined;
  /** Backends that are ours. @default none */
  readonly ownPids?: readonly number[] | undefined;
}

/**
 * Asks the server for the sessions of open sockets: by the pid that the backend reported, else by the client's port. A
 * socket whose backend is not on this server does not count. Changes nothing; without `pg_read_all_stats` the server
 * hides the activity of other roles' sessions.
 */
export async function inspectLeaks(
  client: Queryable,
  sockets: readonly OpenSocket[],
  { server, database, ownPids = [] }: InspectLeaksOptions,
): Promise<LeakedSession[]> {
  const pids = sockets.flatMap(({ backendPid }) => (backendPid === null ? [] : [backendPid]));
  const ports = sockets.flatMap(({ backendPid, localPort }) =>
    backendPid === null && localPort !== null ? [localPort] : [],
  );
  const databases = database === undefined ? [] : [database].flat();
  const { rows } = await client.query(activityQuery, [pids, ports, databases, ownPids]);
  const left = new Set(rows as unknown as ActivityRow[]);
  const ours = sockets.flatMap((socket) => {
    const row = [...left].find((one) =>
      socket.backendPid === null ? one.port === socket.localPort : one.pid === socket.backendPid,
    );
    if (row !== undefined) {
      left.delete(row);
      return [toLeak(row, socket)];
    }
    return socket.backendPid === null && isNamed(socket, server) ? [connecting(socket)] : [];
  });
  return [
    ...ours,
    ...[...left].filter((row) => databases.includes(row.database ?? '')).map((row) => toLeak(row, null)),
  ];
}

/** A connection without a backend yet is known only by the application name that it sent. */
function isNamed({ target }: OpenSocket, { host }: ServerEndpoint): boolean {
  const isLocal = (name: string): boolean => /^(?:localhost|127\.|::1$|\/)/.test(name);
  const called = target.path ?? target.host ?? 'localhost';
  return called === host || (isLocal(called) && isLocal(host));
}

function toLeak(row: ActivityRow, socket: OpenSocket | null): LeakedSession {
  return {
    pid: row.pid,
    database: row.database,
    user: row.user,
    application: row.application,
    state: row.state ?? 'unknown',
    stateAgeMs: row.state_age,
    ageMs: row.age ?? (socket === null ? 0 : Date.now() - socket.openedAt.getTime()),
    query: row.query,
    socket,
  };
}

function connecting(socket: OpenSocket): LeakedSession {
  return {
    pid: socket.backendPid,
    database: null,
    user: null,
    application: null,
    state: 'connecting',
    stateAgeMs: null,
    ageMs: Date.now() - socket.openedAt.getTime(),
    query: null,
    socket,
  };
}
