import type { PgEvictError } from '@pg-evict/core';
import { hintIn, remedyIn, type Words } from '@pg-evict/core/internal/text';
import { quoteForShell } from './format.js';

/** The words of whoever uses the command. */
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

/** What would help against a blocker, or with a session that may not be ended. */
export function remedyOf(subject: { readonly remedy: string }): string {
  return remedyIn(commandWords, subject);
}

/** The hint of an error. */
export function hintOf(error: Pick<PgEvictError, 'hint'>): string | null {
  return hintIn(commandWords, error);
}
