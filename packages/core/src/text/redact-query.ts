/**
 * What follows `PASSWORD` in CREATE and ALTER ROLE, in every way to write a string, also in a string of SQL; and
 * `password=` (`sslpassword=`, `PGPASSWORD=`) in a connection string. Cut-off ones too.
 */
const named =
  /(\bpassword\s+(?:E|U&)?|\b(?:ssl|pg)?password\s*=\s*E?)(''[^']*(?:'')?|'(?:[^']|'')*'?|\$(\w*)\$[^]*?(?:\$\3\$|$)|(?<==\s*)[^\s'";,)]+)/gi;

/** In a URL, or what is left of one that was taken for a path. With limits, as queries may be made to take long. */
const inUrl = /(\b[a-z][a-z\d+.-]{0,20}:\/\/?[^\s:/?#@'"]{0,200}:)[^\s'"]{0,1000}(?=@)/gi;

/** A URL that is cut off in the password; digits are a port. */
const inCutUrl = /(\bpostgres(?:ql)?:\/\/[^\s:/?#@'"]{0,200}:)(?!\d+$)[^\s'"/@]{1,1000}$/i;

/**
 * Masks the passwords in the query of a session: the server shows it to everybody who may see queries. Also for messages
 * that quote SQL.
 *
 * @returns the query with `***` for each password
 * @see https://www.postgresql.org/docs/current/sql-alterrole.html
 */
export function redactQuery(query: string): string {
  return query
    .replaceAll(named, (_match, before: string, password: string) =>
      password.startsWith("'") ? `${before}'***'` : `${before}***`,
    )
    .replaceAll(inUrl, '$1***')
    .replace(inCutUrl, '$1***');
}
