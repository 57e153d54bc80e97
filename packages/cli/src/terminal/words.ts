import type { PgEvictError } from '@pg-evict/core';
import { hintIn, remedyIn, type Words } from '@pg-evict/core/internal/text';
import { commandLine } from '../options/command-line.js';
import type { GlobalOptions } from '../options/global.js';

/** The wording of remedies for users of the command, which was called with these options. */
const commandWords = (options: GlobalOptions): Words => ({
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
  unprotect: (database) => commandLine('unprotect', database, options),
});

/** The remedy for a blocker, or for a session that may not be terminated. */
export function remedyOf(subject: { readonly remedy: string }): string {
  return remedyIn(commandWords({}), subject);
}

/** The hint of an error. A command in it leads to the server that the options of the failed one lead to. */
export function hintOf(error: Pick<PgEvictError, 'hint'>, options: GlobalOptions = {}): string | null {
  return hintIn(commandWords(options), error);
}
