import type { ConnectionSettings } from '@pg-evict/core';
import type { DumpedRelation } from '../dump/dump.js';
import { decodeText } from '../sql/encodings.js';
import { askOnce } from './ask-once.js';

/** How many names a message has at most. */
const namedAtMost = 5;

/** A relation of the restored database. */
export interface RestoredRelation {
  readonly name: string;
  readonly isTable: boolean;
}

interface Row {
  readonly encoding: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
}

/**
 * As bytes: a database without an encoding (SQL_ASCII) may have names that are valid in none. Relations in the server's
 * own schemas are not a user's; no other schema may begin with `pg_`.
 */
const relationsQuery = `
SELECT pg_catalog.getdatabaseencoding() AS encoding, c.relkind AS kind,
  pg_catalog.encode(pg_catalog.convert_to(n.nspname, pg_catalog.getdatabaseencoding()), 'hex') AS schema,
  pg_catalog.encode(pg_catalog.convert_to(c.relname, pg_catalog.getdatabaseencoding()), 'hex') AS name
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,v,m,S,f}')
  AND n.nspname OPERATOR(pg_catalog.!~) '^pg_' AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema'`;

/** Lists the tables, views and sequences of the restored database. */
export async function listRestored(connection: ConnectionSettings): Promise<RestoredRelation[]> {
  const rows = await askOnce<Row>(connection, relationsQuery);
  return rows.map(({ encoding, kind, name, schema }) => {
    const decode = (hex: string): string =>
      decodeText(Buffer.from(hex, 'hex'), encoding === 'SQL_ASCII' ? 'UTF8' : encoding);
    return { name: `${decode(schema)} ${decode(name)}`, isTable: 'rpf'.includes(kind) };
  });
}

/**
 * Compares the objects that a dump lists with those of the restored database.
 *
 * @returns the missing objects, for a message; `undefined` if none is missing
 */
export function findMissing(
  dumped: readonly DumpedRelation[],
  restored: readonly RestoredRelation[],
): string | undefined {
  // pg_dump writes names on one line; any of them may have spaces in it.
  const names = new Set(restored.map(({ name }) => name.replaceAll(/[\n\r]/g, ' ')));
  const missing = dumped.filter(
    ({ name }) => !names.has(name) && !beginnings(name).some((beginning) => names.has(beginning)),
  );
  if (missing.length === 0) return undefined;
  const some = missing.slice(0, namedAtMost).map(({ label }) => label);
  const more = missing.length - some.length;
  return `${some.join(', ')}${more === 0 ? '' : `, and ${more} more`}`;
}

/** The part of a text before each of its spaces. */
function beginnings(text: string): string[] {
  return [...text.matchAll(/ /g)].map(({ index }) => text.slice(0, index));
}
