/**
 * The current role, for {@link sessionColumns}. The function is named with its schema: on a client of the caller's, the
 * search path is the caller's, and a function on it that takes text would fit better than PostgreSQL's own, which takes
 * a name.
 */
export const currentRoleQuery = `
  SELECT oid, rolname AS name, rolsuper AS super, rolinherit AS inherits,
    current_setting('server_version_num')::int AS version,
    pg_catalog.pg_has_role(oid, 'pg_signal_backend', 'MEMBER') AS member_of_signallers,
    pg_catalog.pg_has_role(oid, 'pg_signal_backend', 'USAGE') AS signaller
  FROM pg_roles WHERE rolname = current_user`;
