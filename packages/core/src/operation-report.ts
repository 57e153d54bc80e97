import type { KnownOptions } from './assert-options.js';
import type { Blocker } from './blocker.js';
import type { DeadlineOptions } from './deadline.js';
import type { SessionPattern } from './session-filter.js';
import type { DeniedSession, Session } from './session.js';

/** The steps an operation passes through, in order; each is reported after it has happened. */
export type OperationStep =
  | 'connected'
  | 'checked'
  | 'created'
  | 'settings-applied'
  | 'swapped'
  | 'renamed'
  | 'returned'
  | 'dropped';

/** Options that every operation takes. */
export interface OperationOptions extends DeadlineOptions {
  /**
   * How long to wait for sessions to leave by themselves before they are ended, in milliseconds. Counts towards the
   * deadline.
   * @default 0
   */
  readonly graceMs?: number | undefined;
  /** Sessions that are never ended; where one is in the way, the operation fails and nobody is. @default none */
  readonly keep?: readonly SessionPattern[] | undefined;
  /**
   * Changes nothing; the report tells who would be ended and what stands in the way.
   * @default false
   */
  readonly dryRun?: boolean | undefined;
  /** Called after each step, and awaited: for progress displays. What it throws ends the operation cleanly. */
  readonly onStep?: ((step: OperationStep) => void | Promise<void>) | undefined;
}

/** @internal */
export const operationOptions: KnownOptions<OperationOptions> = {
  timeoutMs: true,
  signal: true,
  graceMs: true,
  keep: true,
  dryRun: true,
  onStep: true,
};

/** Something about a database that could not be carried over to its successor. */
export interface NotCarriedOver {
  /** What it is: `SET work_mem`, `GRANT CONNECT TO "x"`, `COMMENT`, … */
  readonly setting: string;
  readonly reason: string;
}

/** A database under a private name that could not be dropped; the next recreate drops it. */
export interface Leftover {
  readonly database: string;
  readonly reason: string;
}

/** What an operation did. */
export interface OperationReport {
  readonly command:
    | 'drop'
    | 'create'
    | 'recreate'
    | 'rename'
    | 'clone'
    | 'swap'
    | 'run'
    | 'repair'
    | 'execute';
  readonly database: string;
  /** The new name (rename), the new database (clone), the other database (swap). */
  readonly to?: string;
  /** Where the old database was kept (recreate with `keepOldAs`), what it is called now. */
  readonly keptAs?: string;
  /** There was no database of this name (recreate with `ifNotExists`); in a dry run, there is none. */
  readonly created?: true;
  /** `false` when there was nothing to do (`ifExists`, `ifNotExists`); in a dry run, when there would be. */
  readonly changed: boolean;
  /** Sessions that were ended; in a dry run, that would be. */
  readonly terminated: readonly Session[];
  /** In a dry run: sessions that may not be ended. Otherwise empty, as the operation fails on them. */
  readonly denied: readonly DeniedSession[];
  /** In a dry run: everything that would make the operation fail. Otherwise empty. */
  readonly blockers: readonly Blocker[];
  /**
   * What was lost beside the database's content (in a dry run: would be): what the caller asked to be removed, and
   * inactive replication slots, which go with a dropped database.
   */
  readonly removed: readonly Blocker[];
  /** Settings of the database that its successor does not have. */
  readonly notCarriedOver: readonly NotCarriedOver[];
  /** Databases left aside that could not be dropped. */
  readonly leftovers: readonly Leftover[];
  readonly durationMs: number;
  readonly dryRun: boolean;
}

/** What {@link terminateSessions} did. */
export interface TerminationReport {
  readonly database: string;
  /** Ended, and verified to be gone; in a dry run, would be ended. */
  readonly terminated: readonly Session[];
  /** With `cancel`: sessions whose query was cancelled, and verified to be over; in a dry run, would be. */
  readonly cancelled?: readonly Session[];
  /** May not be ended. */
  readonly denied: readonly DeniedSession[];
  /** Were told to end but are still there: stuck, or slower than the deadline. */
  readonly remaining: readonly Session[];
  readonly durationMs: number;
  readonly dryRun: boolean;
}
