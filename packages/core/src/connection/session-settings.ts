import { quoteLiteral } from '../text/quote.js';

/**
 * SQL that prepares a new session for administration, regardless of the settings of its role or database: no timeout
 * ends it half-way, and no object on its search path can run code in it. Settings that the server does not know are
 * skipped. Prepared statements are planned once, and JIT compilation is off. The settings last as long as the session.
 *
 * Two statements, to be sent as one string, without parameters. The search path comes first, in a statement of its own:
 * otherwise a role that can create objects in a schema on the path could have its functions and operators run by the
 * second statement, with the session's privileges (CVE-2018-1058). The second returns one row: `pid`, and `started`,
 * when the backend started, in microseconds since 1970, as text.
 *
 * A new backend has to load every catalog entry that it uses, so these statements use few: they call the function
 * behind the view pg_stat_activity, for one row.
 *
 * For packages that open sessions of their own, as `@pg-evict/testing` does. Needs no privilege.
 *
 * @param also settings beside these, by name; every supported major must know them
 */
export function sessionSettings(also: Readonly<Record<string, string>> = {}): string {
  const always = Object.entries({ ...common, ...also }).map(
    ([name, value]) => `set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, false)`,
  );
  const whereKnown = ['idle_session_timeout', 'transaction_timeout'].map(
    (name) =>
      `CASE WHEN current_setting('${name}', true) IS NOT NULL THEN set_config('${name}', '0', false) END`,
  );
  return `
SELECT pg_catalog.set_config('search_path', '', false);
SELECT pg_backend_pid() AS pid, (extract(epoch FROM backend_start) * 1000000)::bigint::text AS started,
  ${[...always, ...whereKnown].join(',\n  ')}
FROM pg_stat_get_activity(pg_backend_pid())`;
}

/** `pg_terminate_backend` warns about a pid that is gone. */
const common = {
  client_min_messages: 'error',
  default_transaction_read_only: 'off',
  // A query that runs under a lock must see the state after the lock was granted.
  default_transaction_isolation: 'read committed',
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  plan_cache_mode: 'force_generic_plan',
  jit: 'off',
};
