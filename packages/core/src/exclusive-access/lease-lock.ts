/**
 * The parties that hold an advisory lock on a database under its private name. The holder's lock says that the holder
 * lives, although the backend in the name is gone. A repairer's lock says that the repairer lives.
 */
export type LeaseParty = 'holder' | 'recoverer';

/**
 * The key of a party's lock. The server derives it from the name, so that a query can compute it for every name.
 *
 * @param name an SQL expression
 */
export function leaseLockKey(name: string, party: LeaseParty): string {
  return `((hashtextextended(${name}, 0) & ~1::bigint) | ${party === 'holder' ? 0 : 1})`;
}

/**
 * Whether a session has a party's lock. Advisory locks exclude each other within one database only, but pg_locks shows
 * those of the whole server, so this also finds locks that were taken from another maintenance database.
 *
 * @param name an SQL expression
 * @see https://www.postgresql.org/docs/current/view-pg-locks.html (how a bigint key is shown)
 */
export function leaseLockTaken(name: string, party: LeaseParty): string {
  return `EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
    AND ((classid::bigint << 32) | objid::bigint) = ${leaseLockKey(name, party)})`;
}
