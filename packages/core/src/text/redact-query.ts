/** A string in every way to write one, also in a string of SQL, cut off or not. $<tag> names the group of its tag. */
const string = (tag: string): string =>
  String.raw`''[^']*(?:'')?|'(?:[^']|'')*'?|\$(?<${tag}>\w*)\$[^]*?(?:\$\k<${tag}>\$|$)`;

/**
 * What may stand between two words: white space and comments. Taken as a whole or not at all, as a lookahead is never
 * gone back into: queries may be made to take long.
 */
const space = (name: string, times: '*' | '+'): string =>
  String.raw`(?=(?<${name}>(?:\s|/\*[^*]{0,1000}\*/|--[^\n]{0,1000}\n)${times}))\k<${name}>`;

/** What follows `PASSWORD` in CREATE and ALTER ROLE. */
const afterWord = new RegExp(
  String.raw`(?<before>\bpassword${space('between', '+')}(?:E|U&)?)(?<secret>${string('tag')})`,
  'gi',
);

/** What follows `password=` (`sslpassword=`, `PGPASSWORD=`) in a connection string. */
const afterEquals = new RegExp(
  String.raw`(?<before>\b(?:ssl|pg)?password${space('left', '*')}=${space('right', '*')}E?)(?<secret>${string('tag')}|[^\s'";,)]+)`,
  'gi',
);

/** What follows `"password":` in JSON, and in what Node prints of an object. */
const afterColon =
  /(?<before>\b(?:ssl|pg)?password["']?[ \t]{0,20}:[ \t]{0,20})(?<secret>"(?:[^"\\]|\\[^])*"?|'(?:[^'\\]|\\[^])*'?)/gi;

/** In a URL, or what is left of one that was taken for a path. With limits, as queries may be made to take long. */
const inUrl = /(\b[a-z][a-z\d+.-]{0,20}:\/\/?[^\s:/?#@'"]{0,200}:)[^\s'"]{0,1000}(?=@)/gi;

/** A URL that is cut off in the password; digits are a port. */
const inCutUrl = /(\bpostgres(?:ql)?:\/\/[^\s:/?#@'"]{0,200}:)(?!\d+$)[^\s'"/@]{1,1000}$/i;

/** The server keeps no more of a query (`track_activity_query_size`); a message may quote more. */
const longest = 1_048_576;

/**
 * Masks the passwords in the query of a session: the server shows it to everybody who may see queries. Also for messages
 * that quote SQL.
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

/** Quotes stay, so that it is seen what was there. */
function masked(...match: unknown[]): string {
  const { before = '', secret = '' } = match.at(-1) as Record<string, string>;
  const quote = /^["']/.exec(secret)?.[0] ?? '';
  return `${before}${quote}***${quote}`;
}
