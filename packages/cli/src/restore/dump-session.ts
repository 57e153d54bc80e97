import type { ConnectionSettings } from '@pg-evict/core';
import { Client, type Connection, type Submittable } from 'pg';
import { characterLengthOf } from '../sql/encodings.js';
import type { Lexis } from '../sql/lexer.js';
import { type ServerMessage, ServerMessages } from './server-messages.js';

/** The server refused a statement, or the connection was lost. */
export class StatementError extends Error {
  /** `undefined` where the server said nothing. */
  readonly said: ServerMessage | undefined;

  constructor(message: string, said: ServerMessage | undefined) {
    super(message);
    this.said = said;
  }
}

/** What node-postgres has beneath its client, and does not declare. */
interface Wire {
  readonly stream: NodeJS.WritableStream & {
    readonly writableNeedDrain: boolean;
    cork(): void;
    uncork(): void;
    destroy(): void;
    prependListener(event: 'data', listener: (chunk: Buffer) => void): void;
  };
}

const zero = Buffer.from([0]);

/** Parse, of an unnamed statement, without its text; the text's end, with no parameters. */
const parseHead = (length: number): Buffer => {
  const head = Buffer.from('P\0\0\0\0\0', 'latin1');
  head.writeUInt32BE(length + 8, 1);
  return head;
};
const parseTail = Buffer.from([0, 0, 0]);

const message = (code: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head[0] = code.charCodeAt(0);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};

const sync = message('S', Buffer.alloc(0));
const flush = message('H', Buffer.alloc(0));
const bindAndExecute = Buffer.concat([
  message('B', Buffer.from([0, 0, 0, 0, 0, 0, 0, 0])),
  message('E', Buffer.concat([zero, Buffer.alloc(4)])),
]);
const runAndSync = Buffer.concat([parseTail, bindAndExecute, sync]);
const runAndFlush = Buffer.concat([parseTail, bindAndExecute, flush]);
const copyDoneAndSync = Buffer.concat([message('c', Buffer.alloc(0)), sync]);

/** Below this, copying a statement is cheaper than three writes. */
const smallBytes = 16 * 1024;

/**
 * The session in which a plain dump is run, over node-postgres. Each statement is sent alone, as raw bytes, by the
 * extended protocol, in which the server refuses two commands at once; the next only when the server is ready for it, as
 * it reports settings only then. After an error within `COPY` the session is of no use any more.
 */
export class DumpSession {
  /** How the server reads SQL, as it last reported it. */
  lexis: Lexis = { backslashEscapes: false, characterLength: undefined };
  /** The client's encoding, likewise. */
  encoding = 'UTF8';
  readonly #client: Client;
  readonly #wire: Wire;
  readonly #submittable: Submittable;
  #errors: ServerMessage[] = [];
  #toSend: { readonly sql: Buffer; readonly rest: Buffer } | undefined;
  #settle: { done(): void; failed(error: Error): void } | undefined;
  #onCopy: (() => void) | undefined;
  /** Whether a COPY was sent of which it is not known yet whether data are to follow. */
  #owesSync = false;
  #failure: StatementError | undefined;
  #status = 'I';
  #lost: StatementError | undefined;

  private constructor(client: Client, onNotice: (message: ServerMessage) => void) {
    this.#client = client;
    const { connection } = client as unknown as { connection: Connection & Wire };
    this.#wire = connection;
    this.#submittable = this.#makeSubmittable();
    connection.on('parameterStatus', (status: unknown) => {
      this.#learn(status as { parameterName: string; parameterValue: string });
    });
    connection.on('readyForQuery', (ready: unknown) => {
      this.#ready((ready as { status: string }).status);
    });
    client.on('error', (error) => {
      this.#lose(error);
    });
    client.on('end', () => {
      this.#lose(new Error('the connection was lost'));
    });
    const messages = new ServerMessages(
      () => this.encoding,
      (said, isError) => {
        if (isError) this.#errors.push(said);
        else onNotice(said);
      },
    );
    // Before node-postgres reads them, which then tells us of the error.
    this.#listen = () => {
      this.#wire.stream.prependListener('data', (chunk) => {
        messages.push(chunk);
      });
    };
  }
  readonly #listen: () => void;

  /** Connects. @param onNotice called with what the server says beside errors */
  static async connect(
    settings: ConnectionSettings,
    onNotice: (message: ServerMessage) => void,
  ): Promise<DumpSession> {
    const client = new Client({
      ...settings,
      application_name: settings.application_name ?? 'pg-evict',
      keepAlive: true,
      keepAliveInitialDelayMillis: 30_000,
    });
    const session = new DumpSession(client, onNotice);
    await client.connect();
    session.#listen();
    return session;
  }

  /** `I` outside of a transaction, `T` within one, `E` within one that has failed. */
  get status(): string {
    return this.#status;
  }

  /** Asks the server something of our own, outside of the dump. */
  async ask<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const { rows } = await this.#client.query<Row>(text, [...values]);
    this.#errors = [];
    return rows;
  }

  /**
   * Runs one statement that takes no data. @throws StatementError
   */
  async run(sql: Buffer): Promise<void> {
    return new Promise((done, failed) => {
      this.#submit(sql, runAndSync, { done, failed });
    });
  }

  /**
   * Runs a `COPY`. `feed` is called when the server asks for data, and only then.
   *
   * @throws StatementError, and what `feed` throws; the session is closed then
   */
  async copy(sql: Buffer, feed: (take: (bytes: Buffer) => Promise<void>) => Promise<void>): Promise<void> {
    let asked: () => void = () => undefined;
    const copying = new Promise<'data'>((resolve) => {
      asked = () => {
        resolve('data');
      };
    });
    this.#onCopy = asked;
    this.#owesSync = true;
    const completed = new Promise<void>((done, failed) => {
      this.#submit(sql, runAndFlush, { done, failed });
    });
    // Waited for below, and a failure is looked at between two pieces of data.
    completed.catch(() => undefined);
    try {
      if ((await Promise.race([copying, completed])) === 'data') {
        await feed(async (bytes) => this.#data(bytes));
        this.#owesSync = false;
        this.#wire.stream.write(copyDoneAndSync);
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

  /** Gives the connection up, whatever the server is at. */
  destroy(): void {
    this.#wire.stream.destroy();
  }

  /** Closes the connection. */
  async end(): Promise<void> {
    await this.#client.end();
  }

  /** Closes the connection without waiting for it. */
  readonly close = (): void => {
    this.#client.end().catch(() => undefined);
  };

  async #data(bytes: Buffer): Promise<void> {
    const failure = this.#failure ?? this.#lost;
    if (failure !== undefined) throw failure;
    const { stream } = this.#wire;
    const head = Buffer.allocUnsafe(5);
    head[0] = 100;
    head.writeUInt32BE(bytes.length + 4, 1);
    stream.cork();
    stream.write(head);
    stream.write(bytes);
    stream.uncork();
    if (!stream.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        stream.off('drain', go);
        stream.off('close', go);
        resolve();
      };
      stream.on('drain', go);
      stream.on('close', go);
    });
  }

  #submit(sql: Buffer, rest: Buffer, settle: { done(): void; failed(error: Error): void }): void {
    if (this.#lost !== undefined) {
      settle.failed(this.#lost);
      return;
    }
    this.#failure = undefined;
    this.#settle = settle;
    this.#toSend = { sql, rest };
    this.#client.query(this.#submittable);
  }

  #makeSubmittable(): Submittable {
    const nothing = (): void => undefined;
    return {
      submit: () => {
        this.#send();
      },
      handleError: (error: Error) => {
        this.#failed(error);
      },
      handleCopyInResponse: () => {
        this.#onCopy?.();
      },
      handleCommandComplete: () => {
        this.#sync();
      },
      handleEmptyQuery: () => {
        this.#sync();
      },
      handleReadyForQuery: nothing,
      handleRowDescription: nothing,
      handleDataRow: nothing,
      handlePortalSuspended: nothing,
      handleCopyData: nothing,
    } as unknown as Submittable;
  }

  #send(): void {
    if (this.#toSend === undefined) return;
    const { sql, rest } = this.#toSend;
    const { stream } = this.#wire;
    this.#toSend = undefined;
    if (sql.length < smallBytes) {
      stream.write(Buffer.concat([parseHead(sql.length), sql, rest]));
      return;
    }
    stream.cork();
    stream.write(parseHead(sql.length));
    stream.write(sql);
    stream.write(rest);
    stream.uncork();
  }

  /** Ends a COPY that wanted no data. */
  #sync(): void {
    if (!this.#owesSync) return;
    this.#owesSync = false;
    this.#wire.stream.write(sync);
  }

  #failed(error: Error): void {
    const said = this.#errors.shift();
    this.#failure = new StatementError(said?.message ?? error.message, said);
    // Of a COPY nothing more is asked; otherwise the server is ready for the next statement in a moment.
    if (this.#onCopy !== undefined) this.#finish();
  }

  #ready(status: string): void {
    this.#status = status;
    this.#finish();
  }

  #lose(error: Error): void {
    this.#lost ??= this.#failure ?? new StatementError(error.message, undefined);
    this.#failure ??= this.#lost;
    this.#finish();
  }

  #finish(): void {
    const settle = this.#settle;
    this.#settle = undefined;
    if (this.#failure === undefined) settle?.done();
    else settle?.failed(this.#failure);
  }

  #learn({ parameterName, parameterValue }: { parameterName: string; parameterValue: string }): void {
    if (parameterName === 'standard_conforming_strings') {
      this.lexis = { ...this.lexis, backslashEscapes: parameterValue === 'off' };
    } else if (parameterName === 'client_encoding') {
      this.encoding = parameterValue;
      this.lexis = { ...this.lexis, characterLength: characterLengthOf(parameterValue) };
    }
  }
}
