import type { Session } from './session.js';

/** The kinds of obstacles that prevent a database from being dropped, renamed, cloned or swapped. */
export type BlockerKind =
  | 'session'
  | 'background-worker'
  | 'prepared-transaction'
  | 'replication-slot'
  | 'subscription'
  | 'template'
  | 'invalid-database'
  | 'collation-version'
  | 'lock'
  | 'stuck-backend';

/** An obstacle, with the remedy that removes it. */
export interface Blocker {
  readonly kind: BlockerKind;
  /** The object's name: a pid, a global transaction id, a slot, a subscription, a database. */
  readonly name: string;
  /** The database it belongs to. */
  readonly database: string;
  /** The obstacle and its effect, in one sentence. */
  readonly detail: string;
  /** The remedy: SQL to run, a flag, or an action. */
  readonly remedy: string;
  /** The session, where the blocker is one. */
  readonly session?: Session;
}

/** Blockers, beside sessions, that prevent a database from being renamed or copied. */
export const renameBlockers: readonly BlockerKind[] = ['prepared-transaction'];

/** Blockers, beside sessions, that prevent a database from being swapped out and dropped. */
export const replaceBlockers: readonly BlockerKind[] = [
  ...renameBlockers,
  'replication-slot',
  'subscription',
];

/** Blockers, beside sessions, that prevent a database from being dropped. */
export const dropBlockers: readonly BlockerKind[] = [...replaceBlockers, 'template'];
