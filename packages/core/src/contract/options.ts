import type { DeadlineOptions } from './deadline.js';
import { longestUndoMs } from '../text/duration.js';
import { PgEvictError } from './error.js';
import { assertPatterns } from './session-patterns.js';
import type { SessionPattern } from './session.js';

/** The names of all options; the compiler makes sure that none is missing. */
export type KnownOptions<Options> = Readonly<Record<keyof Options, true>>;

/**
 * Refuses unknown options: plain JavaScript has no compiler to notice them, and with a misspelt `dryRun` or `filter`
 * every session would be terminated.
 *
 * @param of the name of the options in the message
 * @throws {@link PgEvictError} `CONFIG_INVALID`
 */
export function assertOptions<Options extends object>(
  of: string,
  options: Options,
  known: KnownOptions<Options>,
): void {
  const strange = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (strange === undefined) return;
  throw new PgEvictError('CONFIG_INVALID', `${of} has no option "${strange}".`, {
    hint: `It has ${Object.keys(known).join(', ')}.`,
  });
}

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
   * How long to wait for sessions to disconnect on their own before they are terminated, in milliseconds. Counts
   * towards the deadline.
   * @default 0
   */
  readonly graceMs?: number | undefined;
  /**
   * How long busy sessions may finish their query or transaction. All sessions are terminated as soon as none is busy,
   * or when this time is over. Counts towards the deadline, of which two seconds stay reserved. A superuser or a
   * member of `pg_read_all_stats` can see which sessions are busy; for other roles, all sessions of other roles count
   * as busy.
   * @default 0
   */
  readonly drainMs?: number | undefined;
  /**
   * Sessions that are never terminated. If one is in the way, the operation fails, and no session is terminated.
   * @default none
   */
  readonly keep?: readonly SessionPattern[] | undefined;
  /**
   * Changes nothing; the report lists the sessions that would be terminated, and the blockers.
   * @default false
   */
  readonly dryRun?: boolean | undefined;
  /** Called after each step, and awaited: for progress displays. An exception from it ends the operation cleanly. */
  readonly onStep?: ((step: OperationStep) => void | Promise<void>) | undefined;
}

/** @internal */
export const operationOptions: KnownOptions<OperationOptions> = {
  timeoutMs: true,
  signal: true,
  graceMs: true,
  drainMs: true,
  keep: true,
  dryRun: true,
  onStep: true,
};

/**
 * Refuses a time that is no number, as an operation would not wait at all, and patterns of sessions that are none.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID`
 */
export function assertWaits(options: Pick<OperationOptions, 'drainMs' | 'graceMs' | 'keep'>): void {
  assertPatterns('keep', options.keep);
  for (const name of ['graceMs', 'drainMs'] as const) {
    const value = options[name] as number | string | undefined;
    if (value === undefined || (typeof value === 'number' && value >= 0)) continue;
    throw new PgEvictError('CONFIG_INVALID', `${name} is ${String(value)}.`, {
      hint: 'Give a number of milliseconds.',
    });
  }
}

/** How the old content is kept. Operations called from code keep nothing unless this is set. */
export interface UndoOptions {
  /**
   * Keeps the database that the operation replaces or drops for this long, in milliseconds, under a private name that
   * rejects all connections. `undoDatabase` restores it. Meanwhile it occupies its disk space. It replaces the content
   * that was kept of the database before. Only the command drops expired content.
   * @default none: the old content is dropped
   */
  readonly undoMs?: number | undefined;
  /** Does not keep a database that is larger than this many bytes. @default no limit */
  readonly undoUpToBytes?: number | undefined;
}

/** @internal */
export const undoOptions: KnownOptions<UndoOptions> = { undoMs: true, undoUpToBytes: true };

/**
 * Refuses a duration for which nothing can be kept.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID`
 */
export function assertUndoOptions({ undoMs, undoUpToBytes }: UndoOptions): void {
  if (undoMs !== undefined && !(undoMs >= 0 && undoMs <= longestUndoMs)) {
    throw new PgEvictError('CONFIG_INVALID', `undoMs is ${String(undoMs)}.`, {
      hint: 'Give a number of milliseconds, of at most a hundred years.',
    });
  }
  if (undoUpToBytes === undefined || (undoUpToBytes >= 0 && Number.isFinite(undoUpToBytes))) return;
  throw new PgEvictError('CONFIG_INVALID', `undoUpToBytes is ${String(undoUpToBytes)}.`, {
    hint: 'Give a number of bytes.',
  });
}
