/** The remedy for a failed connection, where there is one. `message` is the driver's, the server's or a pooler's. */
export function connectionHint(sqlState: string | undefined, message: string): string | undefined {
  if (sqlState === '28P01' || message.includes('client password must be a string'))
    return 'Check user and password: in the URL, PGPASSWORD or .pgpass.';
  if (sqlState === '28000') return 'Check the user, and pg_hba.conf on the server.';
  if (sqlState === '53300' && message.startsWith('too many connections for role'))
    return "Raise the role's limit (ALTER ROLE … CONNECTION LIMIT), or close a connection.";
  if (sqlState === '53300')
    return 'Connect as a superuser (superuser_reserved_connections), or close a connection.';
  if (/^(?:no such database: |bouncer config error)/.test(message))
    return 'PgBouncer says so: it has no alias for this database. Connect to the server itself.';
  return sqlState === undefined ? 'Check host, port and TLS settings, and that the server is up.' : undefined;
}
