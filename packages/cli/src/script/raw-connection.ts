import type { ConnectionSettings } from '@pg-evict/core';
import { Client, type Connection } from 'pg';
import { DirectSocket, type TakeBytes } from './direct-socket.js';
import { smallBytes } from './frontend-messages.js';
import { ReplyReader, type TakeReply } from './reply-reader.js';

/** Members below node-postgres's client that its types do not declare. */
interface Wire {
  readonly stream: NodeJS.WritableStream & {
    readonly writableNeedDrain: boolean;
    cork(): void;
    uncork(): void;
    destroy(): void;
    on(event: 'data', listener: (chunk: Buffer) => void): unknown;
    removeAllListeners(event: 'data'): void;
  };
}

/** The receiver of incoming data. */
export interface ConnectionEvents {
  readonly onReply: TakeReply;
  /** Called for each setting that the server reports while it connects. */
  readonly onParameter: (name: string, value: string) => void;
  readonly onLost: (error: Error) => void;
}

/**
 * A connection of node-postgres whose socket is ours once it is connected, as pg-copy-streams does during a `COPY`:
 * messages are sent and read without an event and an object for each.
 */
export class RawConnection {
  readonly #client: Client;
  /** Data that is to be sent together with the next message. */
  #held: Buffer | undefined;

  private constructor(client: Client) {
    this.#client = client;
  }

  static async connect(settings: ConnectionSettings, events: ConnectionEvents): Promise<RawConnection> {
    const direct = new DirectSocket();
    const client = new Client({
      stream: () => direct.socket,
      ...settings,
      application_name: settings.application_name ?? 'pg-evict',
      keepAlive: true,
      keepAliveInitialDelayMillis: 30_000,
    });
    const raw = new RawConnection(client);
    raw.#wire.on('parameterStatus', (status: unknown) => {
      const { parameterName, parameterValue } = status as Record<'parameterName' | 'parameterValue', string>;
      events.onParameter(parameterName, parameterValue);
    });
    client.on('error', events.onLost);
    client.on('end', () => {
      events.onLost(new Error('the connection was lost'));
    });
    await client.connect();
    raw.#listen(direct, events);
    return raw;
  }

  /**
   * Sends bytes, in parts or as one.
   *
   * @param isHeld whether more data follows at once, so that they can be sent together
   */
  write(parts: readonly Buffer[], isHeld = false): void {
    const [first, second] = parts;
    if (this.#held === undefined && !isHeld && first !== undefined && second === undefined) {
      this.#stream.write(first);
      return;
    }
    const all = this.#held === undefined ? parts : [this.#held, ...parts];
    const length = all.reduce((sum, part) => sum + part.length, 0);
    this.#held = undefined;
    if (length >= smallBytes) {
      const stream = this.#stream;
      stream.cork();
      for (const part of all) stream.write(part);
      stream.uncork();
    } else if (isHeld) this.#held = Buffer.concat(all, length);
    else this.#stream.write(Buffer.concat(all, length));
  }

  /** Waits until the sent data is on its way, if there is much of it. */
  async drained(): Promise<void> {
    const stream = this.#stream;
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

  /** Gives the connection up, even while the server is at work. */
  destroy(): void {
    this.#stream.destroy();
  }

  /** Closes the connection. */
  async end(): Promise<void> {
    await this.#client.end();
  }

  get #wire(): Connection & Wire {
    return (this.#client as unknown as { connection: Connection & Wire }).connection;
  }

  /** With TLS it is another than at first. */
  get #stream(): Wire['stream'] {
    return this.#wire.stream;
  }

  /** From here on, only this reads the server's messages. */
  #listen(direct: DirectSocket, { onLost, onReply }: ConnectionEvents): void {
    const reader = new ReplyReader(onReply);
    const take: TakeBytes = (bytes, length) => {
      try {
        reader.push(bytes, length);
      } catch (error) {
        onLost(error as Error);
        this.destroy();
      }
    };
    direct.take(take);
    // With TLS it comes from another stream.
    this.#stream.removeAllListeners('data');
    this.#stream.on('data', (chunk) => {
      take(chunk, chunk.length);
    });
  }
}
