import { isIP } from 'node:net';
import { PgEvictError } from '../contract/error.js';
import { assertOptions } from '../contract/options.js';
import { assertPatterns } from '../contract/session-patterns.js';
import type { OneOrMore, SessionFilter, SessionPattern } from '../contract/session.js';
import { globToRegex, matchesGlob } from '../text/glob.js';

const many = (value: OneOrMore | undefined): readonly string[] | undefined =>
  value === undefined ? undefined : typeof value === 'string' ? [value] : value;

const regexes = (value: OneOrMore | undefined): string[] | undefined => many(value)?.map(globToRegex);

function patternFields(pattern: SessionPattern): Record<string, unknown> {
  const clients = many(pattern.client);
  const networks = clients?.filter((c) => c.includes('/'));
  for (const network of networks ?? []) assertNetwork(network);
  const addresses = clients?.filter((c) => !c.includes('/'));
  for (const address of addresses ?? []) assertAddress(address);
  return {
    usr: regexes(pattern.user),
    application: regexes(pattern.application),
    client: addresses?.map(globToRegex),
    networks,
  };
}

function assertNetwork(network: string): void {
  const [, address = '', bits] = /^([^/]+)\/([0-9]{1,3})$/.exec(network) ?? [];
  const family = isIP(address);
  if (family !== 0 && Number(bits) <= (family === 4 ? 32 : 128)) return;
  throw new PgEvictError('CONFIG_INVALID', `"${network}" is not a network.`, {
    hint: 'Write it as 10.1.0.0/16, or give a pattern such as 10.1.*.',
  });
}

/** A host name matches no session, so a session to keep would be terminated. */
function assertAddress(address: string): void {
  if (/^[\da-f.:*?]+$/.test(address) || matchesGlob('[local]', address)) return;
  throw new PgEvictError('CONFIG_INVALID', `"${address}" is not the address of a client.`, {
    hint: 'The server knows clients by address, not by name: give one (10.1.2.3, fe80::1), a pattern (10.1.*), a network (10.1.0.0/16), or [local] for Unix sockets.',
  });
}

/** The JSON parameter of {@link filterCondition}. `tableOid` is the oid of `blockingTable`. */
export function filterParameter(filter: SessionFilter, tableOid?: number): string {
  for (const field of ['idleInTransactionMs', 'queryLongerThanMs', 'olderThanMs'] as const) {
    const value = filter[field];
    if (value !== undefined && !(value >= 0)) {
      throw new PgEvictError('CONFIG_INVALID', `The filter ${field} is ${String(value)}.`, {
        hint: 'Give a number of milliseconds.',
      });
    }
  }
  const picked = filter.sessions?.map(parseSessionReference);
  return JSON.stringify({
    ...patternFields(filter),
    state: regexes(filter.state),
    backend_type: regexes(filter.backendType),
    idle_in_transaction_ms: filter.idleInTransactionMs,
    query_longer_than_ms: filter.queryLongerThanMs,
    older_than_ms: filter.olderThanMs,
    blocking: filter.blocking,
    blocking_table: tableOid,
    root_blockers: filter.rootBlockers === true ? true : undefined,
    pids: picked?.flatMap(({ pid, id }) => (id === undefined ? [pid] : [])),
    ids: picked?.flatMap(({ id }) => (id === undefined ? [] : [id])),
  });
}

/** The JSON parameter of {@link keptCondition}. */
export function keepParameter(keep: readonly SessionPattern[]): string {
  assertPatterns('keep', keep);
  return JSON.stringify(keep.map(patternFields));
}

/** A pid, with the session id it was part of. */
export interface SessionReference {
  readonly pid: number;
  readonly id: string | undefined;
}

/**
 * Reads a pid or a session id, which is PostgreSQL's own (`%c` of `log_line_prefix`): start in seconds and pid, both
 * hexadecimal.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID`
 */
export function parseSessionReference(reference: string | number): SessionReference {
  const text = String(reference);
  const id = /^[0-9a-f]{1,16}\.([0-9a-f]{1,8})$/i.exec(text);
  if (id?.[1] !== undefined) return { pid: Number.parseInt(id[1], 16), id: text.toLowerCase() };
  if (/^[1-9][0-9]{0,9}$/.test(text)) return { pid: Number(text), id: undefined };
  throw new PgEvictError('CONFIG_INVALID', `"${text}" is neither a pid nor a session id.`, {
    hint: 'Take the pid that the list of sessions shows, or an id such as 6741f2a3.1a2b.',
  });
}

/** PostgreSQL's session id, `%c` of `log_line_prefix`. Needs `pg_stat_activity a`. */
export const sessionId = `to_hex(trunc(extract(epoch FROM a.backend_start))::bigint) || '.' || to_hex(a.pid)`;

/**
 * Needs, in FROM, `pg_stat_activity a`. `p` is the alias of the pattern record, `hidden` the result for a session whose
 * address the server hides from the role.
 */
const patternCondition = (p: string, hidden: string): string => `
  (${p}.usr IS NULL OR a.usename ~ ANY (${p}.usr))
  AND (${p}.application IS NULL OR a.application_name ~ ANY (${p}.application))
  AND (${p}.client IS NULL AND ${p}.networks IS NULL OR ${hidden}
    OR coalesce(host(a.client_addr), CASE WHEN a.client_port = -1 THEN '[local]' END) ~ ANY (${p}.client)
    OR a.client_addr <<= ANY (${p}.networks::inet[]))`;

const patternColumns = 'usr text[], application text[], client text[], networks text[]';

/**
 * Common table expressions for {@link filterCondition}: `f`, the filter; `waiting`, the sessions that wait for a lock,
 * and for which sessions; `chain`, every session that the session `blocking` waits for. `pg_locks` and
 * `pg_blocking_pids()` show every role the truth, pg_stat_activity does not. To be placed after WITH RECURSIVE.
 */
export const filterTables = (parameter: string): string => `
f AS MATERIALIZED (SELECT * FROM jsonb_to_record(${parameter}::jsonb) AS f (${patternColumns}, state text[],
  backend_type text[], idle_in_transaction_ms float8, query_longer_than_ms float8, older_than_ms float8, blocking int,
  blocking_table bigint, root_blockers bool, pids int[], ids text[])),
waiting AS MATERIALIZED (
  SELECT pid, pg_blocking_pids(pid) AS blockers FROM (
    SELECT DISTINCT pid FROM pg_locks WHERE NOT granted AND pid IS NOT NULL) AS w),
chain (pid) AS (
  SELECT unnest(w.blockers) FROM f JOIN waiting w ON w.pid = f.blocking
  UNION SELECT unnest(w.blockers) FROM chain c JOIN waiting w ON w.pid = c.pid)`;

/**
 * Whether a session passes the filter. Needs `pg_stat_activity a`, `f`, and the other {@link filterTables}. Both sides
 * of an operator have the types of one of PostgreSQL's own: on a client of the caller's, the search path is the
 * caller's, and an operator that others have created there would fit better than a conversion.
 */
export const filterCondition = `(${patternCondition('f', 'false')}
  AND (f.state IS NULL OR a.state ~ ANY (f.state))
  AND (f.backend_type IS NULL OR a.backend_type ~ ANY (f.backend_type))
  AND (f.idle_in_transaction_ms IS NULL OR a.state LIKE 'idle in transaction%'
    AND a.state_change < clock_timestamp() - f.idle_in_transaction_ms * interval '1 ms')
  AND (f.query_longer_than_ms IS NULL OR a.state = 'active'
    AND a.query_start < clock_timestamp() - f.query_longer_than_ms * interval '1 ms')
  AND (f.older_than_ms IS NULL OR a.backend_start < clock_timestamp() - f.older_than_ms * interval '1 ms')
  AND (f.blocking IS NULL OR a.pid IN (SELECT pid FROM chain))
  AND (f.blocking_table IS NULL OR (a.pid, a.datid) IN (
    SELECT l.pid, l.database FROM pg_locks l WHERE l.granted AND l.locktype = 'relation'
      AND l.relation = (SELECT blocking_table::oid FROM f)))
  AND (f.root_blockers IS NULL OR a.pid IN (SELECT unnest(blockers) FROM waiting)
    AND a.pid NOT IN (SELECT pid FROM waiting))
  AND (f.pids IS NULL OR a.pid = ANY (f.pids) OR ${sessionId} = ANY (f.ids)))`;

/**
 * Whether a session is one to keep. Needs `pg_stat_activity a`. If the server hides the address (and with it everything
 * else but user and application), the session might be one to keep, so it counts as one.
 */
export const keptCondition = (parameter: string): string => `EXISTS (
  SELECT FROM jsonb_to_recordset(${parameter}::jsonb) AS k (${patternColumns}) WHERE ${patternCondition('k', 'a.backend_type IS NULL')})`;

/**
 * Refuses unknown fields: a filter without a known field would match every session.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID`
 * @internal
 */
export function assertFilter(filter: SessionFilter = {}): void {
  assertOptions('A filter of sessions', filter, {
    user: true,
    application: true,
    client: true,
    state: true,
    backendType: true,
    idleInTransactionMs: true,
    queryLongerThanMs: true,
    olderThanMs: true,
    blocking: true,
    blockingTable: true,
    rootBlockers: true,
    sessions: true,
  });
}
