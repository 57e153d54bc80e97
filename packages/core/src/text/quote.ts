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
 * Safe with either value of `standard_conforming_strings`.
 */
export function quoteLiteral(value: string): string {
  const quoted = `'${value.replaceAll("'", "''")}'`;
  return value.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}
