import { Socket } from 'node:net';

const { connect } = Socket.prototype as unknown as {
  connect: (this: Socket, ...parameters: unknown[]) => Socket;
};

/** A socket that connects, even if a test has replaced `net.Socket.prototype.connect`. */
export function newSocket(): Socket {
  const socket = new Socket();
  Object.defineProperty(socket, 'connect', { configurable: true, writable: true, value: connect });
  return socket;
}
