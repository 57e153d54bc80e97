import type { Session } from './session.js';

/** The kinds of thing that keep a database from being dropped, renamed, cloned or swapped. */
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

/** One thing that stands in the way, with what would remove it. */
export interface Blocker {
  readonly kind: BlockerKind;
  /** The object's name: a pid, a global transaction id, a slot, a subscription, a database. */
  readonly name: string;
  /** The database it belongs to. */
  readonly database: string;
  /** What it is and what it does, in one sentence. */
  readonly detail: string;
  /** Runnable SQL, a flag, or what to ask for. */
  readonly remedy: string;
  /** The session, where the blocker is one. */
  readonly session?: Session;
}

/** What keeps a database from being renamed or copied, beside sessions. */
export const renameBlockers: readonly BlockerKind[] = ['prepared-transaction'];

/** What keeps a database from being swapped out and dropped, beside sessions. */
export const replaceBlockers: readonly BlockerKind[] = [
  ...renameBlockers,
  'replication-slot',
  'subscription',
];

/** What keeps a database from being dropped, beside sessions. */
export const dropBlockers: readonly BlockerKind[] = [...replaceBlockers, 'template'];
