import type { Blocker } from './blocker.js';
import type { DeniedSession, Session } from './session.js';

/** A setting of a database that could not be carried over to its successor. */
export interface NotCarriedOver {
  /** The setting: `SET work_mem`, `GRANT CONNECT TO "x"`, `COMMENT`, … */
  readonly setting: string;
  readonly reason: string;
}

/** A database under a private name that could not be dropped; the next recreate drops it. */
export interface Leftover {
  readonly database: string;
  readonly reason: string;
}

/** A standby that follows this server, and replays its changes. */
export interface Standby {
  /** The `application_name` of its WAL receiver. */
  readonly name: string;
  /** Its address; `null` if the server hides it from the role, or it is on the same machine. */
  readonly client: string | null;
}

/** The result of an operation at a connection pooler. */
export interface PoolerReport {
  /** Its admin console, without the password. */
  readonly url: string;
  /** The aliases that were paused and resumed; in a dry run, those that would be. */
  readonly aliases: readonly string[];
  /** How long their clients had to wait. */
  readonly pausedMs: number;
  /** The step that failed, and its outcome. `null` if every step succeeded. */
  readonly failure: string | null;
}

/** The content of a database that an operation has put aside, for an undo. */
export interface KeptContent {
  /** Its name meanwhile. */
  readonly database: string;
  /** Until when it is kept, by the server's clock: ISO 8601, UTC. */
  readonly until: string;
  /** `null` if the role may not query it. */
  readonly sizeBytes: number | null;
}

/** The content of a database that an undo has restored. */
export interface UndoneContent {
  /** `null` if the role may not query it. */
  readonly sizeBytes: number | null;
  /** When it was put aside, by the server's clock: ISO 8601, UTC. */
  readonly keptAt: string;
  /** The operation that put it aside, by the name of its command. */
  readonly by: string;
}

/** The result of an operation. */
export interface OperationReport {
  readonly command:
    | 'drop'
    | 'create'
    | 'recreate'
    | 'rename'
    | 'clone'
    | 'swap'
    | 'undo'
    | 'run'
    | 'repair'
    | 'execute';
  readonly database: string;
  /** The new name (rename), the new database (clone), the other database (swap). */
  readonly to?: string;
  /** The old content that is kept for an undo; `null` if none is. In a dry run, the content that would be kept. */
  readonly kept: KeptContent | null;
  /** Why nothing is kept though `undoMs` asked for it. */
  readonly notKept: string | null;
  /** Drop: the content that was kept of the database for an undo, and is dropped with it; in a dry run, would be. */
  readonly keptDropped?: readonly string[];
  /** Undo: the private name of the restored content, and where it came from. */
  readonly from?: string;
  readonly undone?: UndoneContent;
  /** If the old database was kept (recreate with `keepOldAs`), its new name. */
  readonly keptAs?: string;
  /** Whether there was no database of this name (recreate with `ifNotExists`); in a dry run, whether there is none. */
  readonly created?: true;
  /** `false` when there was nothing to do (`ifExists`, `ifNotExists`); in a dry run, when there would be. */
  readonly changed: boolean;
  /** Sessions that were terminated; in a dry run, those that would be. */
  readonly terminated: readonly Session[];
  /** With `drainMs`: sessions that were busy, and finished their work before they were terminated. */
  readonly drained: readonly Session[];
  /** With `drainMs`: those of `terminated` that were still busy at the end of that time. */
  readonly cut: readonly Session[];
  /** In a dry run: sessions that may not be terminated. Otherwise empty, because the operation fails on them. */
  readonly denied: readonly DeniedSession[];
  /** In a dry run: everything that would make the operation fail. Otherwise empty. */
  readonly blockers: readonly Blocker[];
  /**
   * Objects that were lost beside the database's content (in a dry run: would be): those that the caller asked to be
   * removed, and inactive replication slots, which are dropped with their database.
   */
  readonly removed: readonly Blocker[];
  /** Settings of the database that its successor lacks. */
  readonly notCarriedOver: readonly NotCarriedOver[];
  /** Leftovers that could not be dropped. */
  readonly leftovers: readonly Leftover[];
  /** If a database was dropped: the standbys, which terminate their own sessions on it when they replay the drop. */
  readonly standbys: readonly Standby[];
  /** The target's poolers. */
  readonly poolers: readonly PoolerReport[];
  readonly durationMs: number;
  readonly dryRun: boolean;
}

/** The result of {@link terminateSessions}. */
export interface TerminationReport {
  readonly database: string;
  /** Terminated, and verified to be gone; in a dry run, would be terminated. */
  readonly terminated: readonly Session[];
  /** With `cancel`: sessions whose query was cancelled, and verified to have stopped; in a dry run, would be. */
  readonly cancelled?: readonly Session[];
  /** May not be ended. */
  readonly denied: readonly DeniedSession[];
  /** Signalled but still there: stuck, or slower than the deadline. */
  readonly remaining: readonly Session[];
  readonly durationMs: number;
  readonly dryRun: boolean;
}
