import { errorWithRemedies, PgEvictError, type PgEvictErrorFacts } from './error.js';

/** Options that every operation takes. */
export interface DeadlineOptions {
  /**
   * How long the whole operation may take, in milliseconds, connecting included.
   * @default 30_000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Ends the operation cleanly; it then rejects with code `ABORTED`, and the message says what state the database is
   * in.
   */
  readonly signal?: AbortSignal | undefined;
}

const maxTimerMs = 2 ** 31 - 1;

/** Marks options with the deadline that several operations share. A symbol is not a user's option. */
const shared = Symbol.for('pg-evict.deadline');

/**
 * The same options, for several operations one after another: together they may take as long as one. The time begins
 * with the first of them, or where the options are copied.
 */
export function sharedDeadline<Options extends DeadlineOptions>(options: Options): Options {
  let deadline: Deadline | undefined;
  return Object.defineProperty({ ...options }, shared, {
    enumerable: true,
    get: () => (deadline ??= new Deadline(options)),
  });
}

/** The deadline of an operation with these options: one of its own, or the one that it shares with others. */
export function deadlineOf(options: DeadlineOptions): Deadline {
  return (options as { readonly [shared]?: Deadline })[shared] ?? new Deadline(options);
}

/** Runs work of the caller between operations that share a deadline: its time does not count. */
export async function outsideDeadline<T>(options: DeadlineOptions, work: () => Promise<T>): Promise<T> {
  const deadline = deadlineOf(options);
  const startedAt = performance.now();
  try {
    return await work();
  } finally {
    deadline.extend(performance.now() - startedAt);
  }
}

/** One deadline for a whole operation with all its steps. */
export class Deadline {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Whether a connection was given up, or not made, because no answer came within the deadline. */
  silent = false;
  #endsAt: number;
  #answersBy = Infinity;
  #minAnswerMs = 0;

  constructor(options: DeadlineOptions) {
    const timeoutMs = options.timeoutMs ?? 30_000;
    if (!(timeoutMs > 0)) {
      throw new PgEvictError('CONFIG_INVALID', `timeoutMs is ${String(timeoutMs)}.`, {
        hint: 'Give a number of milliseconds greater than 0.',
      });
    }
    this.timeoutMs = timeoutMs;
    this.signal = options.signal;
    this.#endsAt = performance.now() + timeoutMs;
  }

  /** Milliseconds left, at least 0, never more than a timer can hold. */
  get remainingMs(): number {
    return Math.min(maxTimerMs, Math.max(0, this.#endsAt - performance.now()));
  }

  /** Grants more time: the time that the caller spends in a callback does not count. */
  extend(ms: number): void {
    this.#endsAt += ms;
  }

  /**
   * Grants more time as long as the server answers. A server that does not answer gets no more than before;
   * `minAnswerMs` is the minimum for each query.
   */
  extendWhileAnswered(ms: number, minAnswerMs: number): void {
    this.#answersBy = this.#endsAt;
    this.#minAnswerMs = minAnswerMs;
    this.extend(ms);
  }

  /** When the server must have answered a query sent at `askedAt`; both as `performance.now()`. */
  answerDueAt(askedAt: number): number {
    return Math.min(this.#endsAt, Math.max(this.#answersBy, askedAt + this.#minAnswerMs));
  }

  /** Whether the caller aborted. */
  get aborted(): boolean {
    return this.signal?.aborted === true;
  }

  /** Whether the time is up or the caller aborted. */
  get over(): boolean {
    return this.aborted || this.remainingMs === 0;
  }

  /** The error for an operation that this deadline ended. `state` describes the state of the database. */
  error(
    database: string | undefined,
    state: string,
    facts: Pick<PgEvictErrorFacts, 'cause'> = {},
  ): PgEvictError {
    return this.aborted
      ? new PgEvictError('ABORTED', `Aborted. ${state}`, {
          ...facts,
          database,
          cause: facts.cause ?? this.signal?.reason,
        })
      : errorWithRemedies(
          'TIMEOUT',
          `The deadline of ${Math.round(this.timeoutMs)} ms passed. ${state}`,
          [{ kind: 'allow-time' }],
          { ...facts, database },
        );
  }

  /** Throws when the deadline is over. */
  throwIfOver(database: string | undefined, state: string): void {
    if (this.over) throw this.error(database, state);
  }
}

/** Waits, but no longer than until `promise` settles either way. */
export async function pause(ms: number, promise?: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([timeout, promise?.catch(() => undefined)].filter((p) => p !== undefined));
  clearTimeout(timer);
}

/** The state of a promise. */
export interface Watched {
  readonly settled: boolean;
  readonly succeeded: boolean;
  /** The reason of its rejection. */
  readonly error: unknown;
}

/** A promise's state, readable without waiting. The promise counts as handled. */
export function stateOf(promise: Promise<unknown>): Watched {
  const state = { settled: false, succeeded: false, error: undefined };
  promise.then(
    () => Object.assign(state, { settled: true, succeeded: true }),
    (error: unknown) => Object.assign(state, { settled: true, error }),
  );
  return state;
}
