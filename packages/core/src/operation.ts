import type { Blocker } from './blocker.js';
import type { Connection } from './connect.js';
import type { Deadline } from './deadline.js';
import type { OperationReport, OperationStep } from './operation-report.js';
import type { SessionPattern } from './session-filter.js';
import type { Session } from './session.js';
import type { ConnectionSettings } from './target.js';

/** One operation under way: two connections to one maintenance database, a deadline, and what was done so far. */
export interface Operation {
  readonly database: string;
  readonly settings: ConnectionSettings;
  readonly maintenanceDatabase: string;
  readonly deadline: Deadline;
  /** Runs the operation's statements, and holds their locks meanwhile. */
  readonly runner: Connection;
  /** Looks, terminates and wakes while the runner is busy. */
  readonly control: Connection;
  /** Sessions ended so far, by pid and start. */
  readonly terminated: Map<string, Session>;
  /** What was removed so far because the caller asked for it. */
  readonly removed: Blocker[];
  readonly dryRun: boolean;
  readonly keep: readonly SessionPattern[];
  /** How long sessions may still leave by themselves: what is left of it for the whole operation. */
  graceMs: number;
  /** Whether anything was found that an operation before it had left because its process died. */
  recovered: boolean;
  step(step: OperationStep): Promise<void>;
}

/** What an operation leaves for its report; the rest is filled in by {@link withOperation}. */
export type OperationOutcome = Pick<OperationReport, 'changed'> & Partial<OperationReport>;
