import type { Connection } from '../connection/connect.js';
import type { ConnectionSettings } from '../connection/flatten-connection.js';
import type { Blocker, BlockerKind } from '../contract/blocker.js';
import type { Deadline } from '../contract/deadline.js';
import type { OperationStep } from '../contract/options.js';
import type { Leftover, OperationReport } from '../contract/report.js';
import type { Session, SessionPattern } from '../contract/session.js';
import type { Drain } from './drain.js';
import type { PoolerPauses } from '../poolers/pooler-pauses.js';

/** A running operation: two connections to one maintenance database, a deadline, and the results so far. */
export interface Operation {
  readonly command: OperationReport['command'];
  readonly database: string;
  /** Begins the message of a failure: the step that failed. Ends without a full stop. */
  readonly failure: string;
  readonly settings: ConnectionSettings;
  readonly maintenanceDatabase: string;
  readonly deadline: Deadline;
  /** Runs the operation's statements, and holds their locks. */
  readonly runner: Connection;
  /** Looks, terminates and wakes while the runner is busy. */
  readonly control: Connection;
  /** Sessions ended so far, by pid and start. */
  readonly terminated: Map<string, Session>;
  /** Objects removed so far on the caller's request. */
  readonly removed: Blocker[];
  /** Databases that it made under a private name and could not drop when it failed. */
  readonly leftovers: Leftover[];
  readonly dryRun: boolean;
  readonly keep: readonly SessionPattern[];
  /** Makes the clients of the target's poolers wait while databases are needed. */
  readonly poolers: PoolerPauses;
  /** How long sessions may still disconnect on their own: the rest of the grace of the whole operation. */
  graceMs: number;
  /** How long sessions that may not be terminated may still disconnect on their own, likewise. */
  patienceMs: number;
  /** Lets sessions finish their work; none if they are terminated at once. */
  readonly drain: Drain | undefined;
  /** Whether leftovers of an earlier operation whose process died were found. */
  recovered: boolean;
  step(step: OperationStep): Promise<void>;
}

/** The part of the report that an operation provides; {@link withOperation} fills in the rest. */
export type OperationOutcome = Pick<OperationReport, 'changed'> & Partial<OperationReport>;

/** One statement that needs databases without sessions. */
export interface ExclusiveStatement {
  readonly sql: string;
  /** The databases that must have no sessions: those the statement locks. */
  readonly databases: readonly string[];
  /**
   * `end`: sessions on them are terminated. `wait`: they belong to the server (template1), no session is terminated,
   * and the statement waits for them as long as PostgreSQL does.
   */
  readonly sessions: 'end' | 'wait';
  /**
   * `heeded`: a protection label that appears before the statement has its lock stops the statement. `ignored`: the
   * statement only puts back an earlier state.
   */
  readonly labels?: 'heeded' | 'ignored';
  /**
   * Whether it is a transaction that renames each of the databases. A second runner may queue with it.
   * @default false
   */
  readonly renames?: true;
  /** Blockers, beside sessions, that would make the statement fail. */
  readonly blockedBy: readonly BlockerKind[];
}

/** The channel on which a runner listens, so that a NOTIFY on it ends a nap. */
export function wakeChannel(runnerPid: number): string {
  return `pg_evict_${runnerPid}`;
}
