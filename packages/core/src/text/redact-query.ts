/** A string in every syntax for one, also in a string of SQL, cut off or not. $<tag> names the group of its tag. */
const string = (tag: string): string =>
  String.raw`''[^']*(?:'')?|'(?:[^']|'')*'?|\$(?<${tag}>\w*)\$[^]*?(?:\$\k<${tag}>\$|$)`;

/**
 * White space and comments between two words. Matched as a whole or not at all, because a lookahead is never
 * backtracked into: a query may be crafted to take long.
 */
const space = (name: string, times: '*' | '+'): string =>
  String.raw`(?=(?<${name}>(?:\s|/\*[^*]{0,1000}\*/|--[^\n]{0,1000}\n)${times}))\k<${name}>`;

/** The text that follows `PASSWORD` in CREATE and ALTER ROLE. */
const afterWord = new RegExp(
  String.raw`(?<before>\bpassword${space('between', '+')}(?:E|U&)?)(?<secret>${string('tag')})`,
  'gi',
);

/** The text that follows `password=` (`sslpassword=`, `PGPASSWORD=`) in a connection string. */
const afterEquals = new RegExp(
  String.raw`(?<before>\b(?:ssl|pg)?password${space('left', '*')}=${space('right', '*')}E?)(?<secret>${string('tag')}|[^\s'";,)]+)`,
  'gi',
);

/** The text that follows `"password":` in JSON, and in an object as Node prints it. */
const afterColon =
  /(?<before>\b(?:ssl|pg)?password["']?[ \t]{0,20}:[ \t]{0,20})(?<secret>"(?:[^"\\]|\\[^])*"?|'(?:[^'\\]|\\[^])*'?)/gi;

/**
 * In a URL, or in the rest of one that was parsed as a path. With limits, because a query may be crafted to take long.
 */
const inUrl = /(\b[a-z][a-z\d+.-]{0,20}:\/\/?[^\s:/?#@'"]{0,200}:)[^\s'"]{0,1000}(?=@)/gi;

/** A URL that is cut off in the password; digits are a port. */
const inCutUrl = /(\bpostgres(?:ql)?:\/\/[^\s:/?#@'"]{0,200}:)(?!\d+$)[^\s'"/@]{1,1000}$/i;

/** The server keeps no more of a query (`track_activity_query_size`); a message may quote more. */
const longest = 1_048_576;

/**
 * Masks the passwords in the query of a session: the server shows it to every role that may see queries. Also for
 * messages that quote SQL.
 *
 * @returns the query with `***` for each password; the first 1,048,576 characters of a longer one
 * @see https://www.postgresql.org/docs/current/sql-alterrole.html
 */
export function redactQuery(query: string): string {
  const rest = query.length - longest;
  if (rest > 0) return `${redactQuery(query.slice(0, longest))}… (${rest} more characters)`;
  return [afterWord, afterEquals, afterColon]
    .reduce((text, pattern) => text.replaceAll(pattern, masked), query)
    .replaceAll(inUrl, '$1***')
    .replace(inCutUrl, '$1***');
}

/** Quotes stay, so that the kind of value remains visible. */
function masked(...match: unknown[]): string {
  const { before = '', secret = '' } = match.at(-1) as Record<string, string>;
  const quote = /^["']/.exec(secret)?.[0] ?? '';
  return `${before}${quote}***${quote}`;
}
