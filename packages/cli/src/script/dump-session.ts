import type { ConnectionSettings } from '@pg-evict/core';
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
import { ReportedSettings } from './reported-settings.js';
import { readServerMessage, type ServerMessage } from './server-message.js';
import { StatementError } from './statement-error.js';
import { StatementTurns } from './statement-turns.js';

/**
 * The session in which a plain dump is run. Each statement is sent alone, as raw bytes, by the extended protocol, in
 * which the server refuses two commands at once, or by the simple one if no reading can make it two. The next one is sent only when the server is ready for it, because
 * settings are reported only then, unless no setting matters to it. After an error within `COPY` the session cannot be used any more.
 */
export class DumpSession {
  readonly #settings = new ReportedSettings();
  readonly #onNotice: (message: ServerMessage) => void;
  #connection: RawConnection | undefined;
  readonly #turns = new StatementTurns({
    write: (messages) => this.#connection?.write(messages),
    reading: () => this.#settings.lexis,
  });
  /** Called when the server asks for data; `undefined` unless a `COPY` was sent. */
  #onCopy: (() => void) | undefined;
  /** Whether Sync is to follow. */
  #owesSync = false;
  #status = 'I';

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
      onParameter: session.#settings.learn,
      onLost: session.#lose,
    });
    return session;
  }

  /** How the server reads SQL now. */
  get lexis(): Lexis {
    return this.#settings.lexis;
  }

  /** The client's encoding. */
  get encoding(): string {
    return this.#settings.encoding;
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
   * Sends the next statement before the caller runs it by {@link send}.
   *
   * @param isEarly whether it may be sent at once. Otherwise it is sent as soon as the server is ready for it, unless the
   * one before has failed or has changed the server's rules for reading SQL
   */
  prepare(messages: readonly Buffer[], isEarly: boolean): void {
    this.#turns.prepare(messages, isEarly);
  }

  /**
   * Runs the messages that {@link statementMessages} has made from a statement.
   *
   * @throws StatementError
   */
  // Not async: one promise for each statement is enough.
  send(messages: readonly Buffer[]): Promise<void> {
    return this.#turns.send(messages);
  }

  async #data(bytes: Buffer): Promise<void> {
    const { failure } = this.#turns;
    if (failure !== undefined) throw failure;
    this.#connection?.write([dataHead(bytes.length), bytes], true);
    await this.#connection?.drained();
  }

  #reply = (code: number, bytes: Buffer, start: number, end: number): void => {
    switch (code) {
      case reply.ready:
        this.#status = String.fromCharCode(bytes[start] as number);
        this.#turns.finish();
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
        this.#settings.learn(name, value);
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
    this.#turns.fail(new StatementError(said.message, said));
    // A COPY is over; otherwise the server is ready for the next statement in a moment.
    if (this.#onCopy !== undefined) this.#turns.finish();
  }

  #lose = (error: Error): void => {
    this.#turns.lose(new StatementError(error.message, undefined));
  };
}
