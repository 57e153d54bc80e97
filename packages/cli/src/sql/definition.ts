import { isAscii } from 'node:buffer';

/**
 * Whether a statement is one of those that pg_dump writes for each table, defines something in its database and does
 * nothing else, and reads the same by all settings: it can be sent while the server is still at work with the statement
 * before. If that one fails, the server runs this one all the same, in a database that is then dropped. It runs none of
 * the functions that a dump may call: only, for a key, those that compare its values.
 *
 * Settings decide about backslashes (`standard_conforming_strings`) and about bytes that are not ASCII
 * (`client_encoding`), so it has none of them.
 */
export function isDefinition(statement: Buffer): boolean {
  if (!isAscii(statement) || statement.includes('\\')) return false;
  const text = statement.toString('latin1');
  return definitions.test(text) || (table.test(text) && !evaluates.test(text));
}

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
    String.raw`^CREATE SEQUENCE ${qualified}\s+[\w\s-]+;$`,
    String.raw`^SELECT pg_catalog\.setval\('[^']+', \d+, (?:true|false)\);$`,
  ].join('|'),
);

const table = new RegExp(String.raw`^CREATE TABLE ${qualified} \(`);

/** `CREATE TABLE … AS` runs a query. */
const evaluates = /\b(?:as|execute)\b/i;
