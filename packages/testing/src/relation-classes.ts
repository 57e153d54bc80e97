import type { ServerSession } from './server-session.js';

/** Columns of `pg_class` about where and how a relation is stored. */
const ofStorage = [
  'relfilenode',
  'relpages',
  'reltuples',
  'relallvisible',
  'relallfrozen',
  'relfrozenxid',
  'relminmxid',
].join(',');

/** `FirstNormalObjectId` (src/include/access/transam.h): what a server is born with is below. */
export const firstNormalOid = 16_384;

/**
 * What `pg_class` says of users' relations but where and how they are stored, by oid. TRUNCATE, CLUSTER and VACUUM FULL write
 * a relation's row anew with no other difference.
 *
 * @param newSince only those whose row was written by this transaction or a later one, catalogs as well
 */
export async function readClasses(session: ServerSession, newSince?: string): Promise<Map<string, string>> {
  const { rows } = await session.query<{ oid: string; hash: string }>(
    `SELECT oid::text, md5((to_jsonb(c) - '{${ofStorage}}'::text[])::text) AS hash FROM pg_class c
     WHERE ${newSince === undefined ? `oid >= ${firstNormalOid}` : 'age(xmin) <= age($1::xid)'}`,
    newSince === undefined ? [] : [newSince],
  );
  return new Map(rows.map(({ oid, hash }) => [oid, hash]));
}
