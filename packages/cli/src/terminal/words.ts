import type { PgEvictError } from '@pg-evict/core';
import { hintIn, remedyIn, type Words } from '@pg-evict/core/internal/text';
import { quoteForShell } from './format.js';

/** The wording of remedies for users of the command. */
const commandWords: Words = {
  option: {
    rollbackPrepared: '--rollback-prepared',
    dropSlots: '--drop-slots',
    dropSubscriptions: '--drop-subscriptions',
    unsetTemplate: '--unset-template',
    ifNotExists: '--if-not-exists',
    maintenanceDatabase: '--maintenance-db',
    timeoutMs: '--timeout',
    undoMs: '--undo, or by your confirmation',
    noUndo: 'leave out --undo',
  },
  repair: 'pg-evict doctor --fix',
  unprotect: (database) => `pg-evict unprotect ${quoteForShell(database)}`,
};

/** The remedy for a blocker, or for a session that may not be terminated. */
export function remedyOf(subject: { readonly remedy: string }): string {
  return remedyIn(commandWords, subject);
}

/** The hint of an error, with commands that lead to the same server as the one that failed. */
export function hintOf(
  error: Pick<PgEvictError, 'hint'>,
  commands: Pick<Words, 'repair' | 'unprotect'>,
): string | null {
  return hintIn({ ...commandWords, ...commands }, error);
}
