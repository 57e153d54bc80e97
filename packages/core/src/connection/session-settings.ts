import { quoteLiteral } from '../text/quote.js';

/**
 * SQL that makes a new session fit for administration, whatever its role or database was given: nothing ends it
 * half-way, nothing it asks runs what others have laid out on its search path. Settings this server does not know are
 * skipped. What is prepared is planned once, and nothing is worth compiling. Lasts as long as the session.
 *
 * Two statements, to be sent as one string, without parameters. The search path comes first, in a statement of its own:
 * whoever may create in a schema on it could have functions and operators of his own run by the second, with the
 * session's privileges (CVE-2018-1058). The second returns one row: `pid`, and `started`, when the backend started, in
 * microseconds since 1970, as text.
 *
 * The backend is new and has to load every catalog entry it meets, so this keeps to few of them: it asks the function
 * below the view pg_stat_activity, for one row.
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
  // What is looked at under a lock must be what is there once the lock is had.
  default_transaction_isolation: 'read committed',
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  plan_cache_mode: 'force_generic_plan',
  jit: 'off',
};
