import { Socket, type SocketConstructorOpts, type TcpSocketConnectOpts } from 'node:net';

/** Called with received bytes and their number. The memory is used again after the call. */
export type TakeBytes = (bytes: Buffer, length: number) => void;

/** How much is read at once. */
const readBytes = 64 * 1024;

/**
 * A socket that always reads into the same buffer and passes it on without an event. For many short replies, buffers and
 * events are most of the cost of reading. Until {@link take} is called, it emits `data` like any other socket.
 */
export class DirectSocket {
  readonly socket: Socket;
  #take: TakeBytes | undefined;

  constructor() {
    const callback = (length: number, bytes: Uint8Array): boolean => {
      if (this.#take === undefined) this.socket.emit('data', Buffer.from(bytes.subarray(0, length)));
      else this.#take(bytes as Buffer, length);
      return true;
    };
    const options: SocketConstructorOpts & Pick<TcpSocketConnectOpts, 'onread'> = {
      onread: { buffer: Buffer.alloc(readBytes), callback },
    };
    this.socket = new Socket(options);
  }

  /** Passes everything that is received from now on to a function. */
  take(take: TakeBytes): void {
    this.#take = take;
  }
}
