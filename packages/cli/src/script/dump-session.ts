import type { ConnectionSettings } from '@pg-evict/core';
import { characterLengthOf } from '../sql/encodings.js';
import type { Lexis } from '../sql/lexer.js';
import {
  copyDoneAndSync,
  copyFailAndSync,
  dataHead,
  executeAndFlush,
  executeAndSync,
  statementMessages,
  sync,
} from './frontend-messages.js';
import { RawConnection } from './raw-connection.js';
import { reply } from './reply-reader.js';
import { readServerMessage, type ServerMessage } from './server-message.js';
import { StatementError } from './statement-error.js';

/**
 * The session in which a plain dump is run. Each statement is sent alone, as raw bytes, by the extended protocol, in
 * which the server refuses two commands at once. The next one is sent only when the server is ready for it, because
 * settings are reported only then. After an error within `COPY` the session cannot be used any more.
 */
export class DumpSession {
  /** The server's rules for reading SQL, as it last reported them. */
  lexis: Lexis = { backslashEscapes: false, characterLength: undefined };
  /** The client's encoding, likewise. */
  encoding = 'UTF8';
  readonly #onNotice: (message: ServerMessage) => void;
  #connection: RawConnection | undefined;
  /** Called when the statement that was sent is over. */
  #settle: { done(): void; failed(error: Error): void } | undefined;
  /** Called when the server asks for data; `undefined` unless a `COPY` was sent. */
  #onCopy: (() => void) | undefined;
  /** Whether Sync is to follow. */
  #owesSync = false;
  #failure: StatementError | undefined;
  #status = 'I';
  #lost: StatementError | undefined;

  private constructor(onNotice: (message: ServerMessage) => void) {
    this.#onNotice = onNotice;
  }

  /** Connects. @param onNotice called with the server's messages beside errors */
  static async connect(
    settings: ConnectionSettings,
    onNotice: (message: ServerMessage) => void,
  ): Promise<DumpSession> {
    const session = new DumpSession(onNotice);
    session.#connection = await RawConnection.connect(settings, {
      onReply: session.#reply,
      onParameter: session.#learn,
      onLost: session.#lose,
    });
    return session;
  }

  /** `I` outside of a transaction, `T` within one, `E` within one that has failed. */
  get status(): string {
    return this.#status;
  }

  /**
   * Runs one statement that takes no data. @throws StatementError
   */
  async run(sql: Buffer): Promise<void> {
    return this.send(statementMessages(sql, executeAndSync));
  }

  /**
   * Runs a `COPY`. `feed` is called when the server asks for data, and only then.
   *
   * @param onFed called when all of them are sent, and the server is still at work with them
   * @throws StatementError, and an exception of `feed`; the session is closed then
   */
  async copy(
    sql: Buffer,
    feed: (take: (bytes: Buffer) => Promise<void>) => Promise<void>,
    onFed: () => void,
  ): Promise<void> {
    const asked = new Promise<'data'>((resolve) => {
      this.#onCopy = () => {
        resolve('data');
      };
    });
    this.#owesSync = true;
    const completed = this.send(statementMessages(sql, executeAndFlush));
    // Waited for below; a failure is checked for between two pieces of data.
    completed.catch(() => undefined);
    try {
      if ((await Promise.race([asked, completed])) === 'data') {
        await feed(async (bytes) => this.#data(bytes));
        this.#owesSync = false;
        this.#connection?.write([copyDoneAndSync]);
        onFed();
      }
      await completed;
    } catch (error) {
      this.destroy();
      throw error;
    } finally {
      this.#onCopy = undefined;
      this.#owesSync = false;
    }
  }

  /** Gives the connection up, even while the server is at work. */
  destroy(): void {
    this.#connection?.destroy();
  }

  /** Closes the connection. */
  async end(): Promise<void> {
    await this.#connection?.end();
  }

  /**
   * Runs the messages that {@link statementMessages} has made from a statement.
   *
   * @throws StatementError
   */
  async send(messages: readonly Buffer[]): Promise<void> {
    if (this.#lost !== undefined) throw this.#lost;
    this.#failure = undefined;
    const settled = new Promise<void>((done, failed) => {
      this.#settle = { done, failed };
    });
    this.#connection?.write(messages);
    return settled;
  }

  async #data(bytes: Buffer): Promise<void> {
    const failure = this.#failure ?? this.#lost;
    if (failure !== undefined) throw failure;
    this.#connection?.write([dataHead(bytes.length), bytes], true);
    await this.#connection?.drained();
  }

  #reply = (code: number, bytes: Buffer, start: number, end: number): void => {
    switch (code) {
      case reply.ready:
        this.#status = String.fromCharCode(bytes[start] as number);
        this.#finish();
        break;
      case reply.commandComplete:
      case reply.emptyQuery:
        this.#endCopyWithoutData();
        break;
      case reply.copyIn:
        if (this.#onCopy === undefined) this.#connection?.write([copyFailAndSync]);
        else this.#onCopy();
        break;
      case reply.error:
        this.#failed(readServerMessage(bytes.subarray(start, end), this.encoding));
        break;
      case reply.notice:
        this.#onNotice(readServerMessage(bytes.subarray(start, end), this.encoding));
        break;
      case reply.parameterStatus: {
        const [name = '', value = ''] = bytes.toString('latin1', start, end).split('\0');
        this.#learn(name, value);
        break;
      }
      default:
    }
  };

  /** Ends a COPY that wanted no data. */
  #endCopyWithoutData(): void {
    if (!this.#owesSync) return;
    this.#owesSync = false;
    this.#connection?.write([sync]);
  }

  #failed(said: ServerMessage): void {
    const error = new StatementError(said.message, said);
    // An error while no statement runs is the reason why the connection ends.
    if (this.#settle === undefined) this.#lost ??= error;
    // The first says why.
    this.#failure ??= error;
    // A COPY is over; otherwise the server is ready for the next statement in a moment.
    if (this.#onCopy !== undefined) this.#finish();
  }

  #lose = (error: Error): void => {
    const said = this.#settle === undefined ? undefined : this.#failure;
    this.#lost ??= said ?? new StatementError(error.message, undefined);
    this.#failure ??= this.#lost;
    this.#finish();
  };

  #finish(): void {
    const settle = this.#settle;
    this.#settle = undefined;
    if (this.#failure === undefined) settle?.done();
    else settle?.failed(this.#failure);
  }

  #learn = (name: string, value: string): void => {
    if (name === 'standard_conforming_strings') {
      this.lexis = { ...this.lexis, backslashEscapes: value === 'off' };
    } else if (name === 'client_encoding') {
      this.encoding = value;
      this.lexis = { ...this.lexis, characterLength: characterLengthOf(value) };
    }
  };
}
