import { Socket } from 'node:net';
import { threadId } from 'node:worker_threads';
import { PgEvictError } from '@pg-evict/core';
import { clearTimer, setPatientTimer } from '../captured/clock.js';
import { tell } from '../captured/streams.js';
import { socketRegistry } from '../leaks/socket-registry.js';
import { unwatched } from '../leaks/watch-sockets.js';
import { type HostAddress, socketPath } from '../wire/host-variable.js';
import { onLines, toLine } from '../wire/lines.js';
import type { AnswerMessage, RequestKind, Requests } from '../wire/protocol.js';

/** How long a wait stays silent. */
const silentMs = 2000;

/** How long an answer may take, unless something else is configured. */
const deadlineMs = 60_000;

/** A pending wait. */
interface Waiting {
  readonly resolve: (answers: never) => void;
  readonly reject: (error: unknown) => void;
  /** The reason for the delay, from the host. */
  why: string;
}

/** How an answer is waited for. */
interface AskOptions {
  /** The waiting party, as in messages: a test file. */
  readonly for: string;
}

/** A thread's connection to the host of its run. It keeps the process alive only while a request is pending. */
export class HostConnection {
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  #lost: PgEvictError | undefined;

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    onLines(socket, (message) => this.#receive(message as AnswerMessage));
    socket.on('error', (error) => this.#lose(error));
    socket.on('close', () => this.#lose(undefined));
  }

  /**
   * @param timeoutMs how long each answer may take
   * @throws {@link PgEvictError} `CONNECTION_FAILED` if nothing listens there, or the listener is not one of ours
   */
  static async open(
    { folder, secret }: HostAddress,
    timeoutMs: number = deadlineMs,
  ): Promise<HostConnection> {
    const socket = unwatched(() => new Socket());
    const connection = new HostConnection(socket, timeoutMs);
    // The original functions, so that a test's replacements are not called.
    unwatched(() => socketRegistry().connect.call(socket, { path: socketPath(folder) }));
    const who = `pid ${process.pid}${threadId === 0 ? '' : `, thread ${threadId}`}`;
    await connection.ask('hello', { secret, who }, { for: who });
    return connection;
  }

  /** Whether it is gone: the run was ended, or its host was. */
  get lost(): boolean {
    return this.#lost !== undefined;
  }

  /**
   * Asks the host, and waits for the answer. After two seconds a message on standard error says who waits for what.
   *
   * @throws {@link PgEvictError} the host's answer; `CONNECTION_FAILED` if it is gone; `TIMEOUT`
   */
  async ask<Kind extends RequestKind>(
    kind: Kind,
    asks: Requests[Kind]['asks'],
    { for: whom }: AskOptions,
  ): Promise<Requests[Kind]['answers']> {
    if (this.#lost !== undefined) throw this.#lost;
    this.#last += 1;
    const id = this.#last;
    const waiting: Waiting = {
      resolve: () => undefined,
      reject: () => undefined,
      why: 'the host of the run has not answered',
    };
    const answered = new Promise<Requests[Kind]['answers']>((resolve, reject) => {
      Object.assign(waiting, { resolve, reject });
    });
    this.#waiting.set(id, waiting);
    const hasWaited = (ms: number): string =>
      `${whom} has waited for ${ms / 1000} s ("${kind}"): ${waiting.why}.`;
    const hint = this.#after(silentMs, id, () => tell(`pg-evict: ${hasWaited(silentMs)}`));
    const deadline = this.#after(this.#timeoutMs, id, () => {
      waiting.reject(new PgEvictError('TIMEOUT', hasWaited(this.#timeoutMs)));
    });
    try {
      this.#socket.ref();
      this.#socket.write(toLine({ id, kind, asks }));
      return await answered;
    } finally {
      clearTimer(hint);
      clearTimer(deadline);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) this.#socket.unref();
    }
  }

  /** Ends it: the databases that this thread has borrowed go back. */
  close(): void {
    this.#socket.destroy();
  }

  /** Calls back if a request has no answer by then: nor one that came while this thread was busy, and is not read yet. */
  #after(ms: number, id: number, callback: () => void): NodeJS.Timeout {
    return setPatientTimer(() => {
      if (this.#waiting.has(id)) callback();
    }, ms);
  }

  #receive(message: AnswerMessage): void {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    if ('waits' in message) waiting.why = message.waits;
    else if ('answers' in message) waiting.resolve(message.answers as never);
    else {
      const { code, message: text, database } = message.error;
      waiting.reject(new PgEvictError(code, text, { database: database ?? undefined }));
    }
  }

  #lose(cause: Error | undefined): void {
    this.#lost ??= new PgEvictError(
      'CONNECTION_FAILED',
      'The host of this run of tests is gone: the process that began the run has ended it, or has itself ended.',
      { cause },
    );
    for (const { reject } of this.#waiting.values()) reject(this.#lost);
  }
}
