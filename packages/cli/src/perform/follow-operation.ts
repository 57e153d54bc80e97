import type { OperationStep, Session, SessionFilter } from '@pg-evict/core';
import { copyProgress, type CopyProgress } from '@pg-evict/core/internal';
import type { CommandContext } from '../context/command-context.js';
import { listSessions } from '../context/engine.js';
import { formatSize } from '../terminal/format.js';
import { printable } from '../terminal/printable.js';
import type { Progress } from '../terminal/progress.js';

/** After how long a wait is explained, on a terminal and in a log. */
const lookAfterMs = { terminal: 1500, log: 2000 };
/** How often the progress is read again. */
const lookEveryMs = 1000;

/** Follows an operation while it waits for sessions, or copies a database. */
export interface Follower {
  /** A step has been passed. */
  readonly step: (step: OperationStep) => void;
  readonly stop: () => void;
}

/** The part of an operation that takes long. */
export interface LongSteps {
  /** The database that is copied, after the step `checked`. */
  readonly copies?: string | undefined;
  /** The step after which sessions are terminated, or waited for. */
  readonly waitsAfter?: 'checked' | 'created' | 'settings-applied' | undefined;
  /** The sessions that are waited for. @default all that are on the database */
  readonly filter?: SessionFilter | undefined;
}

/**
 * Says which session an operation waits for, and on a terminal how much of a database is copied. Looks over a connection
 * of its own, and only if it takes longer than a moment.
 */
export function followOperation(
  context: CommandContext,
  progress: Progress,
  { copies, filter, waitsAfter }: LongSteps,
): Follower {
  let stop = (): void => undefined;
  return {
    step: (step) => {
      stop();
      const copied = step === 'checked' ? copies : undefined;
      const waits = step === waitsAfter;
      const isSeen = progress.isShown ? copied !== undefined || waits : waits && !progress.isMute;
      if (isSeen) stop = follow(context, progress, copied, waits ? (filter ?? {}) : undefined);
    },
    stop: () => {
      stop();
    },
  };
}

/** Looks again and again until the function that it returns is called. */
function follow(
  { target }: CommandContext,
  progress: Progress,
  copied: string | undefined,
  waitsFor: SessionFilter | undefined,
): () => void {
  const over = new AbortController();
  const options = { timeoutMs: lookEveryMs * 3, signal: over.signal };
  let walAtFirst: number | null | undefined;
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    // Sessions on the database that is copied delay the copy.
    const database = copied ?? target.database;
    const [sessions, copy] = await Promise.all([
      waitsFor === undefined
        ? []
        : listSessions({ ...target, database }, { ...options, filter: waitsFor }).catch(() => []),
      copied === undefined || !progress.isShown
        ? undefined
        : copyProgress(target, copied, options).catch(() => undefined),
    ]);
    if (over.signal.aborted) return;
    walAtFirst ??= copy?.walBytes;
    if (sessions.length > 0) progress.waitFor(whoIs(sessions));
    else if (copy !== undefined) progress.say(copiedSoFar(copy, walAtFirst ?? null));
    timer = setTimeout(() => void look(), lookEveryMs);
  };
  timer = setTimeout(() => void look(), progress.isShown ? lookAfterMs.terminal : lookAfterMs.log);
  return () => {
    over.abort();
    clearTimeout(timer);
  };
}

/** `15293 (app, psql) and 2 more`. */
function whoIs([first, ...more]: readonly Session[]): string {
  if (first === undefined) return 'no session';
  const facts = [first.user, first.application].flatMap((fact) =>
    fact === null || fact === '' ? [] : [printable(fact)],
  );
  const name = facts.length === 0 ? String(first.pid) : `${first.pid} (${facts.join(', ')})`;
  return more.length === 0 ? name : `${name} and ${more.length} more`;
}

/** `Copying: 365 MB of 789 MB`, as far as it is known. */
function copiedSoFar({ copiedBytes, sizeBytes, walBytes }: CopyProgress, walAtFirst: number | null): string {
  const written = walBytes === null || walAtFirst === null ? null : walBytes - walAtFirst;
  const bytes = copiedBytes ?? written;
  const of = sizeBytes === null ? '' : ` of ${formatSize(sizeBytes)}`;
  if (bytes === null) return sizeBytes === null ? 'Copying' : `Copying ${formatSize(sizeBytes)}`;
  const about = copiedBytes === null ? 'about ' : '';
  return `Copying: ${about}${formatSize(Math.min(bytes, sizeBytes ?? bytes))}${of}`;
}
