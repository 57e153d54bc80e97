import type { StatementError } from './statement-error.js';

/** The messages of one statement. */
type Messages = readonly Buffer[];

/** The session that sends the statements. */
interface Sender {
  readonly write: (messages: Messages) => void;
  /** The server's rules for reading SQL; another value when they have changed. */
  readonly reading: () => unknown;
}

/** A statement that was sent. */
interface Turn {
  readonly messages: Messages;
  settled: Promise<void>;
  done: () => void;
  failed: (error: Error) => void;
}

/** The statements of a session: one at a time, and in their order. */
export class StatementTurns {
  readonly #sender: Sender;
  /** The statement that the server is at work with. */
  #current: Turn | undefined;
  /** The one that the server has received already, and runs after it. */
  #following: Turn | undefined;
  #prepared: { readonly messages: Messages; readonly reading: unknown } | undefined;
  /** The prepared statement that was sent, until the caller runs it. */
  #begun: Turn | undefined;
  #failure: StatementError | undefined;
  #lost: StatementError | undefined;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /** Why the current statement fails, or why the session cannot be used any more. */
  get failure(): StatementError | undefined {
    return this.#failure ?? this.#lost;
  }

  /**
   * Sends a statement before the caller runs it.
   *
   * @param isEarly whether it may be sent at once. Otherwise it is sent as soon as the server is ready, unless the one
   * before has failed or the rules for reading SQL have changed by then
   */
  prepare(messages: Messages, isEarly: boolean): void {
    // The one before may be over already, if it was sent early itself.
    if (this.#current === undefined || this.failure !== undefined) return;
    if (isEarly) {
      this.#begun = this.#following = this.#sent(messages);
      heeded(this.#begun);
    } else this.#prepared = { messages, reading: this.#sender.reading() };
  }

  /** Sends a statement, unless it was the prepared one and is sent already, and waits until it is over. @throws StatementError */
  // Not async: each further promise costs as much as reading a reply.
  send(messages: Messages): Promise<void> {
    const begun = this.#begun;
    this.#begun = undefined;
    if (begun !== undefined) {
      return areSame(begun.messages, messages)
        ? begun.settled
        : Promise.reject(new Error('another statement was sent'));
    }
    return this.#lost === undefined ? this.#start(messages).settled : Promise.reject(this.#lost);
  }

  /** The server reports an error. While no statement runs, it is the reason why the connection ends. */
  fail(error: StatementError): void {
    if (this.#current === undefined) this.#lost ??= error;
    // The first says why.
    this.#failure ??= error;
  }

  /** The connection is lost. */
  lose(error: StatementError): void {
    const said = this.#current === undefined ? undefined : this.#failure;
    this.#lost ??= said ?? error;
    this.#failure ??= this.#lost;
    this.#current?.failed(this.#failure);
    this.#following?.failed(this.#lost);
    this.#current = this.#following = this.#prepared = undefined;
  }

  /** The statement is over. */
  finish(): void {
    const [failure, prepared, current] = [this.#failure, this.#prepared, this.#current];
    this.#current = this.#following;
    this.#following = undefined;
    this.#prepared = undefined;
    if (this.#current !== undefined) this.#failure = undefined;
    const isSame = prepared !== undefined && prepared.reading === this.#sender.reading();
    if (failure === undefined && isSame) {
      this.#begun = this.#start(prepared.messages);
      heeded(this.#begun);
    }
    if (failure === undefined) current?.done();
    else current?.failed(failure);
  }

  #start(messages: Messages): Turn {
    this.#failure = undefined;
    this.#current = this.#sent(messages);
    return this.#current;
  }

  #sent(messages: Messages): Turn {
    const turn: Partial<Turn> & Pick<Turn, 'messages'> = { messages };
    turn.settled = new Promise<void>((done, failed) => {
      turn.done = done;
      turn.failed = failed;
    });
    this.#sender.write(messages);
    return turn as Turn;
  }
}

/** Its failure is for whoever runs the statement, if it comes to that. */
function heeded({ settled }: Turn): void {
  settled.catch(() => undefined);
}

/** Also if the statement was read again, by other rules that make no difference to it. */
function areSame(some: Messages, others: Messages): boolean {
  return some === others || Buffer.concat(some).equals(Buffer.concat(others));
}
