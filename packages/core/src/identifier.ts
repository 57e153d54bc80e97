import { PgEvictError } from './pg-evict-error.js';

/** PostgreSQL's NAMEDATALEN - 1: the longest name in bytes (13–18, `src/include/pg_config_manual.h`). */
const maxNameBytes = 63;

/**
 * Quotes a name for use in SQL. The only place where an identifier enters a statement.
 *
 * @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
 */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** ALTER DATABASE … RENAME TO … */
export function renameStatement(from: string, to: string): string {
  return `ALTER DATABASE ${quoteIdentifier(from)} RENAME TO ${quoteIdentifier(to)}`;
}

/** Exchanges two names, by way of a third. One string of statements is one transaction. */
export function swapStatement(a: string, b: string, aside: string): string {
  return [renameStatement(a, aside), renameStatement(b, a), renameStatement(aside, b)].join('; ');
}

/**
 * Quotes a string constant for utility statements, which take no parameters (`COMMENT ON`, `ALTER DATABASE … SET`).
 * Safe whatever `standard_conforming_strings` says.
 */
export function quoteLiteral(value: string): string {
  const quoted = `'${value.replaceAll("'", "''")}'`;
  return value.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

/**
 * Refuses a name PostgreSQL would not take as it stands. A longer name is refused, not truncated: the server
 * would truncate it silently and the operation would hit another database.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID`
 */
export function assertDatabaseName(name: string, what = 'database name'): void {
  const fail = (problem: string, hint: string): never => {
    throw new PgEvictError('CONFIG_INVALID', `The ${what} ${problem}.`, { database: name, hint });
  };
  if (typeof name !== 'string' || name === '') fail('is empty', 'Give the name of a database.');
  if (name.includes('\0')) fail('contains a NUL byte', 'Remove it.');
  const bytes = Buffer.byteLength(name);
  if (bytes > maxNameBytes) {
    fail(`"${name}" is ${bytes} bytes long; PostgreSQL allows ${maxNameBytes}`, 'Choose a shorter name.');
  }
}

/**
 * Refuses a name that could be taken for a database which is worthless once its maker is gone.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID`
 */
export function assertNameToKeep(name: string): void {
  assertDatabaseName(name, 'name for the old database');
  if (!name.startsWith('pg_evict_')) return;
  throw new PgEvictError('CONFIG_INVALID', `The old database cannot be kept as "${name}".`, {
    database: name,
    hint: 'Names that begin with pg_evict_ are those of databases that pg-evict drops again.',
  });
}
