import type { ConnectionSettings } from '@pg-evict/core';
import type { Dump, DumpedRelation, SkippedStatement } from '../dump/dump.js';
import type { Survey } from '../dump/survey.js';
import type { DumpSession } from '../script/dump-session.js';
import type { OldDatabase } from './old-database.js';

/** The dump to restore, and how. */
export interface RestoreRequest {
  /** The database that is to be replaced. */
  readonly database: string;
  readonly dump: Dump;
  /** The facts at the top of a plain dump. */
  readonly survey: Survey | undefined;
  /** The entries in the table of contents of an archive; those of a plain dump are found while it is read. */
  readonly relations: readonly DumpedRelation[];
  /** The entries of an archive. */
  readonly entries: readonly string[];
  readonly jobs: number | undefined;
  /** Of a dump of several databases, the one that is restored. */
  readonly section: string | undefined;
  /** The options passed on to pg_restore, checked. */
  readonly extra: readonly string[];
  readonly singleTransaction: boolean;
  /** Called with the messages of the server or pg_restore, line by line. */
  readonly onMessage: (line: string) => void;
  /** Called often, with the progress so far. */
  readonly onProgress: ((at: RestoreProgress) => void) | undefined;
}

/** How far a restore has come. */
export interface RestoreProgress {
  /** How much of the file, as it is on disk, the server has; `undefined` if pg_restore reads it. */
  readonly bytesDone: number | undefined;
  /** The table or the entry at work. */
  readonly current: string;
}

/** The database that a dump is restored into, and the signal that ends it. */
export interface RestoreTarget {
  readonly connection: ConnectionSettings;
  /** For programs. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly old: OldDatabase;
  /** Connects to the new database, to run statements of the dump in it. */
  readonly connect: () => Promise<DumpSession>;
}

/** The restored objects. */
export interface RestoreResult {
  readonly tables: number;
  readonly skipped: readonly SkippedStatement[];
}

/** A restore that failed, before the state of the old database is added. */
export class RestoreFailure extends Error {
  readonly kind: 'aborted' | 'dump' | 'server';
  readonly hint: string | undefined;

  constructor(kind: RestoreFailure['kind'], message: string, hint?: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
    this.hint = hint;
  }
}
