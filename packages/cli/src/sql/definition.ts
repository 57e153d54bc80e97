import { isAscii } from 'node:buffer';

/**
 * Whether a statement is one of those that pg_dump writes for each table, defines something in its database and does
 * nothing else, and reads the same by all settings: it can be sent while the server is still at work with the statement
 * before. If that one fails, the server runs this one all the same, in a database that is then dropped. It runs none of
 * the functions that a dump may define: only, for a key, those that compare its values.
 *
 * The server takes it for one statement, however it reads it: a semicolon stands only at its end.
 *
 * Settings decide about backslashes (`standard_conforming_strings`) and about bytes that are not ASCII
 * (`client_encoding`), so it has none of them.
 */
export function isDefinition(statement: Buffer): boolean {
  if (statement.length > longest || !isAscii(statement) || statement.includes('\\')) return false;
  const text = statement.toString('latin1');
  if (text.indexOf(';') !== text.length - 1) return false;
  return definitions.test(text) || (table.test(text) && !evaluates.test(text.replace(inert, '')));
}

/** The server is at work with a longer one for so long that the time between two statements does not matter. */
const longest = 2 ** 16;

const name = String.raw`(?:\w+|"[^"]+")`;
const qualified = String.raw`${name}(?:\.${name})*`;
const action = [
  `OWNER TO ${name}`,
  String.raw`ALTER COLUMN ${name} SET DEFAULT nextval\('[^']+'::regclass\)`,
  String.raw`ADD CONSTRAINT ${name} PRIMARY KEY \(${name}(?:, ${name})*\)`,
].join('|');

const definitions = new RegExp(
  [
    String.raw`^ALTER (?:TABLE|SEQUENCE)(?: ONLY)? ${qualified}\s+(?:${action});$`,
    `^ALTER SEQUENCE ${qualified} OWNED BY ${qualified};$`,
    String.raw`^CREATE SEQUENCE ${qualified}\s[\w\s-]+;$`,
    String.raw`^SELECT pg_catalog\.setval\('[^']+', \d+, (?:true|false)\);$`,
  ].join('|'),
);

const table = new RegExp(String.raw`^CREATE TABLE ${qualified} \(`);

/** The types that pg_dump names without a schema, whose literals are read without a function of the dump. */
const plainType = [
  'text|boolean|smallint|integer|bigint|numeric|real|double precision|date|interval|uuid|jsonb?|regclass',
  'character(?: varying)?|bpchar|(?:time|timestamp) with(?:out)? time zone',
].join('|');

/** Quoted names, and literals of these types. */
const inert = new RegExp(String.raw`"[^"]*"|'[^']*'::(?:${plainType})(?![\w.])`, 'g');

/**
 * `CREATE TABLE … AS` runs a query. The server evaluates constant expressions in the keys of partitions and of `EXCLUDE`
 * or of an index that it copies (`LIKE`), and other literals: a domain may check them.
 */
const evaluates = /\b(?:as|execute|partition|exclude|like)\b|['$]|--|\/\*/i;
