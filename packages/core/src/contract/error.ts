import type { Blocker } from './blocker.js';
import { apiWords, attachRemedies, remediesOf, remediesText, type Remedy } from './remedy.js';
import type { Leftover } from './report.js';
import type { Session } from './session.js';

/**
 * The kind of failure, as a stable word to branch on. The command maps each to an exit code.
 *
 * - `PROTECTED`: the database may never be touched (`postgres`, `template0`, `template1`, or protected by its owner)
 * - `REFUSED`: the request contradicts itself or was not confirmed; nothing was touched
 * - `SESSIONS_REMAIN`: sessions may not be ended, or did not end
 * - `PERMISSION_DENIED`: the role lacks a privilege the operation needs
 * - `BLOCKED`: something other than a session stands in the way (see {@link PgEvictError.blockers})
 * - `DATABASE_NOT_FOUND`, `DATABASE_EXISTS`: the name is missing, or taken
 * - `IN_TRANSACTION`: the statement cannot run inside a transaction block
 * - `CONFIG_INVALID`: a setting, name or option is wrong; nothing was touched
 * - `CONNECTION_FAILED`: cannot reach the server, log in, or the connection was lost
 * - `TIMEOUT`: the deadline passed
 * - `ABORTED`: the caller's AbortSignal fired
 * - `UNEXPECTED`: the server refused for a reason of its own (disk full, …); see `sqlState` and `cause`
 */
export type PgEvictErrorCode =
  | 'PROTECTED'
  | 'REFUSED'
  | 'SESSIONS_REMAIN'
  | 'PERMISSION_DENIED'
  | 'BLOCKED'
  | 'DATABASE_NOT_FOUND'
  | 'DATABASE_EXISTS'
  | 'IN_TRANSACTION'
  | 'CONFIG_INVALID'
  | 'CONNECTION_FAILED'
  | 'TIMEOUT'
  | 'ABORTED'
  | 'UNEXPECTED';

/** Facts about a failure beside its code and message. */
export interface PgEvictErrorFacts {
  /** The database the operation was about. */
  readonly database?: string | undefined;
  /** The remedy: one sentence, a flag, or SQL to run. Appended to the message. */
  readonly hint?: string | undefined;
  /** Everything found standing in the way. */
  readonly blockers?: readonly Blocker[] | undefined;
  /** Sessions that had been ended before the failure. */
  readonly terminated?: readonly Session[] | undefined;
  /** Objects that the caller had asked to be removed, and that were removed before the failure: they are lost. */
  readonly removed?: readonly Blocker[] | undefined;
  /** Databases under a private name that the operation made, and could not drop. */
  readonly leftovers?: readonly Leftover[] | undefined;
  /** SQLSTATE, where the server said no. */
  readonly sqlState?: string | undefined;
  /** The error underneath. */
  readonly cause?: unknown;
}

const brand = Symbol.for('pg-evict.error');

/**
 * The only error class of pg-evict. Its message says what happened to which database, and ends with the remedy; the
 * facts are fields. It never carries a password.
 *
 * Recognise it with {@link isPgEvictError}: `instanceof` fails across realms (Jest) and across the ESM and CommonJS
 * builds.
 */
export class PgEvictError extends Error {
  readonly code: PgEvictErrorCode;
  readonly database: string | null;
  readonly hint: string | null;
  readonly blockers: readonly Blocker[];
  readonly terminated: readonly Session[];
  readonly removed: readonly Blocker[];
  readonly leftovers: readonly Leftover[];
  readonly sqlState: string | null;

  constructor(code: PgEvictErrorCode, summary: string, facts: PgEvictErrorFacts = {}) {
    super(
      facts.hint === undefined ? summary : `${summary} ${facts.hint}`,
      facts.cause === undefined ? undefined : { cause: facts.cause },
    );
    this.name = 'PgEvictError';
    this.code = code;
    this.database = facts.database ?? null;
    this.hint = facts.hint ?? null;
    this.blockers = facts.blockers ?? [];
    this.terminated = facts.terminated ?? [];
    this.removed = facts.removed ?? [];
    this.leftovers = facts.leftovers ?? [];
    this.sqlState = facts.sqlState ?? null;
    Object.defineProperty(this, brand, { value: true });
  }
}

/**
 * Whether a value is a {@link PgEvictError}, also one made in another realm or by the other build of this package.
 */
export function isPgEvictError(error: unknown): error is PgEvictError {
  return typeof error === 'object' && error !== null && brand in error;
}

/** An error of ours with more information: everything else stays the same. */
export function withFacts(
  error: PgEvictError,
  {
    also = '',
    ...facts
  }: Pick<PgEvictErrorFacts, 'cause' | 'leftovers' | 'removed' | 'terminated'> & {
    /** Sentences that are appended to the message, before its hint; begins with a space. */
    readonly also?: string;
  },
): PgEvictError {
  const { blockers, cause, code, database, hint, leftovers, message, removed, sqlState, stack, terminated } =
    error;
  const summary = hint === null ? message : message.slice(0, -hint.length - 1);
  const copy = new PgEvictError(code, `${summary}${also}`, {
    database: database ?? undefined,
    hint: hint ?? undefined,
    blockers,
    terminated,
    removed,
    leftovers,
    sqlState: sqlState ?? undefined,
    cause,
    ...facts,
  });
  if (stack !== undefined) copy.stack = stack;
  const remedies = remediesOf(error);
  return remedies === undefined ? copy : attachRemedies(copy, remedies);
}

/** The same error for a database that has another name by now. */
export function retold(error: PgEvictError, from: string, to: string): PgEvictError {
  const tell = (text: string): string => text.replaceAll(from, to);
  const { cause, code, database, hint, leftovers, message, removed, sqlState, terminated } = error;
  const copy = new PgEvictError(code, tell(hint === null ? message : message.slice(0, -hint.length - 1)), {
    database: database === null ? undefined : tell(database),
    hint: hint === null ? undefined : tell(hint),
    blockers: error.blockers.map((blocker) => ({
      ...blocker,
      name: tell(blocker.name),
      database: tell(blocker.database),
      detail: tell(blocker.detail),
      remedy: tell(blocker.remedy),
    })),
    terminated,
    removed,
    leftovers,
    sqlState: sqlState ?? undefined,
    cause,
  });
  const remedies = remediesOf(error);
  return remedies === undefined || hint?.includes(from) === true ? copy : attachRemedies(copy, remedies);
}

/** The same error with one more remedy. */
export function withAnotherRemedy(error: PgEvictError, remedy: Remedy): PgEvictError {
  const { blockers, database, hint, leftovers, message, sqlState, cause, code, terminated, removed } = error;
  const summary = hint === null ? message : message.slice(0, -hint.length - 1);
  const facts = {
    database: database ?? undefined,
    sqlState: sqlState ?? undefined,
    cause,
    blockers,
    leftovers,
    terminated,
    removed,
  };
  return errorWithRemedies(code, summary, [...(remediesOf(error) ?? []), remedy], facts);
}

/** An error with a structured remedy, so that a caller can word the hint itself. */
export function errorWithRemedies(
  code: PgEvictErrorCode,
  summary: string,
  remedies: readonly Remedy[],
  facts: Omit<PgEvictErrorFacts, 'hint'> = {},
): PgEvictError {
  const error = new PgEvictError(code, summary, { ...facts, hint: remediesText(remedies, apiWords) });
  return attachRemedies(error, remedies);
}

/** An error of ours, combined with an earlier exception of the caller's callback: both become its cause. */
export function alsoThrown(error: PgEvictError, thrown: unknown): PgEvictError {
  return withFacts(error, {
    cause: new AggregateError([error, thrown], 'The failure, and the earlier error of the callback.'),
  });
}

/**
 * The error for blockers: it describes each of them, and names each remedy once.
 *
 * @param lead begins the message: the step that failed, with the punctuation that leads over to the reason
 */
export function blockedError(
  code: 'BLOCKED' | 'PERMISSION_DENIED' | 'SESSIONS_REMAIN',
  lead: string,
  blockers: readonly Blocker[],
  facts: Pick<PgEvictErrorFacts, 'cause' | 'database' | 'sqlState'>,
): PgEvictError {
  const summary = [lead, ...blockers.map(({ detail }) => detail)].join(' ');
  const remedies = blockers.flatMap(
    (blocker) => remediesOf(blocker) ?? [{ kind: 'advice' as const, text: blocker.remedy }],
  );
  return errorWithRemedies(code, summary, remedies, { ...facts, blockers });
}

/** The error for a database that does not exist. */
export function databaseNotFound(
  database: string,
  remedy: Remedy = { kind: 'advice', text: 'Check the name, which is case-sensitive.' },
  summary = `Database "${database}" does not exist.`,
): PgEvictError {
  return errorWithRemedies('DATABASE_NOT_FOUND', summary, [remedy], { database });
}
