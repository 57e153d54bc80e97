import type { ConnectionSettings, Target } from './target.js';

/**
 * A URL that leads where `settings` lead, password included. Where the target was given as a URL, its parameters
 * (sslmode, …) stay as they are.
 */
export function connectionUrl(given: Target['connection'], settings: ConnectionSettings): string {
  const original = typeof given === 'string' ? given : given?.connectionString;
  const parameters = original?.includes('?') === true ? original.slice(original.indexOf('?')) : '';
  // An empty variable counts as unset, as in libpq and node-postgres.
  const host = settings.host || process.env['PGHOST'] || 'localhost';
  const port = settings.port ?? (process.env['PGPORT'] || 5432);
  const user = settings.user ?? (process.env['PGUSER'] || undefined);
  const password = typeof settings.password === 'string' ? `:${encodeURIComponent(settings.password)}` : '';
  const login = user === undefined ? '' : `${encodeURIComponent(user)}${password}@`;
  const database = encodeURIComponent(settings.database ?? '');
  if (host.startsWith('/')) {
    // A socket's directory does not fit in the place of a host.
    const separator = parameters === '' ? '?' : '&';
    return `postgresql://${login}/${database}${parameters}${separator}host=${encodeURIComponent(host)}&port=${port}`;
  }
  return `postgresql://${login}${host.includes(':') ? `[${host}]` : host}:${port}/${database}${parameters}`;
}
