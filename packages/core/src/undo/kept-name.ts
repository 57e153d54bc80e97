import { privateTag } from '../database/set-aside.js';
import type { Operation } from '../eviction/operation.js';

/** The prefix of the name of each database that is kept for an undo, as a pattern of LIKE. */
export const keptPattern = String.raw`pg\_evict\_undo\_%`;

/** The parts of a kept database's name. */
export interface KeptName {
  /** Ties it to the database whose content it was: {@link privateTag}. */
  readonly tag: string;
  /** Until when it is kept, by the server's clock, in seconds since 1970. */
  readonly until: number;
}

/**
 * A name for a database that is put aside. It carries the second until which the database is kept, and the runner's pid
 * and the start of its backend, which make it unique. It is at most 54 bytes long. It does not match the names of
 * leftovers, so no operation and no sweep mistakes it for one.
 *
 * @param until in seconds since 1970
 */
export function keptName({ database, runner }: Operation, until: number): string {
  const maker = `${runner.pid}_${BigInt(runner.started).toString(36)}`;
  return `pg_evict_undo_${privateTag(database)}_${until.toString(36)}_${maker}`;
}

/** Reads a name; `undefined` if it is not that of a kept database. */
export function readKeptName(name: string): KeptName | undefined {
  const [, tag, until] = /^pg_evict_undo_([0-9a-f]{10})_([0-9a-z]{1,8})_[0-9]+_[0-9a-z]+$/.exec(name) ?? [];
  return tag === undefined || until === undefined ? undefined : { tag, until: Number.parseInt(until, 36) };
}
