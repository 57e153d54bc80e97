import type { BlockerKind } from './blocker.js';

/** One statement that needs databases free of sessions. */
export interface ExclusiveStatement {
  readonly sql: string;
  /** The databases that must be free: those the statement locks. */
  readonly databases: readonly string[];
  /**
   * `end`: sessions on them are ended. `wait`: they belong to the server (template1), nobody is ended, and the
   * statement waits for them as long as PostgreSQL does.
   */
  readonly sessions: 'end' | 'wait';
  /** What, beside sessions, the statement stumbles over. */
  readonly blockedBy: readonly BlockerKind[];
  /** Begins the message of a failure: what did not happen. Ends without a full stop. */
  readonly failure: string;
}
