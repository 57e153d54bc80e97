import type { StatementError } from './statement-error.js';

/** The messages of one statement. */
type Messages = readonly Buffer[];

/** The session that sends the statements. */
interface Sender {
  readonly write: (messages: Messages) => void;
  /** The server's rules for reading SQL; another value when they have changed. */
  readonly reading: () => unknown;
}

/** The statements of a session: one at a time, the next one when the server is ready. */
export class StatementTurns {
  readonly #sender: Sender;
  /** Called when the statement that was sent is over. */
  #settle: { done(): void; failed(error: Error): void } | undefined;
  #prepared: { readonly messages: Messages; readonly reading: unknown } | undefined;
  /** The prepared statement, once it is sent. */
  #begun: { readonly messages: Messages; readonly settled: Promise<void> } | undefined;
  #failure: StatementError | undefined;
  #lost: StatementError | undefined;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /** Why the current statement fails, or why the session cannot be used any more. */
  get failure(): StatementError | undefined {
    return this.#failure ?? this.#lost;
  }

  /** Sends a statement as soon as the server is ready, unless the rules for reading SQL have changed by then. */
  prepare(messages: Messages): void {
    this.#prepared = { messages, reading: this.#sender.reading() };
  }

  /** Sends a statement, unless it was the prepared one and is sent already, and waits until it is over. @throws StatementError */
  // Not async: each further promise costs as much as reading a reply.
  send(messages: Messages): Promise<void> {
    const begun = this.#begun;
    this.#begun = undefined;
    if (begun !== undefined) {
      return begun.messages === messages
        ? begun.settled
        : Promise.reject(new Error('another statement was sent'));
    }
    return this.#lost === undefined ? this.#start(messages) : Promise.reject(this.#lost);
  }

  /** The server reports an error. While no statement runs, it is the reason why the connection ends. */
  fail(error: StatementError): void {
    if (this.#settle === undefined) this.#lost ??= error;
    // The first says why.
    this.#failure ??= error;
  }

  /** The connection is lost. */
  lose(error: StatementError): void {
    const said = this.#settle === undefined ? undefined : this.#failure;
    this.#lost ??= said ?? error;
    this.#failure ??= this.#lost;
    this.finish();
  }

  /** The statement is over. The prepared one is sent if it has not failed. */
  finish(): void {
    const [failure, prepared, settle] = [this.#failure, this.#prepared, this.#settle];
    this.#settle = undefined;
    this.#prepared = undefined;
    const isSame = prepared !== undefined && prepared.reading === this.#sender.reading();
    if (failure === undefined && isSame) {
      const { messages } = prepared;
      const settled = this.#start(messages);
      // The caller of send() gets the failure.
      settled.catch(() => undefined);
      this.#begun = { messages, settled };
    }
    if (failure === undefined) settle?.done();
    else settle?.failed(failure);
  }

  #start(messages: Messages): Promise<void> {
    this.#failure = undefined;
    const settled = new Promise<void>((done, failed) => {
      this.#settle = { done, failed };
    });
    this.#sender.write(messages);
    return settled;
  }
}
